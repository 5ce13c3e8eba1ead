from decimal import Decimal

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

REFUND_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_refund"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
CREATE = "POST /v1/refunds"


@tagged("post_install", "-at_install", "pg")
class TestRefund(StripeCase):
    """Money goes back once, never more than came in."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_paid_tx(amount=10.0)

    def get_gateway_refunds(self):
        return [
            refund
            for refund in self.sandbox.refunds(self.account)
            if refund["payment_intent"] == self.tx.pg_payment_ref
        ]

    def make_due(self, refund):
        refund.pg_next_try_at = "2020-01-01 00:00:00"

    # === ASKED FOR HERE === #

    def test_full(self):
        before = self.count_calls(CREATE)
        refund = self.tx._refund()
        self.assertEqual((refund.state, refund.amount), ("draft", -10.0))
        self.assertEqual(self.count_calls(CREATE), before, "No call inside the request")
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        (sent,) = self.get_gateway_refunds()
        self.assertEqual(sent["amount"], 1000)
        self.assertEqual(sent["metadata"]["odoo_ref"], refund.reference)
        self.assertEqual(refund.provider_reference, sent["id"])
        self.run_refunds()
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    def test_partial_to_the_last_toea(self):
        for amount in (3.33, 3.33, 3.34):
            self.tx._refund(amount)
        self.run_refunds()
        self.assertEqual(set(self.tx.child_transaction_ids.mapped("state")), {"done"})
        self.assertEqual(sorted(r["amount"] for r in self.get_gateway_refunds()), [333, 333, 334])
        self.assertEqual(self.tx._pg_get_refundable(), Decimal(0))
        with self.assertRaises(ValidationError):
            self.tx._refund(0.01)
        self.assertEqual(len(self.tx.child_transaction_ids), 3)

    def test_over_refund_sends_nothing(self):
        before = self.count_calls(CREATE)
        self.tx._refund(6.0)
        for amount in (4.01, 6.0, 10.0, -1.0):
            with self.assertRaises(ValidationError):
                self.tx._refund(amount)
        self.assertEqual(len(self.tx.child_transaction_ids), 1)
        self.assertEqual(self.count_calls(CREATE), before)

    def test_unpaid_is_not_refunded(self):
        tx = self.create_open_tx()
        with self.assertRaises(ValidationError):
            tx._refund(1.0)
        self.assertFalse(tx.child_transaction_ids)

    @mute_logger(REFUND_LOGGER)
    def test_refusal_is_an_error_and_frees_the_amount(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "refuse", code="charge_disputed", status=400)
        self.run_refunds()
        self.assertEqual((refund.state, refund.pg_refund_step), ("error", "refused"))
        self.assertTrue(refund.state_message)
        self.assertFalse(self.get_gateway_refunds())
        self.run_refunds()
        self.assertFalse(self.get_gateway_refunds(), "A refusal is not repeated by itself")
        self.tx._refund(10.0)
        self.run_refunds()
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    @mute_logger(REFUND_LOGGER)
    def test_lost_answer_is_found(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "lose_answer", times=3)
        self.run_refunds()
        self.sandbox.clear_faults(self.account)
        self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "requested"))
        self.assertGreater(refund.pg_next_try_at, refund.write_date)
        self.assertEqual(len(self.get_gateway_refunds()), 1)
        sent = self.count_calls(CREATE)
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.count_calls(CREATE), sent, "Looked up, not asked for again")
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    @mute_logger(REFUND_LOGGER)
    def test_never_executed_is_asked_again_after_a_look(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "http_500", times=3)
        self.run_refunds()
        self.sandbox.clear_faults(self.account)
        self.assertEqual(refund.state, "pending")
        looks = self.count_calls("GET /v1/refunds")
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(self.count_calls("GET /v1/refunds"), looks + 1)
        self.assertEqual(refund.state, "done")
        keys = {call["idempotency_key"] for call in self.sandbox.calls(self.account, CREATE)[-4:]}
        self.assertEqual(len(keys), 1, "The same key in every try")

    @mute_logger(REFUND_LOGGER)
    def test_look_up_that_fails_asks_nothing(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "http_500", times=3)
        self.run_refunds()
        self.sandbox.add_fault(self.account, "GET /v1/refunds", "http_500", times=3)
        sent = self.count_calls(CREATE)
        self.make_due(refund)
        self.run_refunds()
        self.sandbox.clear_faults(self.account)
        self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "requested"))
        self.assertEqual(self.count_calls(CREATE), sent)

    @mute_logger(REFUND_LOGGER)
    def test_throttled_stays_draft(self):
        refund = self.tx._refund(4.0)
        self.sandbox.add_fault(self.account, CREATE, "throttle")
        self.run_refunds()
        self.assertEqual((refund.state, refund.pg_refund_step), ("draft", "requested"))
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")

    def test_worker_that_died_is_followed_by_a_look(self):
        refund = self.tx._refund(4.0)
        job = self.env["payment.transaction"]._pg_claim_refund()
        self.assertFalse(job.must_look_up)
        job.gateway.create_refund(job.request)
        self.run_refunds()
        self.assertEqual(refund.state, "draft", "Nobody else takes it while the lease runs")
        self.make_due(refund)
        self.run_refunds()
        self.assertEqual(refund.state, "done")
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    def test_switched_off_gateway_waits(self):
        refund = self.tx._refund(4.0)
        self.provider.state = "disabled"
        self.run_refunds()
        self.assertEqual(refund.state, "draft")
        with self.assertRaises(UserError):
            self.tx._refund(1.0)
        self.provider.state = "test"
        self.run_refunds()
        self.assertEqual(refund.state, "done")

    def test_webhook_faster_than_the_worker(self):
        refund = self.tx._refund(4.0)
        job = self.env["payment.transaction"]._pg_claim_refund()
        state = job.gateway.create_refund(job.request)
        self.post_event(self.find_event("refund.created", self.tx))
        self.assertEqual((refund.state, refund.provider_reference), ("done", state.refund_id))
        self.run_refunds()
        self.assertEqual(len(self.tx.child_transaction_ids), 1)
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    # === ENDS LATER === #

    def test_pending_then_done_by_poll(self):
        self.sandbox.update(self.account, refund_outcome="pending")
        refund = self.tx._refund(4.0)
        self.run_refunds()
        self.sandbox.update(self.account, refund_outcome="succeeded")
        self.assertEqual((refund.state, refund.pg_refund_step), ("pending", "accepted"))
        self.sandbox.finish_refund(self.account, refund.provider_reference, "succeeded")
        refund.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(refund.state, "done")

    @mute_logger(FLAG_LOGGER)
    def test_fails_after_done(self):
        refund = self.tx._refund(4.0)
        self.run_refunds()
        self.sandbox.finish_refund(self.account, refund.provider_reference, "failed")
        self.post_event(self.find_event("refund.failed", self.tx))
        self.assertEqual(refund.state, "error")
        self.assertIn(refund.reference, self.tx.pg_attention)
        self.assertEqual(len(self.tx.activity_ids), 1)
        self.assertEqual(self.tx._pg_get_refundable(), Decimal("10.0"))
        self.post_event(self.find_event("refund.created", self.tx))
        self.assertEqual(refund.state, "error", "A late event of a lower rank changes nothing")

    # === MADE ELSEWHERE === #

    def test_dashboard_refund_appears_once(self):
        made = self.sandbox.refund_in_dashboard(self.account, self.tx.pg_payment_ref, 250)
        for kind in ("charge.refunded", "refund.created", "refund.updated"):
            self.post_event(self.find_event(kind, self.tx))
        refund = self.tx.child_transaction_ids
        self.assertEqual(len(refund), 1)
        self.assertEqual((refund.state, refund.amount, refund.operation), ("done", -2.5, "refund"))
        self.assertEqual(refund.provider_reference, made["id"])
        with self.assertRaises(ValidationError):
            self.tx._refund(7.51)
        self.run_refunds()
        self.assertEqual(len(self.get_gateway_refunds()), 1)

    def test_same_refund_cannot_be_kept_twice(self):
        refund = self.tx._refund(4.0)
        self.run_refunds()
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            with self.env.cr.savepoint():
                refund.copy({"reference": "R-X", "provider_reference": refund.provider_reference})
                self.env.flush_all()
        self.assertIn("_refund_uniq", str(caught.exception))

    # === ACCESS === #

    def test_roles_do_not_refund_by_rpc(self):
        for role in ("viewer", "manager", "admin"):
            with self.assertRaises(AccessError):
                self.as_user(self.tx, role).action_refund(1.0)
        self.assertFalse(self.tx.child_transaction_ids)
