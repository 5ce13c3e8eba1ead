from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase

QUIET = (
    "odoo.addons.pg_payments.models.payment_transaction_attention",
    "odoo.addons.pg_topup.models.pg_topup_state",
)


@tagged("post_install", "-at_install", "pg")
class TestDispute(TopupCase):
    """A payer who disputes one payment gets nothing more sent until a person has looked."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(*QUIET))
        self.delivered = self.sell(email="one@customer.example")
        self.run_until(self.delivered, "completed")
        self.payment = self.delivered.payment_tx_id

    def test_unsent_topups_of_that_customer_are_held(self):
        mine = self.sell(email="one@customer.example", number="7012 3001")
        open_order = self.place(email="one@customer.example", number="7012 3002")
        other = self.sell(email="two@customer.example", number="7012 3003")
        self.assertEqual(mine.partner_id, self.delivered.partner_id)
        self.payment._pg_apply_dispute("charge.dispute.created", "")
        self.assertEqual((mine.review_state, open_order.review_state), ("held", "held"))
        self.assertIn(self.payment.reference, mine.review_reason)
        self.assertEqual((other.review_state, self.delivered.review_state), ("none", "none"))
        self.run_until(other, "completed")
        self.assertEqual(self.sends(mine), [])
        self.pay(open_order)
        self.dispatch(3)
        self.assertEqual((open_order.state, self.sends(open_order)), ("paid", []))

    def test_the_sellers_admin_is_asked_and_the_end_is_recorded(self):
        mine = self.sell(email="one@customer.example", number="7012 3001")
        self.payment._pg_apply_dispute("charge.dispute.created", "")
        admins = self.env.ref("pg_base.group_admin").all_user_ids
        self.assertEqual(len(self.payment.activity_ids), 1)
        self.assertIn(self.payment.activity_ids.user_id, admins)
        self.payment._pg_apply_dispute("charge.dispute.closed", "lost")
        texts = self.delivered.event_ids.filtered(lambda e: e.kind == "note").mapped("text")
        texts = [text for text in texts if self.payment.reference in text]
        self.assertEqual(len(texts), 2)
        self.assertEqual((self.delivered.state, mine.review_state), ("completed", "held"))

    def test_a_dispute_that_was_won_releases_nothing(self):
        mine = self.sell(email="one@customer.example", number="7012 3001")
        self.payment._pg_apply_dispute("charge.dispute.created", "")
        self.payment._pg_apply_dispute("charge.dispute.closed", "won")
        self.dispatch(2)
        self.assertEqual((mine.review_state, self.sends(mine)), ("held", []))
        mine.action_release()
        self.run_until(mine, "completed")
        self.assertEqual(len(self.transfers(mine)), 1)

    def test_other_sellers_orders_are_left_alone(self):
        partner = self.delivered.partner_id
        other = self.place(
            company=self.other_seller, offer=self.other_offer, partner=partner, number="7012 3004"
        )
        self.payment._pg_apply_dispute("charge.dispute.created", "")
        self.assertEqual(other.review_state, "none")
