"""Top-ups as CSV or as a spreadsheet: row by row from the database, in flat memory."""

import csv
import io
import tempfile
from functools import cache

import xlsxwriter
from odoo.addons.pg_base.tools.redact import mask_number
from odoo.tools import SQL

from .. import const

CHUNK = 2000
# A spreadsheet has no more rows than this, its heading included.
XLSX_ROWS = 1_048_575
# A cell that begins so is a formula to a spreadsheet program.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# (heading, column, what it holds)
COLUMNS = (
    ("Order", "name", "text"),
    ("Placed (UTC)", "create_date", "time"),
    ("Business day", "business_date", "date"),
    ("State", "state", "state"),
    ("Number", "number", "number"),
    ("Operator", "operator_id", "pg.operator"),
    ("Offer", "offer_id", "product.template"),
    ("Amount", "amount", "amount"),
    ("of which tax", "amount_tax", "amount"),
    ("Cost", "cost", "amount"),
    ("Margin", "margin", "amount"),
    ("Currency", "currency_id", "res.currency"),
    ("Recipient gets", "receive_value", "amount"),
    ("Received in", "receive_currency_id", "res.currency"),
    ("Gateway", "gateway", "gateway"),
    ("Channel", "channel", "channel"),
    ("Refund", "refund_state", "refund"),
    ("Supplier's transfer", "transfer_ref", "text"),
    ("Paid (UTC)", "paid_at", "time"),
    ("Delivered (UTC)", "completed_at", "time"),
    ("Reason", "failure", "text"),
)
WORDS = {
    "state": dict(const.STATES),
    "channel": dict(const.CHANNELS),
    "refund": dict(const.REFUND_STATES),
}


class Export:
    """The rows of one filter, as the user of ``env`` may see them.

    :param env: the user's environment; its cursor is used until the last row is read.
    :param list domain: the filter.
    :raise AccessError: the user may not read top-ups.
    """

    def __init__(self, env, domain):
        self.env = env
        self.whole_number = env.su or env.user.has_group("pg_base.group_operator")
        topups = env["pg.topup"]
        topups.check_access("read")
        self.gateways = dict(topups._fields["gateway"]._description_selection(env))
        query = topups._search(domain, order="id desc")
        table = SQL.identifier(query.table)
        self.sql = query.select(
            *(SQL("%s.%s", table, SQL.identifier(column)) for _, column, _ in COLUMNS)
        )
        self._name = cache(self._read_name)

    def headings(self):
        """Return the first row."""
        return [heading for heading, _column, _kind in COLUMNS]

    def rows(self):
        """Yield each row, typed: numbers as Decimal, days and times as such."""
        raw = self.env.cr._cnx.cursor("pg_topup_export")
        raw.itersize = CHUNK
        try:
            raw.execute(self.sql.code, self.sql.params)
            for row in raw:
                yield [
                    self._cell(kind, value)
                    for value, (_heading, _column, kind) in zip(row, COLUMNS, strict=True)
                ]
        finally:
            raw.close()

    def _cell(self, kind, value):
        if value is None:
            return ""
        if kind in WORDS:
            return WORDS[kind].get(value, value)
        if kind == "number":
            return value if self.whole_number else mask_number(value)
        if kind == "gateway":
            return self.gateways.get(value, value)
        if "." in kind:
            return self._name(kind, value)
        return value

    def _read_name(self, model, identity):
        record = self.env[model].sudo().browse(identity)
        return record.name if model == "res.currency" else record.display_name


def safe(value):
    """Return a text that no spreadsheet program takes for a formula."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return value


def iter_csv(export):
    """Yield the file in pieces of some hundred rows (UTF-8 with a mark that Excel needs)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(export.headings())
    for number, row in enumerate(export.rows(), 1):
        writer.writerow([safe(value) for value in row])
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(export):
    """Return an open temporary file with the spreadsheet; the caller closes it.

    :raise ValueError: more rows than a spreadsheet holds.
    """
    target = tempfile.TemporaryFile()
    book = xlsxwriter.Workbook(
        target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    try:
        _fill(book, export)
    except Exception:
        target.close()
        raise
    book.close()
    target.seek(0)
    return target


def _fill(book, export):
    sheet = book.add_worksheet("Top-ups")
    styles = {
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "amount": book.add_format({"num_format": "#,##0.00"}),
    }
    for place, (_heading, _column, kind) in enumerate(COLUMNS):
        sheet.set_column(place, place, 20 if kind != "amount" else 13)
    sheet.write_row(0, 0, export.headings(), book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(export.rows(), 1):
        if number > XLSX_ROWS:
            raise ValueError("too many rows")
        for place, (value, (_heading, _column, kind)) in enumerate(zip(row, COLUMNS, strict=True)):
            _write(sheet, number, place, value, styles.get(kind))


def _write(sheet, row, place, value, style):
    if value == "":
        return
    if isinstance(value, str):
        sheet.write_string(row, place, value)
    elif hasattr(value, "year"):
        sheet.write_datetime(row, place, value, style)
    else:
        sheet.write_number(row, place, value, style)
