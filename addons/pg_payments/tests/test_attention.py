from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..const import REFUND_DELAYS
from .common import StripeCase

FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
REFUND_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_refund"
CREATE = "POST /v1/refunds"


@tagged("post_install", "-at_install", "pg")
class TestAttention(StripeCase):
    """What a person must look at is told once, and is over when somebody has seen to it."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_paid_tx(amount=10.0)

    @mute_logger(FLAG_LOGGER, REFUND_LOGGER)
    def test_refused_refund(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "refuse", code="charge_disputed", status=400)
        self.run_refunds()
        self.assertEqual(refund.state, "error")
        self.assertIn(refund.reference, self.tx.pg_attention)
        self.assertEqual(self.tx.activity_ids.user_id, self.users[self.seller, "admin"])

    @mute_logger(FLAG_LOGGER, REFUND_LOGGER)
    def test_refund_of_which_nothing_is_known_for_long(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, "* /v1/refunds", "http_500", times=99)
        self.addCleanup(self.sandbox.clear_faults, self.account)
        for number in range(len(REFUND_DELAYS)):
            self.assertFalse(self.tx.pg_attention, number)
            refund.pg_next_try_at = "2020-01-01 00:00:00"
            self.run_refunds()
        self.assertEqual(refund.state, "pending")
        self.assertIn(refund.reference, self.tx.pg_attention)
        self.assertEqual(len(self.tx.activity_ids), 1)
        refund.pg_next_try_at = "2020-01-01 00:00:00"
        self.run_refunds()
        self.assertEqual(len(self.tx.activity_ids), 1, "Told once")

    @mute_logger(FLAG_LOGGER)
    def test_seen_to(self):
        self.tx._pg_flag("Paid twice")
        own = self.tx.activity_schedule("mail.mail_activity_data_todo", summary="My own")
        own.automated = False
        for role, company in (("viewer", None), ("operator", None), ("manager", self.other_seller)):
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role, company).action_pg_attention_done()
        self.assertEqual(self.tx.pg_attention, "Paid twice")
        self.as_user(self.tx, "manager").action_pg_attention_done()
        self.assertFalse(self.tx.pg_attention)
        self.assertEqual(self.tx.activity_ids, own)
        self.assertIn("Paid twice", str(self.tx.message_ids.mapped("body")))
        self.tx._pg_flag("Paid twice")
        self.assertEqual(len(self.tx.activity_ids), 2, "News after that is told again")
