from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_pgpay import PgpayCase

REFUND_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_refund"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"


@tagged("post_install", "-at_install", "pg")
class TestPgpayRefund(PgpayCase):
    """Money goes back once, never more than came in."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_paid_tx(amount=10.0)
        self.create = f"POST /v1/payments/{self.tx.pg_payment_ref}/refunds"

    def find_refunds(self):
        rows = self.sandbox.refunds(self.account)
        return [row for row in rows if row["payment_id"] == self.tx.pg_payment_ref]

    def make_due(self, refund):
        refund.pg_next_try_at = "2020-01-01 00:00:00"

    def test_full(self):
        refund = self.tx._refund()
        self.assertEqual(self.count_calls(self.create), 0, "No call inside the request")
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        (sent,) = self.find_refunds()
        self.assertEqual((sent["amount"], sent["reference"]), (1000, refund.reference))
        self.post_event(self.find_event("refund.succeeded", self.tx))
        self.assertEqual(self.tx.child_transaction_ids, refund)

    def test_parts_to_the_last_toea_and_not_over(self):
        for amount in (3.33, 3.33, 3.34):
            self.tx._refund(amount)
        self.run_refunds()
        self.assertEqual(sorted(row["amount"] for row in self.find_refunds()), [333, 333, 334])
        self.assertEqual(set(self.tx.child_transaction_ids.mapped("state")), {"done"})
        with self.assertRaises(ValidationError):
            self.tx._refund(0.01)

    @mute_logger(REFUND_LOGGER)
    def test_lost_answer_is_found(self):
        for fault in ("lose_answer", "http_500_after", "garbled"):
            with self.subTest(fault):
                refund = self.tx._refund(1.0)
                self.sandbox.add_fault(self.account, self.create, fault)
                self.run_refunds()
                self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "requested"))
                before = self.count_calls(self.create)
                self.make_due(refund)
                self.run_refunds()
                self.assertEqual(refund.state, "done")
                self.assertEqual(self.count_calls(self.create), before, "Looked up only")
        self.assertEqual(len(self.find_refunds()), 3)

    @mute_logger(REFUND_LOGGER)
    def test_never_executed_is_asked_again_under_the_same_key(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, self.create, "http_500")
        self.run_refunds()
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        keys = {call["idempotency_key"] for call in self.sandbox.calls(self.account, self.create)}
        self.assertEqual(len(keys), 1)
        self.assertEqual(len(self.find_refunds()), 1)

    @mute_logger(REFUND_LOGGER)
    def test_refusals_are_final(self):
        for code in ("refund_window_closed", "payment_not_refundable", "refund_exceeds_payment"):
            refund = self.tx._refund(1.0)
            self.sandbox.add_fault(self.account, self.create, "refuse", code=code)
            self.run_refunds()
            self.assertEqual((refund.state, refund.pg_refund_step), ("error", "refused"))
        self.assertEqual(len(self.find_refunds()), 0)
        self.assertEqual(self.tx._pg_get_refundable(), 10)

    @mute_logger(REFUND_LOGGER)
    def test_channel_without_refunds(self):
        self.tx = self.create_paid_tx(channel="mpaisa")
        self.assertEqual(self.tx.payment_method_id.support_refund, "none")
        refund = self.tx._refund()
        self.run_refunds()
        self.assertEqual((refund.state, len(self.find_refunds())), ("error", 0))

    @mute_logger(REFUND_LOGGER)
    def test_busy_gateway_is_asked_later(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, self.create, "refuse", code="operator_unavailable")
        self.run_refunds()
        self.assertEqual((refund.state, refund.pg_refund_step), ("draft", "requested"))
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")

    def test_refund_in_the_portal_appears(self):
        self.sandbox.refund_in_dashboard(self.account, self.tx.pg_payment_ref, 250)
        event = self.find_event("refund.succeeded", self.tx)
        self.assertEqual(self.post_event(event).status_code, 200)
        child = self.tx.child_transaction_ids
        self.assertEqual((child.amount, child.state), (-2.5, "done"))
        self.post_event(event)
        self.assertEqual(len(self.tx.child_transaction_ids), 1)

    @mute_logger(FLAG_LOGGER)
    def test_failure_after_success_is_flagged(self):
        refund = self.tx._refund()
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        self.sandbox.finish_refund(self.account, refund.provider_reference, "failed")
        self.post_event(self.find_event("refund.failed", self.tx))
        self.assertEqual(refund.state, "error")
        self.assertIn(refund.reference, self.tx.pg_attention)

    def test_pending_then_succeeded(self):
        self.sandbox.update(self.account, refund_outcome="pending")
        refund = self.tx._refund()
        self.run_refunds()
        self.assertEqual(refund.state, "pending")
        self.sandbox.update(self.account, refund_outcome="succeeded")
        self.sandbox.finish_refund(self.account, refund.provider_reference, "succeeded")
        refund.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(refund.state, "done")
