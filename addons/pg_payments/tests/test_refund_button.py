from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import PayPalCase, StripeCase


@tagged("post_install", "-at_install", "pg")
class TestRefundButton(StripeCase):
    """A manager gives money back from the payment's screen."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_paid_tx(amount=10.0)

    def ask(self, role, amount, reason="Goodwill", company=None):
        dialog = self.as_user(self.env["pg.refund.ask"], role, company).create(
            {"transaction_id": self.tx.id, "amount": amount, "reason": reason}
        )
        return dialog.action_refund()

    def test_part_then_rest(self):
        self.assertEqual(self.tx.pg_refundable, 10.0)
        action = self.as_user(self.tx, "manager").action_pg_open_refund()
        self.assertEqual(action["context"]["default_amount"], 10.0)
        self.ask("manager", 4.0)
        self.assertEqual(self.tx.pg_refundable, 6.0)
        self.ask("admin", 6.0)
        self.assertEqual(self.tx.pg_refundable, 0.0)
        self.run_refunds()
        self.assertEqual(self.tx.child_transaction_ids.mapped("state"), ["done", "done"])
        sent = [
            refund["amount"]
            for refund in self.sandbox.refunds(self.account)
            if refund["payment_intent"] == self.tx.pg_payment_ref
        ]
        self.assertEqual(sorted(sent), [400, 600])
        self.assertIn("Goodwill", str(self.tx.message_ids.mapped("body")))
        lines = self.env["pg.audit.log"].search([("action", "=", "refund.asked")])
        mine = lines.filtered(lambda line: line.res_id == self.tx.id)
        self.assertEqual(
            mine.user_id, self.users[self.seller, "manager"] | self.users[self.seller, "admin"]
        )
        self.assertIn("4.0 PGK; Goodwill", str(mine.mapped("details")))

    def test_refused(self):
        for role in ("viewer", "operator"):
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role).action_pg_open_refund()
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role)._pg_refund_by_person(1.0, "x")
        with self.assertRaises(AccessError):
            self.ask("manager", 1.0, company=self.other_seller)
        Dialog = self.as_user(self.env["pg.refund.ask"], "manager", self.other_seller)
        values = {"transaction_id": self.tx.id, "amount": 1.0, "reason": "Curious"}
        for name in ("refundable", "currency_id", "charged"):
            with self.assertRaises(AccessError):
                Dialog.new(values)[name]
        for amount in (0.0, -1.0, 10.01):
            with self.assertRaises(ValidationError):
                self.ask("manager", amount)
        with self.assertRaises(UserError):
            self.ask("manager", 1.0, reason="  ")
        self.assertFalse(self.tx.child_transaction_ids)
        self.assertFalse(
            self.env["pg.audit.log"].search(
                [("action", "=", "refund.asked"), ("res_id", "=", self.tx.id)]
            )
        )


@tagged("post_install", "-at_install", "pg")
class TestConvertedRefundButton(PayPalCase):
    """The dialog tells what goes back of a payment that was charged in another currency."""

    def test_what_goes_back_is_told(self):
        self.provider.settlement_currency_id = self.usd
        tx = self.create_paid_tx(amount=10.0, currency=self.pgk)
        Dialog = self.as_user(self.env["pg.refund.ask"], "manager")
        with Form(Dialog.with_context(default_transaction_id=tx.id)) as form:
            form.reason = "Goodwill"
            form.amount = 3.33
            part = form.charged
            form.amount = 10.01
            self.assertEqual(form.charged, "-")
            form.amount = 10.0
            self.assertIn(f"{tx.gateway_amount:.2f}", form.charged)
        refund = tx._refund(3.33)
        self.assertIn(f"{refund.gateway_amount:.2f}", part)
