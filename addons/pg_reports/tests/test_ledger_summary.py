import base64
import io
import uuid
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import openpyxl
from odoo.addons.pg_ledger.postings import Posting
from odoo.addons.pg_reports.report import ledger_summary
from odoo.addons.pg_reports.report.ledger_workbook import (
    ACCOUNT_COLUMNS,
    HEADER_ROW,
    NO_SEAL,
    SEAL_COLUMNS,
    TOPUP_COLUMNS,
)
from odoo.addons.pg_topup.tests.common import REFUSED, TopupCase
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged


@tagged("post_install", "-at_install", "pg")
class TestLedgerSummary(TopupCase):
    def setUp(self):
        super().setUp()
        self.unpaid = self.place()
        self.delivered = self.sell()
        self.refunded = self.sell(REFUSED)
        self.dispatch(2)
        self.refund(self.refunded)
        self.open = self.sell()
        self.today = self.delivered.business_date

    # === STEPS === #

    def wizard(self, role="viewer", company=None, **values):
        company = company or self.seller
        return self.as_user(self.env["pg.report.ledger"], role, company).create(
            {
                "company_id": company.id,
                "date_from": self.today - timedelta(days=1),
                "date_to": self.today + timedelta(days=1),
                **values,
            }
        )

    def build(self, **values):
        """Return the workbook as read back, and its differences."""
        content, differences = self.wizard(**values)._build_workbook()
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True), differences

    def records(self, sheet, columns):
        """Return the rows of a sheet as dicts, up to the first row that is not full."""
        names = [attribute for _label, _width, attribute, _kind in columns]
        records = []
        for row in sheet.iter_rows(min_row=HEADER_ROW + 2, max_col=len(names), values_only=True):
            if row[1] is None:
                break
            records.append(dict(zip(names, row, strict=True)))
        return records

    def control(self, sheet):
        """Return {(label, currency): value} of the lines under the balances."""
        return {
            (row[0], row[1]): Decimal(str(row[5]))
            for row in sheet.iter_rows(min_row=HEADER_ROW + 2, max_col=6, values_only=True)
            if row[0] in ("Held for customers", "Open top-ups", "Difference")
        }

    def balances(self):
        """Return {(account, currency): (debit, credit)} of the seller, straight from SQL."""
        self.env.cr.execute(
            """SELECT account, currency_code, sum(greatest(amount, 0))::text,
                      sum(greatest(-amount, 0))::text
                 FROM pg_ledger_posting WHERE company_id = %s GROUP BY 1, 2""",
            (self.seller.id,),
        )
        return {
            (account, currency): (Decimal(debit), Decimal(credit))
            for account, currency, debit, credit in self.env.cr.fetchall()
        }

    def adjust(self, amount, occurred_at):
        """Post something on the customer account that no top-up knows of."""
        amount = Decimal(amount)
        self.env["pg.ledger.entry"].sudo()._post(
            company=self.seller,
            kind="adjustment",
            key=f"test:{uuid.uuid4()}",
            subject=str(uuid.uuid4()),
            subject_ref="TEST",
            occurred_at=occurred_at,
            postings=[
                Posting("customer", -amount, "PGK", -amount),
                Posting("adjustment", amount, "PGK", amount),
            ],
        )

    # === SUMS === #

    def test_balances_are_the_ledgers_to_the_cent(self):
        book, differences = self.build()
        rows = self.records(book["Ledger"], ACCOUNT_COLUMNS)
        found = {
            (row["account"], row["currency"]): (
                Decimal(str(row["debit"])),
                Decimal(str(row["credit"])),
            )
            for row in rows
        }
        self.assertEqual(found, self.balances())
        self.assertGreaterEqual(len(found), 6)
        for row in rows:
            closing = Decimal(str(row["opening"])) + Decimal(str(row["debit"]))
            self.assertEqual(closing - Decimal(str(row["credit"])), Decimal(str(row["closing"])))
        self.assertEqual(sum(Decimal(str(row["company_closing"])) for row in rows), 0)
        self.assertEqual(differences, {"PGK": 0})

    def test_control_ties_both_sheets(self):
        book, _differences = self.build()
        topups = self.records(book["Top-ups"], TOPUP_COLUMNS)
        still_open = sum(Decimal(str(row["open"])) for row in topups)
        self.assertEqual(
            self.control(book["Ledger"]),
            {
                ("Held for customers", "PGK"): Decimal(22),
                ("Open top-ups", "PGK"): Decimal(22),
                ("Difference", "PGK"): Decimal(0),
            },
        )
        self.assertEqual(still_open, 22)

    def test_topups_of_the_period(self):
        book, _differences = self.build()
        rows = {row["order"]: row for row in self.records(book["Top-ups"], TOPUP_COLUMNS)}
        expected = {
            self.delivered: (22, 22, 0, 0, 0, 20, 2),
            self.refunded: (22, 0, 22, 0, 0, 0, 0),
            self.open: (22, 0, 0, 22, 0, 0, 0),
        }
        self.assertEqual(set(rows), {topup.name for topup in expected})
        names = ("paid", "delivered", "refunded", "open", "tax", "cost", "margin")
        for topup, amounts in expected.items():
            row = rows[topup.name]
            self.assertEqual(tuple(row[name] for name in names), amounts, topup.state)
            self.assertEqual(row["day"].date(), topup.business_date)
            self.assertEqual(row["number"], topup.number_masked)
            self.assertNotIn(topup.number, [str(value) for value in row.values()])
            self.assertEqual(row["operator"], topup.operator_id.name)
        fees = sum(Decimal(str(row["fee"])) for row in rows.values())
        booked = [values for (name, _code), values in self.balances().items() if "fee:" in name]
        self.assertGreater(fees, 0)
        self.assertEqual(fees, sum(debit - credit for debit, credit in booked))

    def test_a_second_payment_is_open_until_it_goes_back(self):
        self.delivered._create_payment(self.provider)._set_done()
        book, differences = self.build()
        rows = {row["order"]: row for row in self.records(book["Top-ups"], TOPUP_COLUMNS)}
        row = rows[self.delivered.name]
        self.assertEqual((row["paid"], row["delivered"], row["open"]), (44, 22, 22))
        self.assertEqual(differences, {"PGK": 0})
        self.assertEqual(self.control(book["Ledger"])["Held for customers", "PGK"], 44)

    def test_a_difference_shows(self):
        self.adjust("0.01", datetime.now())
        book, differences = self.build()
        self.assertEqual(differences, {"PGK": Decimal("0.01")})
        self.assertEqual(self.control(book["Ledger"])["Difference", "PGK"], Decimal("0.01"))

    # === PERIOD === #

    def test_before_and_after(self):
        book, differences = self.build(
            date_from=self.today - timedelta(days=9), date_to=self.today - timedelta(days=2)
        )
        self.assertEqual(self.records(book["Ledger"], ACCOUNT_COLUMNS), [])
        self.assertEqual(self.records(book["Top-ups"], TOPUP_COLUMNS), [])
        self.assertEqual(differences, {})
        book, differences = self.build(
            date_from=self.today + timedelta(days=2), date_to=self.today + timedelta(days=9)
        )
        for row in self.records(book["Ledger"], ACCOUNT_COLUMNS):
            self.assertEqual((row["debit"], row["credit"]), (0, 0))
            self.assertEqual(row["opening"], row["closing"])
        topups = self.records(book["Top-ups"], TOPUP_COLUMNS)
        self.assertEqual([row["order"] for row in topups], [self.open.name])
        self.assertEqual(differences, {"PGK": 0})

    def test_day_is_the_sellers(self):
        """14:30 UTC is the next day in Port Moresby."""
        self.seller.pg_tz = "Pacific/Port_Moresby"
        self.adjust("1.00", datetime(2026, 1, 31, 13, 59))
        self.adjust("2.00", datetime(2026, 1, 31, 14, 30))
        values = {"date_from": date(2026, 1, 31), "date_to": date(2026, 1, 31)}
        _book, january = self.build(**values)
        _book, both = self.build(**{**values, "date_to": date(2026, 2, 1)})
        self.assertEqual((january["PGK"], both["PGK"]), (Decimal(1), Decimal(3)))

    def test_by_business_day(self):
        """A sale of last week that was delivered today belongs to last week."""
        self.delivered.business_date = week = self.today - timedelta(days=7)
        period = {"date_from": week, "date_to": week}
        book, differences = self.build(basis="business", **period)
        topups = self.records(book["Top-ups"], TOPUP_COLUMNS)
        self.assertEqual([row["order"] for row in topups], [self.delivered.name])
        self.assertEqual(differences, {"PGK": 0})
        sales = {row["account"]: row for row in self.records(book["Ledger"], ACCOUNT_COLUMNS)}
        self.assertEqual(sales["sales"]["credit"], 22)
        book, _differences = self.build(basis="entry", **period)
        self.assertEqual(self.records(book["Top-ups"], TOPUP_COLUMNS), [])

    def test_fetched_in_portions(self):
        whole = self.records(self.build()[0]["Top-ups"], TOPUP_COLUMNS)
        self.patch(ledger_summary, "FETCH", 2)
        self.assertEqual(self.records(self.build()[0]["Top-ups"], TOPUP_COLUMNS), whole)

    # === LOOKS === #

    def test_form_of_the_sheets(self):
        content, _differences = self.wizard()._build_workbook()
        book = openpyxl.load_workbook(io.BytesIO(content))
        self.assertEqual(book.sheetnames, ["Ledger", "Top-ups", "Seals"])
        for sheet, columns in ((book["Ledger"], ACCOUNT_COLUMNS), (book["Top-ups"], TOPUP_COLUMNS)):
            self.assertEqual(sheet.freeze_panes, f"B{HEADER_ROW + 2}")
            header = [cell.value for cell in sheet[HEADER_ROW + 1]]
            self.assertEqual(header, [label for label, *_rest in columns])
            # Neighbours of one width are stored as one.
            stored = list(sheet.column_dimensions.values())
            for number, (_label, width, _attribute, _kind) in enumerate(columns, 1):
                [found] = [span.width for span in stored if span.min <= number <= span.max]
                self.assertAlmostEqual(found, width, delta=1)
        paid = next(n for n, column in enumerate(TOPUP_COLUMNS, 1) if column[2] == "paid")
        cell = book["Top-ups"].cell(HEADER_ROW + 2, paid)
        self.assertEqual(cell.number_format, "[$PGK] #,##0.00;[Red]-[$PGK] #,##0.00")
        formulas = [cell.value for row in book["Ledger"].iter_rows() for cell in row]
        self.assertEqual(sum(str(value).startswith("=ROUND(SUMIF(") for value in formulas), 1)

    def test_decimals_of_the_currency(self):
        heading = self.wizard()._prepare_heading()
        decimals = defaultdict(int, heading.decimals)
        self.assertEqual((decimals["JPY"], decimals["PGK"], decimals["KWD"]), (0, 2, 3))

    def test_names_are_never_formulas(self):
        self.sku.operator_id.name = '=HYPERLINK("http://example.com")'
        content, _differences = self.wizard()._build_workbook()
        sheet = openpyxl.load_workbook(io.BytesIO(content))["Top-ups"]
        self.assertEqual({row[2].data_type for row in sheet.iter_rows(HEADER_ROW + 2)}, {"s"})

    # === ACCESS === #

    def test_export(self):
        wizard = self.wizard()
        action = wizard.action_export()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertIn(f"/pg.report.ledger/{wizard.id}/file/ledger-test-seller-one-", action["url"])
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.file)))
        self.assertEqual(book["Ledger"]["A2"].value, "Seller One")

    def test_only_own_books(self):
        with self.assertRaises(AccessError):
            self.as_user(self.env["pg.report.ledger"], "admin", self.other_seller).create(
                {"company_id": self.seller.id}
            )
        clerk = new_test_user(self.env, login="clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["pg.report.ledger"].with_user(clerk).create({"company_id": self.seller.id})
        theirs = self.wizard(company=self.other_seller)
        content, differences = theirs._build_workbook()
        book = openpyxl.load_workbook(io.BytesIO(content))
        self.assertEqual(self.records(book["Ledger"], ACCOUNT_COLUMNS), [])
        self.assertEqual(differences, {})
        with self.assertRaises(AccessError):
            self.wizard().with_user(self.users[self.seller, "admin"]).action_export()

    # === SEALS === #

    def test_seals_of_the_period(self):
        book, _differences = self.build()
        self.assertEqual(book["Seals"].cell(HEADER_ROW + 2, 1).value, NO_SEAL)
        seals = [(self.seller, 0, "a"), (self.seller, 30, "b"), (self.other_seller, 0, "c")]
        for company, days, letter in seals:
            first, last = (1, 3) if days else (4, 9)
            self.env.cr.execute(
                """INSERT INTO pg_ledger_seal (company_id, day, from_seq, to_seq, entry_count,
                       head_hash, body, signature, public_key, create_date)
                   VALUES (%s, %s, %s, %s, %s, %s, '{}', %s, %s, now())""",
                [
                    company.id,
                    self.today - timedelta(days=days),
                    first,
                    last,
                    last - first + 1,
                    letter * 64,
                    letter * 88,
                    letter * 44,
                ],
            )
        book, _differences = self.build()
        (seal,) = self.records(book["Seals"], SEAL_COLUMNS)
        self.assertEqual((seal["from_seq"], seal["to_seq"], seal["entry_count"]), (4, 9, 6))
        self.assertEqual((seal["head_hash"], seal["signature"]), ("a" * 64, "a" * 88))
