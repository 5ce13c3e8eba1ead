from decimal import Decimal

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase

REFUND_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_refund"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"


@tagged("post_install", "-at_install", "pg")
class TestPayPalRefund(PayPalCase):
    """Money goes back once, never more than came in."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_paid_tx(amount=10.0)
        self.create = f"POST /v2/payments/captures/{self.tx.pg_payment_ref}/refund"

    def find_refunds(self):
        rows = self.sandbox.refunds(self.account)
        path = f"/captures/{self.tx.pg_payment_ref}"
        return [
            r for r in rows if any(link["href"].endswith(path) for link in r.get("links", ()))
        ] or [r for r in rows if (r.get("custom_id") or "").startswith(f"R-{self.tx.reference}")]

    def make_due(self, refund):
        refund.pg_next_try_at = "2020-01-01 00:00:00"

    def test_full(self):
        refund = self.tx._refund()
        self.assertEqual(self.count_calls(self.create), 0, "No call inside the request")
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        (sent,) = self.find_refunds()
        self.assertEqual(sent["amount"], {"currency_code": "USD", "value": "10.00"})
        self.assertEqual(sent["custom_id"], refund.reference)
        self.assertEqual(refund.provider_reference, sent["id"])
        self.post_event(self.find_event("PAYMENT.CAPTURE.REFUNDED", self.tx))
        self.assertEqual(self.tx.child_transaction_ids, refund)
        self.assertEqual(self.tx.state, "done")

    def test_partial_to_the_last_cent_and_not_over(self):
        for amount in (3.33, 3.33, 3.34):
            self.tx._refund(amount)
        self.run_refunds()
        self.assertEqual(set(self.tx.child_transaction_ids.mapped("state")), {"done"})
        values = sorted(r["amount"]["value"] for r in self.find_refunds())
        self.assertEqual(values, ["3.33", "3.33", "3.34"])
        with self.assertRaises(ValidationError):
            self.tx._refund(0.01)

    @mute_logger(REFUND_LOGGER)
    def test_lost_answer_is_found(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, self.create, "lose_answer")
        self.run_refunds()
        self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "requested"))
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.count_calls(self.create), 1, "Looked up, not asked for again")
        self.assertEqual(len(self.find_refunds()), 1)

    @mute_logger(REFUND_LOGGER)
    def test_never_executed_is_asked_again_under_the_same_key(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, self.create, "http_500")
        self.run_refunds()
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        calls = self.sandbox.calls(self.account, self.create)
        self.assertEqual((len(calls), len({c["idempotency_key"] for c in calls})), (2, 1))

    @mute_logger(REFUND_LOGGER)
    def test_refusals_are_errors_and_send_nothing(self):
        for code in (
            "REFUND_TIME_LIMIT_EXCEEDED",
            "REFUND_FAILED_INSUFFICIENT_FUNDS",
            "TRANSACTION_DISPUTED",
            "PARTIAL_REFUND_NOT_ALLOWED",
            "CAPTURE_FULLY_REFUNDED",
            "PENDING_CAPTURE",
        ):
            self.sandbox.add_fault(self.account, self.create, "refuse", code=code)
            refund = self.tx._refund(4.0)
            self.run_refunds()
            self.assertEqual((refund.state, refund.pg_refund_step), ("error", "refused"), code)
        self.assertFalse(self.find_refunds())
        self.assertEqual(self.tx._pg_get_refundable(), Decimal("10.0"))

    def test_pending_then_done_by_poll(self):
        self.sandbox.update(self.account, refund_outcome="PENDING")
        self.addCleanup(self.sandbox.update, self.account, refund_outcome="COMPLETED")
        refund = self.tx._refund(4.0)
        self.run_refunds()
        self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "accepted"))
        self.sandbox.finish_refund(self.account, refund.provider_reference, "COMPLETED")
        refund.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(refund.state, "done")

    @mute_logger(FLAG_LOGGER)
    def test_fails_after_done(self):
        refund = self.tx._refund(4.0)
        self.run_refunds()
        event = self.find_event("PAYMENT.CAPTURE.REFUNDED", self.tx)
        self.sandbox.finish_refund(self.account, refund.provider_reference, "FAILED")
        self.post_event(event)
        self.assertEqual(refund.state, "error")
        self.assertIn(refund.reference, self.tx.pg_attention)
        self.assertEqual(len(self.tx.activity_ids), 1)

    def test_dashboard_refund_appears_once(self):
        made = self.sandbox.refund_in_dashboard(self.account, self.tx.pg_payment_ref, "2.50")
        event = self.find_event("PAYMENT.CAPTURE.REFUNDED", self.tx)
        for _ in range(2):
            self.post_event(event)
        refund = self.tx.child_transaction_ids
        self.assertEqual((refund.state, refund.amount, refund.operation), ("done", -2.5, "refund"))
        self.assertEqual(refund.provider_reference, made["id"])
        with self.assertRaises(ValidationError):
            self.tx._refund(7.51)

    @mute_logger(FLAG_LOGGER)
    def test_partial_reversal_is_flagged_and_the_payment_stays(self):
        self.sandbox.finish_capture(self.account, self.tx.pg_payment_ref, "REVERSED", amount="4.00")
        self.post_event(self.find_event("PAYMENT.CAPTURE.REVERSED", self.tx))
        self.assertEqual(self.tx.state, "done")
        self.assertEqual(self.tx.child_transaction_ids.amount, -4.0)
        self.assertIn("taken back", self.tx.pg_attention)
        self.assertEqual(self.tx.activity_ids.user_id, self.users[self.seller, "admin"])

    @mute_logger(FLAG_LOGGER)
    def test_disputes(self):
        for outcome in ("won", "lost"):
            tx = self.create_paid_tx(amount=10.0)
            dispute = self.sandbox.dispute(self.account, tx.pg_payment_ref)
            created = self.find_event("CUSTOMER.DISPUTE.CREATED", tx)
            self.post_event(created)
            self.assertEqual((tx.state, tx.pg_dispute_state), ("done", "open"))
            key = dispute.get("dispute_id") or dispute["id"]
            self.sandbox.finish_dispute(self.account, key, outcome)
            self.post_event(self.find_event("CUSTOMER.DISPUTE.RESOLVED", tx))
            self.assertEqual((tx.state, tx.pg_dispute_state), ("done", outcome))
            self.assertTrue(tx.pg_dispute_closed_at)
            self.assertEqual(len(tx.activity_ids), 2)
