from datetime import date, datetime

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import LedgerCase


@tagged("post_install", "-at_install", "pg")
class TestBalance(LedgerCase):
    """The trial balance, and the way from a figure to its postings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.pg_tz = "Pacific/Port_Moresby"
        cls.env.ref("base.EUR").active = True
        # 23:30 and 00:30 of the first two days of the year in Port Moresby (UTC+10)
        cls.first = cls.post(occurred_at=datetime(2026, 1, 1, 13, 30))
        cls.post(occurred_at=datetime(2026, 1, 1, 14, 30), postings=cls.legs("1", "EUR", "1.1"))
        cls.post(company=cls.other_seller)
        cls.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def open(self, role="viewer", **values):
        Balance = self.as_user(self.env["pg.ledger.balance"], role)
        action = Balance.action_open(self.seller, **values)
        return action, Balance.with_context(**action["context"]).search(action["domain"])

    def test_balances_now_tie_to_the_ledger(self):
        _action, rows = self.open()
        found = [(row.account, row.currency_id.name, row.balance, row.debit) for row in rows]
        self.assertEqual(
            sorted(found),
            [
                ("customer", "EUR", -1, 0),
                ("customer", "USD", -12.5, 0),
                ("gateway:stripe_checkout", "EUR", 1, 1),
                ("gateway:stripe_checkout", "USD", 12.5, 12.5),
            ],
        )
        self.assertEqual(round(sum(rows.mapped("company_balance")), 4), 0)

    def test_as_of_a_day_of_the_seller(self):
        _action, rows = self.open(day=date(2025, 12, 31))
        self.assertFalse(rows)
        action, rows = self.open(day=date(2026, 1, 1))
        self.assertEqual(rows.currency_id.mapped("name"), ["USD"])
        self.assertEqual(action["context"], {"pg_ledger_until": "2026-01-01 14:00:00"})
        _action, rows = self.open(day=date(2026, 1, 2))
        self.assertEqual(len(rows), 4)

    def test_from_a_figure_to_its_postings(self):
        _action, rows = self.open(day=date(2026, 1, 1))
        row = rows.filtered(lambda row: row.account == "customer")
        action = row.action_open_postings()
        postings = self.as_user(self.env["pg.ledger.posting"], "viewer").search(action["domain"])
        self.assertEqual(postings, self.first.posting_ids[1])
        self.assertEqual(sum(postings.mapped("amount")), row.balance)

    def test_wizard_asks_for_the_day(self):
        Trial = self.as_user(self.env["pg.ledger.trial"], "viewer")
        action = Trial.create({"day": date(2026, 1, 1)}).action_show()
        self.assertEqual(action["res_model"], "pg.ledger.balance")
        self.assertIn("2026-01-01", action["name"])

    def test_other_companies_and_strangers_see_nothing(self):
        Balance = self.as_user(self.env["pg.ledger.balance"], "admin")
        self.assertEqual(Balance.search([]).company_id, self.seller)
        with self.assertRaises(AccessError):
            self.as_user(self.env["pg.ledger.trial"], "viewer").create(
                {"company_id": self.other_seller.id, "day": date(2026, 1, 1)}
            )
        with self.assertRaises(AccessError):
            Balance.browse(Balance.search([]).ids).write({"account": "x"})
