"""A spreadsheet written while it is sent: plain Python, flat memory, nothing on disk.

Cells come as finished XML, so that what repeats (an operator's name, a state) is made once. Part of
ECMA-376 that every spreadsheet program reads: one sheet, shared and inline texts, three formats.
"""

import re
import zipfile

# A sheet has no more rows than this, its heading included.
ROWS = 1_048_576
FLUSH = 64 * 1024
EMPTY = "<c/>"
# What XML cannot hold at all.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NUMBER, TIME, DATE, BOLD = 1, 2, 3, 4

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPES}.sharedStrings+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rId3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
        '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    ),
}


def escape(text):
    """Return a text fit for XML."""
    if FORBIDDEN.search(text):
        text = FORBIDDEN.sub("", text)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


def text_cell(text):
    """Return the cell of a text that hardly repeats. A text is never a formula here."""
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' if text else EMPTY


class Texts:
    """The texts that repeat: each is written once, cells point at it."""

    def __init__(self):
        self._places = {}

    def cell(self, text):
        """Return the cell of a text that repeats."""
        if not text:
            return EMPTY
        place = self._places.setdefault(text, len(self._places))
        return f'<c t="s"><v>{place}</v></c>'

    def part(self):
        """Return the part of the file that holds them."""
        items = "".join(
            f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self._places
        )
        return f'<sst xmlns="{_MAIN}" uniqueCount="{len(self._places)}">{items}</sst>'


class _Pipe:
    """What the archive is written to: kept until the next piece is taken."""

    def __init__(self):
        self._pieces, self.size = [], 0

    def write(self, data):  # pylint: disable=method-required-super
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self):
        pass

    def take(self):
        data = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return data


def stream(title, headings, widths, rows, texts):
    """Yield the file in pieces while the rows come.

    :param rows: an iterable of rows, each the XML of its cells in a line.
    :param Texts texts: where the rows' cells put the texts that repeat.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, body in _PARTS.items():
            book.writestr(name, _HEAD + body)
        book.writestr("xl/workbook.xml", _HEAD + _workbook(title))
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write((_HEAD + _sheet_head(headings, widths)).encode())
            lines, size = [], 0
            for cells in rows:
                lines.append(f"<row>{cells}</row>")
                size += len(cells)
                if size > FLUSH:
                    sheet.write("".join(lines).encode())
                    lines, size = [], 0
                    if pipe.size > FLUSH:
                        yield pipe.take()
            sheet.write(("".join(lines) + "</sheetData></worksheet>").encode())
        book.writestr("xl/sharedStrings.xml", _HEAD + texts.part())
    yield pipe.take()


def _workbook(title):
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escape(title)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _sheet_head(headings, widths):
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, 1)
    )
    cells = "".join(
        f'<c s="{BOLD}" t="inlineStr"><is><t>{escape(heading)}</t></is></c>' for heading in headings
    )
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0" tabSelected="1">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData><row>{cells}</row>"
    )
