from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase, StripeCase
from .common_pgpay import PgpayCase

SYNC_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_refund_sync"
CAPTURE_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_capture"
DUE = "2020-01-01 00:00:00"


class LateCase:
    """A payment was paid and partly given back in the dashboard before we heard of either."""

    def assertBothKnown(self, tx, amount=-2.5):
        self.assertEqual(tx.state, "done")
        refund = tx.child_transaction_ids
        self.assertEqual((len(refund), refund.state, refund.amount), (1, "done", amount))
        self.assertEqual(tx._pg_get_refundable(), 7.5)


@tagged("post_install", "-at_install", "pg")
class TestStripeRefundNews(LateCase, StripeCase):
    def make_paid_and_refunded(self):
        tx = self.create_open_tx(amount=10.0)
        self.pay(tx)
        (intent,) = [
            row
            for row in self.sandbox.payment_intents(self.account)
            if row["metadata"].get("odoo_ref") == tx.reference
        ]
        self.sandbox.refund_in_dashboard(self.account, intent["id"], 250)
        return tx

    def test_news_of_the_refund_comes_first(self):
        tx = self.make_paid_and_refunded()
        self.post_event(self.find_event("charge.refunded", tx))
        self.assertBothKnown(tx)
        for kind in ("refund.created", "checkout.session.completed", "payment_intent.succeeded"):
            self.post_event(self.find_event(kind, tx))
        self.assertBothKnown(tx)

    def test_news_of_the_refund_was_lost(self):
        tx = self.make_paid_and_refunded()
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.assertBothKnown(tx)

    @mute_logger(SYNC_LOGGER)
    def test_refunds_that_cannot_be_read_do_not_hold_the_payment_up(self):
        tx = self.make_paid_and_refunded()
        self.sandbox.add_fault(self.account, "GET /v1/refunds", "http_500", times=3)
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.sandbox.clear_faults(self.account)
        self.assertEqual((tx.state, len(tx.child_transaction_ids)), ("done", 0))
        self.assertTrue(tx.pg_next_poll_at)
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertBothKnown(tx)


@tagged("post_install", "-at_install", "pg")
class TestPayPalRefundNews(LateCase, PayPalCase):
    @mute_logger(CAPTURE_LOGGER)
    def test_money_taken_with_a_lost_answer_then_refunded(self):
        tx = self.create_approved_tx(amount=10.0)
        tx._pg_refresh("test")
        path = f"POST /v2/checkout/orders/{tx.pg_checkout_ref}/capture"
        self.sandbox.add_fault(self.account, path, "lose_answer")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "requested"))
        (capture,) = self.find_captures(tx)
        self.sandbox.refund_in_dashboard(self.account, capture["id"], "2.50")
        tx.pg_next_try_at = DUE
        self.run_captures()
        self.assertEqual(tx.state, "done")
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertBothKnown(tx)


@tagged("post_install", "-at_install", "pg")
class TestPgpayRefundNews(LateCase, PgpayCase):
    def test_news_of_the_refund_comes_first(self):
        tx = self.create_open_tx(amount=10.0)
        self.pay(tx, "approve")
        self.sandbox.refund_in_dashboard(self.account, tx.pg_checkout_ref, 250)
        self.post_event(self.find_event("refund.succeeded", tx))
        self.assertBothKnown(tx)
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertBothKnown(tx)
