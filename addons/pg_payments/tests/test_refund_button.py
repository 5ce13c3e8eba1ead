from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import StripeCase


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

    def test_refused(self):
        for role in ("viewer", "operator"):
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role).action_pg_open_refund()
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role)._pg_refund_by_person(1.0, "x")
        with self.assertRaises(AccessError):
            self.ask("manager", 1.0, company=self.other_seller)
        for amount in (0.0, -1.0, 10.01):
            with self.assertRaises(ValidationError):
                self.ask("manager", amount)
        with self.assertRaises(UserError):
            self.ask("manager", 1.0, reason="  ")
        self.assertFalse(self.tx.child_transaction_ids)
