"""Writes the ledger summary as a workbook, row by row; what was written leaves the memory.

Formulas carry their exact result for readers that do not compute, and round for those that do: a
spreadsheet adds floats.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

ACCOUNTS, TOPUPS, SEALS = "Ledger", "Top-ups", "Seals"
# Rows above the header of each sheet: title, seller, period.
HEADER_ROW = 4

ACCOUNT_COLUMNS = (
    # label, width, attribute, what it is
    ("Account", 28, "account", "text"),
    ("Currency", 9, "currency", "text"),
    ("Opening", 18, "opening", "money"),
    ("Debit", 18, "debit", "money"),
    ("Credit", 18, "credit", "money"),
    ("Closing", 18, "closing", "money"),
    ("Closing, company value", 24, "company_closing", "company"),
)
TOPUP_COLUMNS = (
    ("Order", 14, "order", "text"),
    ("Business day", 13, "day", "date"),
    ("Operator", 26, "operator", "text"),
    ("Number", 17, "number", "text"),
    ("State", 14, "state", "text"),
    ("Gateway", 18, "gateway", "text"),
    ("Currency", 9, "currency", "text"),
    ("Paid", 16, "paid", "money"),
    ("Delivered", 16, "delivered", "money"),
    ("Refunded", 16, "refunded", "money"),
    ("Open", 16, "open", "money"),
    ("Tax", 14, "tax", "money"),
    ("Cost", 16, "cost", "money"),
    ("Margin", 16, "margin", "money"),
    ("Fee", 14, "fee", "company"),
)
# A record of `pg.ledger.seal`: who holds the public key can prove that nothing changed since.
SEAL_COLUMNS = (
    ("Day (UTC)", 13, "day", "date"),
    ("From position", 14, "from_seq", "count"),
    ("To position", 14, "to_seq", "count"),
    ("Entries", 10, "entry_count", "count"),
    ("Hash of the last position", 68, "head_hash", "text"),
    ("Signature (Ed25519)", 92, "signature", "text"),
    ("Public key", 50, "public_key", "text"),
)
NO_SEAL = "No day of this period is sealed yet."
CURRENCY, OPEN = (
    next(number for number, column in enumerate(TOPUP_COLUMNS) if column[2] == name)
    for name in ("currency", "open")
)


@dataclass(frozen=True)
class Heading:
    """What stands above the rows. ``currency`` is the company's, ``decimals`` those by code."""

    seller: str
    period: str
    basis: str
    currency: str
    decimals: dict


class LedgerWorkbook:
    """One workbook: balances by account and currency, the top-ups, and the control between them.

    :param target: a path, or a file opened for writing bytes.
    """

    def __init__(self, target, heading):
        self.heading = heading
        self.workbook = Workbook(target, {"constant_memory": True, "remove_timezone": True})
        self.workbook.set_properties({"title": "Ledger summary", "company": heading.seller})
        self.formats = {}

    def write(self, accounts, topups, seals=()):  # pylint: disable=method-required-super
        """Write the sheets and close the workbook.

        :param list[AccountRow] accounts: all of them.
        :param Iterable[TopupRow] topups: read once, as they are written.
        :param seals: the seals of the period, oldest first.
        :return: the difference per currency between what the customer account holds and what is
            open; all 0 when the books tie.
        :rtype: dict[str, Decimal]
        """
        ledger = self._add_sheet(ACCOUNTS, ACCOUNT_COLUMNS)
        sheet = self._add_sheet(TOPUPS, TOPUP_COLUMNS)
        row, open_sums = HEADER_ROW, defaultdict(Decimal)
        for row, topup in enumerate(topups, HEADER_ROW + 1):
            self._write_row(sheet, row, TOPUP_COLUMNS, topup)
            open_sums[topup.currency] += topup.open
        sheet.autofilter(HEADER_ROW, 0, row, len(TOPUP_COLUMNS) - 1)
        differences = self._write_ledger(ledger, accounts, open_sums, row)
        self._write_seals(seals)
        self.workbook.close()
        return differences

    # === SHEETS === #

    def _add_sheet(self, name, columns):
        """Return a new sheet with its title, frozen header and column widths."""
        sheet = self.workbook.add_worksheet(name)
        for number, (_label, width, _attribute, _kind) in enumerate(columns):
            sheet.set_column(number, number, width)
        heading = self.heading
        sheet.write_string(0, 0, "Ledger summary", self._format(bold=True, font_size=14))
        sheet.write_string(1, 0, heading.seller)
        sheet.write_string(2, 0, f"{heading.period} ({heading.basis})")
        for number, (label, _width, _attribute, kind) in enumerate(columns):
            align = "right" if kind in ("money", "company") else "left"
            style = self._format(bold=True, bg_color="#E7EEF0", bottom=1, align=align)
            sheet.write_string(HEADER_ROW, number, label, style)
        sheet.freeze_panes(HEADER_ROW + 1, 1)
        sheet.repeat_rows(HEADER_ROW)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def _write_ledger(self, sheet, accounts, open_sums, last_topup):
        row = HEADER_ROW
        for row, account in enumerate(accounts, HEADER_ROW + 1):
            self._write_row(sheet, row, ACCOUNT_COLUMNS, account)
        if accounts:
            row += 1
            self._write_total(sheet, row, accounts)
        held = {line.currency: (number, -line.closing) for number, line in enumerate(
            accounts, HEADER_ROW + 1) if line.account == "customer"}  # fmt: skip
        differences = {}
        for currency in sorted({*held, *open_sums}):
            row += 2
            differences[currency] = self._write_control(
                sheet, row, currency, held.get(currency), open_sums[currency], last_topup
            )
            row += 2
        return differences

    def _write_seals(self, seals):
        """Write what proves the ledger of these days, or that nothing does yet."""
        sheet = self._add_sheet(SEALS, SEAL_COLUMNS)
        if not seals:
            sheet.write_string(HEADER_ROW + 1, 0, NO_SEAL)
        for row, seal in enumerate(seals, HEADER_ROW + 1):
            self._write_row(sheet, row, SEAL_COLUMNS, seal)

    def _write_total(self, sheet, row, accounts):
        """Write the sum of all accounts in the company's currency: 0 in balanced books."""
        column = len(ACCOUNT_COLUMNS) - 1
        style = self._money(self.heading.currency, bold=True, top=1)
        sheet.write_string(row, 0, "All accounts", self._format(bold=True, top=1))
        for number in range(1, column):
            sheet.write_blank(row, number, None, self._format(top=1))
        name = xl_col_to_name(column)
        formula = f"=ROUND(SUM({name}{HEADER_ROW + 2}:{name}{row}),4)"
        total = sum((account.company_closing for account in accounts), Decimal(0))
        sheet.write_formula(row, column, formula, style, float(total))

    def _write_control(self, sheet, row, currency, held, still_open, last_topup):
        """Write three lines: held for customers, open top-ups, difference. Return the last."""
        style, closing = self._money(currency), xl_col_to_name(5)
        line, balance = held or (None, Decimal(0))
        lines = (
            ("Held for customers", f"=-{closing}{line + 1}" if line else "=0", balance),
            ("Open top-ups", self._sum_open(currency, last_topup), still_open),
            (
                "Difference",
                f"=ROUND({closing}{row + 1}-{closing}{row + 2},4)",
                balance - still_open,
            ),
        )
        for number, (label, formula, value) in enumerate(lines):
            bold = self._format(bold=label == "Difference")
            sheet.write_string(row + number, 0, label, bold)
            sheet.write_string(row + number, 1, currency, bold)
            sheet.write_formula(row + number, 5, formula, style, float(value))
        return balance - still_open

    def _sum_open(self, currency, last_topup):
        first, last = HEADER_ROW + 2, max(last_topup, HEADER_ROW + 1) + 1
        by, of = xl_col_to_name(CURRENCY), xl_col_to_name(OPEN)
        sheet = f"'{TOPUPS}'!"
        return (
            f'=ROUND(SUMIF({sheet}${by}${first}:${by}${last},"{currency}",'
            f"{sheet}${of}${first}:${of}${last}),4)"
        )

    # === CELLS === #

    def _write_row(self, sheet, row, columns, record):
        for number, (_label, _width, attribute, kind) in enumerate(columns):
            value = getattr(record, attribute)
            if kind == "text":
                sheet.write_string(row, number, value or "")
            elif kind == "count":
                sheet.write_number(row, number, value)
            elif kind == "date":
                sheet.write_datetime(row, number, value, self._format(num_format="yyyy-mm-dd"))
            else:
                currency = record.currency if kind == "money" else self.heading.currency
                sheet.write_number(row, number, value, self._money(currency))

    def _money(self, currency, **style):
        """Return the format of an amount: its code, its decimals, red when negative."""
        decimals = self.heading.decimals.get(currency, 2)
        digits = "#,##0" + ("." + "0" * decimals if decimals else "")
        code = f"[${currency}] "
        return self._format(num_format=f"{code}{digits};[Red]-{code}{digits}", **style)

    def _format(self, **style):
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(style)
        return self.formats[key]
