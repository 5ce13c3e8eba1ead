"""Top-ups as CSV or as a spreadsheet: row by row from the database, in flat memory.

A million rows must go through before Odoo's limits end the request, so that the database writes
numbers, days and times, and each name is looked up once.
"""

import csv
import io

from odoo.addons.pg_base.tools.redact import mask_email, mask_number
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from . import xlsx_stream
from .xlsx_stream import DATE, EMPTY, NUMBER, TIME, text_cell

_lt = LazyTranslate(__name__)

CHUNK = 2000
# A cell that begins so is a formula to a spreadsheet program.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# (heading, column, what it holds)
COLUMNS = (
    (_lt("Order"), "name", "text"),
    (_lt("Organisation"), "company_id", "res.company"),
    (_lt("Placed (UTC)"), "create_date", "time"),
    (_lt("Business day"), "business_date", "date"),
    (_lt("State"), "state", "label"),
    (_lt("Number"), "number", "number"),
    (_lt("Customer"), "partner_id", "customer"),
    (_lt("E-mail"), "email", "email"),
    (_lt("Operator"), "operator_id", "pg.operator"),
    (_lt("Offer"), "offer_id", "product.template"),
    (_lt("Amount"), "amount", "amount"),
    (_lt("of which tax"), "amount_tax", "amount"),
    (_lt("Cost"), "cost", "amount"),
    (_lt("Margin"), "margin", "amount"),
    (_lt("Currency"), "currency_id", "res.currency"),
    (_lt("Recipient gets"), "receive_value", "amount"),
    (_lt("Received in"), "receive_currency_id", "res.currency"),
    (_lt("Gateway"), "gateway", "label"),
    (_lt("Channel"), "channel", "label"),
    (_lt("Source"), "utm_source", "text"),
    (_lt("Campaign"), "utm_campaign", "text"),
    (_lt("Refund"), "refund_state", "label"),
    (_lt("Supplier's transfer"), "transfer_ref", "text"),
    (_lt("Paid (UTC)"), "paid_at", "time"),
    (_lt("Delivered (UTC)"), "completed_at", "time"),
    (_lt("Reason"), "failure", "text"),
)
# What the database makes of a column for each kind of file; others come as they are.
CUSTOMER = {"customer": "(SELECT partner.name FROM res_partner partner WHERE partner.id = %s)"}
CSV_SQL = {
    **CUSTOMER,
    "time": "to_char(%s, 'YYYY-MM-DD HH24:MI:SS')",
    "date": "to_char(%s, 'YYYY-MM-DD')",
    "amount": "%s::text",
}
# Days since the last day of 1899, as spreadsheets count.
XLSX_SQL = {
    **CUSTOMER,
    "time": "round((extract(epoch FROM %s) / 86400 + 25569)::numeric, 8)::text",
    "date": "(%s - DATE '1899-12-30')::text",
    "amount": "%s::text",
}
STYLES = {"time": TIME, "date": DATE, "amount": NUMBER}


class Known(dict):
    """What a value becomes, made once for each."""

    def __init__(self, make):
        super().__init__()
        self._make = make

    def __missing__(self, value):
        self[value] = made = self._make(value)
        return made


class Export:
    """The rows of one filter, as the user of ``env`` may see them.

    :param env: the user's environment; its cursor is used until the last row is read.
    :param list domain: the filter.
    :raise AccessError: the user may not read top-ups.
    """

    def __init__(self, env, domain):
        self.env = env
        self.is_whole = env.su or env.user.has_group("pg_base.group_operator")
        topups = env["pg.topup"]
        topups.check_access("read")
        self.query = topups._search(domain, order="id desc")

    def headings(self):
        """Return the first row."""
        return [self.env._(heading) for heading, _column, _kind in COLUMNS]

    def count(self, most):
        """Return how many rows there are, at most ``most``."""
        inner = SQL("%s LIMIT %s", self.query.select(SQL("1")), most)
        [[count]] = self.env.execute_query(SQL("SELECT count(*) FROM (%s) counted", inner))
        return count

    def rows(self, formats):
        """Yield the raw rows.

        :param dict formats: expression of the database by kind of column.
        """
        table = SQL.identifier(self.query.table)
        sql = self.query.select(
            *(
                SQL(
                    formats.get(kind, "%s"),
                    SQL("%s.%s", table, SQL.identifier(column)),
                )
                for _heading, column, kind in COLUMNS
            )
        )
        raw = self.env.cr._cnx.cursor("pg_topup_export")
        raw.itersize = CHUNK
        try:
            raw.execute(sql.code, sql.params)
            yield from raw
        finally:
            raw.close()

    def word(self, column, kind):
        """Return what makes the text of a value of a column that holds no number or time."""
        if kind == "label":
            labels = dict(self.env["pg.topup"]._fields[column]._description_selection(self.env))
            return lambda value: labels.get(value, value)
        if "." in kind:
            return lambda value: self._read_name(kind, value)
        return str if self.is_whole else MASKS.get(kind, str)

    def _read_name(self, model, identity):
        record = self.env[model].sudo().browse(identity)
        return record.name if model == "res.currency" else record.display_name or ""


def mask_name(name):
    """Return a customer's name; who gave none is known by the number, or by the address."""
    if "@" in name:
        return mask_email(name)
    return mask_number(name) if name.startswith("+") else name


MASKS = {"number": mask_number, "email": mask_email, "customer": mask_name}


def safe(value):
    """Return a text that no spreadsheet program takes for a formula."""
    return f"'{value}" if value.startswith(DANGEROUS) else value


def iter_csv(export):
    """Yield the file in pieces of some hundred rows (UTF-8 with a mark that Excel needs)."""
    makers = [_csv_maker(export, column, kind) for _heading, column, kind in COLUMNS]
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    buffer.write("\ufeff")
    write(export.headings())
    for number, row in enumerate(export.rows(CSV_SQL), 1):
        write([make(value) for make, value in zip(makers, row, strict=True)])
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_maker(export, column, kind):
    """Return what makes the cell of a column."""
    if kind in ("time", "date", "amount"):
        # None becomes an empty cell.
        return _same
    word = export.word(column, kind)
    if kind in ("text", "number", "email", "customer"):
        return lambda value: "" if value is None else safe(word(value))
    return Known(lambda value: "" if value is None else safe(word(value))).__getitem__


def _same(value):
    return value


def iter_xlsx(export):
    """Yield the spreadsheet in pieces; no more rows than `xlsx_stream.ROWS` less the heading."""
    texts = xlsx_stream.Texts()
    makers = [_xlsx_maker(export, column, kind, texts) for _heading, column, kind in COLUMNS]
    rows = (
        "".join([make(value) for make, value in zip(makers, row, strict=True)])
        for row in export.rows(XLSX_SQL)
    )
    widths = [13 if kind == "amount" else 20 for _heading, _column, kind in COLUMNS]
    title = export.env._("Top-ups")
    yield from xlsx_stream.stream(title, export.headings(), widths, rows, texts)


def _xlsx_maker(export, column, kind, texts):
    """Return what makes the cell of a column."""
    if style := STYLES.get(kind):
        return lambda value: EMPTY if value is None else f'<c s="{style}"><v>{value}</v></c>'
    word = export.word(column, kind)
    if kind in ("text", "number", "email", "customer"):
        return lambda value: EMPTY if value is None else text_cell(word(value))
    return Known(lambda value: EMPTY if value is None else texts.cell(word(value))).__getitem__
