"""The customer's receipt, drawn by reportlab from plain values."""

import io
from dataclasses import dataclass
from pathlib import Path

import reportlab
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

INK, SOFT, LINE = HexColor("#1c2421"), HexColor("#65706b"), HexColor("#dfe5e2")
MARGIN = 14 * mm
# reportlab's own TrueType fonts: they cover Latin scripts and go into the file.
FONTS = Path(reportlab.__file__).parent / "fonts"
REGULAR, BOLD = "pg-regular", "pg-bold"


@dataclass(frozen=True)
class Receipt:
    """Everything on the page, formatted for people already."""

    title: str
    seller: str
    seller_lines: list
    color: str
    status: str
    status_detail: str
    lines: list
    tax: tuple | None
    total: tuple
    footer: str


def render_receipt(receipt):
    """Return the PDF of a receipt, one A5 page, as bytes."""
    return render_receipts([receipt])


def render_receipts(receipts):
    """Return one PDF with a page for each receipt, as bytes."""
    _register_fonts()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, pageCompression=1)
    first = receipts[0]
    canvas.setTitle(f"{first.title} {first.lines[0][1]}" if len(receipts) == 1 else first.title)
    canvas.setAuthor(first.seller)
    width, height = A5
    for receipt in receipts:
        y = _draw_head(canvas, receipt, width, height)
        y = _draw_status(canvas, receipt, width, y)
        y = _draw_lines(canvas, receipt, width, y)
        _draw_total(canvas, receipt, width, y)
        _draw_footer(canvas, receipt, width)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _register_fonts():
    if REGULAR not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(REGULAR, FONTS / "Vera.ttf"))
        pdfmetrics.registerFont(TTFont(BOLD, FONTS / "VeraBd.ttf"))


def _draw_head(canvas, receipt, width, height):
    band = 32 * mm
    canvas.setFillColor(HexColor(receipt.color))
    canvas.rect(0, height - band, width, band, stroke=0, fill=1)
    canvas.setFillColor(white)
    name = simpleSplit(receipt.seller, BOLD, 15, width * 0.6)[:2]
    y = height - 13 * mm
    for row in name:
        canvas.setFont(BOLD, 15)
        canvas.drawString(MARGIN, y, row)
        y -= 6 * mm
    canvas.setFont(REGULAR, 10)
    canvas.drawRightString(width - MARGIN, height - 13 * mm, receipt.title)
    canvas.setFont(REGULAR, 7)
    y = height - 22 * mm
    for row in simpleSplit(" · ".join(receipt.seller_lines), REGULAR, 7, width - 2 * MARGIN)[:2]:
        canvas.drawString(MARGIN, y, row)
        y -= 3.6 * mm
    return height - band - 11 * mm


def _draw_status(canvas, receipt, width, y):
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 13)
    canvas.drawString(MARGIN, y, receipt.status)
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(SOFT)
    for row in simpleSplit(receipt.status_detail, REGULAR, 8, width - 2 * MARGIN):
        y -= 4.4 * mm
        canvas.drawString(MARGIN, y, row)
    return y - 8 * mm


def _draw_lines(canvas, receipt, width, y):
    column = MARGIN + 42 * mm
    for label, value in receipt.lines:
        canvas.setFont(REGULAR, 8.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, y, label)
        canvas.setFillColor(INK)
        for row in simpleSplit(str(value), REGULAR, 8.5, width - MARGIN - column)[:2]:
            canvas.drawString(column, y, row)
            y -= 4.4 * mm
        y -= 0.8 * mm
        canvas.setStrokeColor(LINE)
        canvas.line(MARGIN, y + 1.6 * mm, width - MARGIN, y + 1.6 * mm)
        y -= 2.2 * mm
    return y


def _draw_total(canvas, receipt, width, y):
    y -= 3 * mm
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 12)
    canvas.drawString(MARGIN, y, receipt.total[0])
    canvas.drawRightString(width - MARGIN, y, receipt.total[1])
    if receipt.tax:
        y -= 5 * mm
        canvas.setFont(REGULAR, 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, y, receipt.tax[0])
        canvas.drawRightString(width - MARGIN, y, receipt.tax[1])


def _draw_footer(canvas, receipt, width):
    canvas.setFont(REGULAR, 7)
    canvas.setFillColor(SOFT)
    canvas.drawCentredString(width / 2, 11 * mm, receipt.footer)
