from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import LedgerCase


@tagged("post_install", "-at_install", "pg")
class TestAdjust(LedgerCase):
    """Corrections and adjustments: appended by administrators, nothing is changed."""

    def setUp(self):
        super().setUp()
        self.entry = self.post(subject_ref="T-OLD")
        self.before = self.Entry.search([])

    def ask(self, role="admin", company=None, **values):
        Adjust = self.as_user(self.env["pg.ledger.adjust"], role, company)
        return Adjust.create({"reason": "Bank statement 7", **values})

    def move(self, role="admin", **values):
        defaults = {
            "way": "move",
            "debit_account": "bank",
            "credit_account": "gateway:stripe_checkout",
            "amount": 10,
            "subject_ref": "Bank 7",
        }
        return self.ask(role, **(defaults | values))

    def made(self):
        return self.Entry.search([]) - self.before

    def balances(self):
        rows = self.env["pg.ledger.posting"].sudo()._balances(self.seller)
        return {row.account: row.amount for row in rows}

    def test_undo_names_the_old_entry_and_balances_it_out(self):
        action = self.ask(entry_id=self.entry.id, way="undo").action_post()
        made = self.made()
        self.assertEqual(action["res_id"], made.id)
        self.assertEqual((made.corrects_id, made.kind), (self.entry, "adjustment"))
        self.assertEqual((made.subject, made.subject_seq), (self.entry.subject, 2))
        self.assertIn("Bank statement 7", made.payload)
        self.assertIn("admin-test-seller-one", made.payload)
        self.assertEqual(made.create_uid, self.users[self.seller, "admin"])
        self.assertEqual(set(self.balances().values()), {Decimal(0)})
        self.assertEqual(self.entry.correction_ids, made)
        line = self.env["pg.audit.log"].search([], limit=1)
        self.assertEqual((line.action, line.res_id), ("ledger.adjusted", made.id))
        self.check_now()

    def test_undone_once(self):
        self.ask(entry_id=self.entry.id, way="undo").action_post()
        with self.assertRaisesRegex(UserError, "undone already"):
            self.ask(entry_id=self.entry.id, way="undo").action_post()
        self.assertEqual(len(self.made()), 1)
        # what was undone by mistake is undone, too, and then the first may be again
        self.ask(entry_id=self.made().id, way="undo").action_post()
        self.assertEqual(self.balances()["customer"], Decimal("-12.5"))

    def test_move_between_accounts(self):
        ask = self.move()
        self.assertEqual(ask.new_accounts, "bank")
        ask.action_post()
        ask.action_post()  # the same button again
        made = self.made()
        self.assertEqual((made.kind, made.subject_ref), ("adjustment", "Bank 7"))
        self.assertEqual(self.balances()["bank"], Decimal(10))
        self.assertEqual(self.balances()["gateway:stripe_checkout"], Decimal("2.5"))
        self.check_now()

    def test_move_in_another_currency_has_its_value(self):
        eur = self.env.ref("base.EUR")
        eur.active = True
        with self.assertRaises(UserError):
            self.move(currency_id=eur.id).action_post()
        self.move(currency_id=eur.id, company_amount=11).action_post()
        leg = self.made().posting_ids[0]
        self.assertEqual((leg.amount, leg.company_amount), (10, 11))

    def test_what_is_not_an_adjustment_leaves_nothing(self):
        for values in (
            {"amount": 0},
            {"amount": -1},
            {"debit_account": False},
            {"debit_account": "Bank Account!"},
            {"credit_account": "bank"},
            {"reason": "  "},
            {"amount": 10**15},
            {"way": "undo"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.move(**values).action_post()
        self.assertFalse(self.made())

    def test_only_administrators_of_the_company(self):
        for role in ("viewer", "operator", "manager"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.move(role)
        with self.assertRaises(AccessError):
            self.ask(company=self.other_seller, entry_id=self.entry.id, way="undo").action_post()
        with self.assertRaises(AccessError):
            self.move(company_id=self.other_seller.id).action_post()
        mine = self.move()
        with self.assertRaises(AccessError):
            self.as_user(mine, "manager").action_post()
        self.assertFalse(self.made())

    def test_entry_of_another_of_the_users_companies(self):
        admin = self.users[self.seller, "admin"]
        admin.company_ids += self.other_seller
        both = self.seller + self.other_seller
        ask = self.ask(entry_id=self.entry.id, way="undo").with_context(
            allowed_company_ids=both.ids
        )
        ask.company_id = self.other_seller
        with self.assertRaises(UserError):
            ask.action_post()
        self.assertFalse(self.made())
