from decimal import Decimal
from unittest.mock import patch

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

    # === LEDGER === #

    def balances(self):
        """Return what each account of the seller holds that is not at zero."""
        rows = self.env["pg.ledger.posting"].sudo()._balances(self.seller)
        return {row.account: row.amount for row in rows if row.amount}

    def dispute(self, news, outcome=""):
        self.payment._pg_apply_dispute(f"charge.dispute.{news}", outcome)

    def entries(self):
        entries = self.env["pg.ledger.entry"].search([("kind", "=", "dispute")], order="id")
        return entries.filtered(lambda entry: entry.subject == self.delivered.uuid)

    def test_open_dispute_takes_the_money_out_of_the_gateway(self):
        before = self.balances()
        self.dispute("created")
        self.dispute("created")
        entry = self.entries()
        self.assertEqual((len(entry), entry.key), (1, f"dispute:{self.payment.id}"))
        amount = Decimal(str(self.payment.amount))
        after = self.balances()
        self.assertEqual(after.pop("dispute:stripe_checkout"), amount)
        left = before["gateway:stripe_checkout"] - amount
        self.assertEqual(after.pop("gateway:stripe_checkout", 0), left)
        del before["gateway:stripe_checkout"]
        self.assertEqual(after, before)

    def test_dispute_won_undoes_its_opening(self):
        before = self.balances()
        self.dispute("created")
        self.dispute("closed", "won")
        opened, ended = self.entries()
        self.assertEqual(ended.corrects_id, opened)
        self.assertEqual(self.balances(), before)

    def test_dispute_lost_is_a_loss(self):
        self.dispute("created")
        held = self.balances()
        self.dispute("closed", "lost")
        opened, ended = self.entries()
        self.assertFalse(ended.corrects_id)
        self.assertEqual(held.pop("dispute:stripe_checkout"), opened.posting_ids[0].amount)
        after = self.balances()
        self.assertEqual(after.pop("chargeback:stripe_checkout"), Decimal(str(self.payment.amount)))
        self.assertEqual(after, held)

    def test_gateway_that_thinks_again(self):
        before = self.balances()
        self.dispute("created")
        self.dispute("closed", "lost")
        self.dispute("closed", "won")
        self.assertEqual(self.balances(), before)
        self.assertEqual(len(self.entries()), 4)

    def test_lost_without_news_of_its_opening(self):
        self.dispute("closed", "lost")
        self.assertEqual(len(self.entries()), 2)
        self.assertNotIn("dispute:stripe_checkout", self.balances())
        self.assertIn("chargeback:stripe_checkout", self.balances())

    def test_what_was_given_back_is_not_held(self):
        self.payment._create_child_transaction(1.0, is_refund=True)._set_done()
        self.dispute("created")
        held = self.balances()["dispute:stripe_checkout"]
        self.assertEqual(held, Decimal(str(self.payment.amount)) - 1)

    def test_gateway_that_takes_a_lost_dispute_as_a_refund(self):
        """PayPal's way: the refund has its own entry, what was held is let go."""
        self.dispute("created")
        gateway = type(self.provider._pg_get_gateway())
        with patch.object(gateway, "refunds_lost_disputes", True):
            self.dispute("closed", "lost")
        self.assertNotIn("dispute:stripe_checkout", self.balances())
        self.assertNotIn("chargeback:stripe_checkout", self.balances())

    def test_refund_that_the_gateway_takes_back_is_undone(self):
        """Done, then failed: the entry stays, another one names it and undoes it."""
        before = self.balances()
        refund = self.payment._create_child_transaction(2.0, is_refund=True)
        refund._set_done()
        posted = self.env["pg.ledger.entry"].search([("key", "=", f"refunded:{refund.id}")])
        self.assertEqual(len(posted), 1)
        for _time in range(2):
            refund._set_error("closed account", extra_allowed_states=("done",))
        self.assertEqual(posted.correction_ids.kind, "adjustment")
        self.assertEqual(self.balances(), before)
