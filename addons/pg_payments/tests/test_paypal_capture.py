from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase

CAPTURE_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_capture"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
DUE = "2020-01-01 00:00:00"


@tagged("post_install", "-at_install", "pg")
class TestPayPalCapture(PayPalCase):
    """Approved money is taken once, whatever breaks in between."""

    def approve(self, outcome="close", **values):
        """Return a transaction whose capture waits."""
        tx = self.create_approved_tx(outcome, **values)
        tx._pg_refresh("test", is_new_approval=True)
        self.assertEqual(tx.pg_capture_step, "waiting")
        return tx

    def on_capture(self, tx, fault, **options):
        call = f"POST /v2/checkout/orders/{tx.pg_checkout_ref}/capture"
        self.sandbox.add_fault(self.account, call, fault, **options)

    def make_due(self, tx):
        tx.pg_next_try_at = DUE

    # === WHO PAID === #

    def test_one_account_of_the_payer_has_one_key(self):
        """What a limit by card or account counts: PayPal's payer, known before the money is."""
        keys = []
        for email in ("mary@example.com", "mary@example.com", "john@example.com"):
            tx = self.create_open_tx()
            self.sandbox.pay(tx.pg_checkout_ref, "close", email=email)
            tx._pg_refresh("test", is_new_approval=True)
            self.run_captures()
            self.assertEqual(tx.state, "done", tx.state_message)
            keys.append(tx.pg_payer_key)
            self.assertNotIn(self.find_order(tx)["payer"]["payer_id"], tx.pg_payer_key)
        self.assertEqual([len(key) for key in keys], [32] * 3)
        self.assertEqual((keys[0] == keys[1], keys[0] == keys[2]), (True, False))

    # === ONE CAPTURE === #

    def test_webhook_return_and_cron_plan_one_capture(self):
        tx = self.create_approved_tx()
        self.post_event(self.find_event("CHECKOUT.ORDER.APPROVED", tx))
        tx._pg_refresh("return", is_new_approval=True)
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.run_captures()
        self.post_event(self.find_event("PAYMENT.CAPTURE.COMPLETED", tx))
        self.run_captures()
        self.assertEqual(tx.state, "done")
        self.assertEqual((len(self.find_captures(tx)), self.count_captures(tx)), (1, 1))

    def test_tab_closed_is_taken_by_poll(self):
        tx = self.create_approved_tx()
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertEqual(tx.pg_capture_step, "waiting")
        self.run_captures()
        self.assertEqual(tx.state, "done")

    @mute_logger(CAPTURE_LOGGER)
    def test_lost_answer_is_looked_up(self):
        tx = self.approve()
        self.on_capture(tx, "lose_answer")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "requested"))
        self.assertEqual(len(self.find_captures(tx)), 1)
        self.run_captures()
        self.assertEqual(tx.pg_capture_step, "requested", "It is not due yet")
        self.make_due(tx)
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("done", "accepted"))
        self.assertEqual((len(self.find_captures(tx)), self.count_captures(tx)), (1, 1))

    @mute_logger(CAPTURE_LOGGER)
    def test_never_executed_is_asked_again_under_the_same_key(self):
        tx = self.approve()
        self.on_capture(tx, "http_500")
        self.run_captures()
        self.assertEqual(tx.pg_capture_step, "requested")
        self.make_due(tx)
        self.run_captures()
        self.assertEqual(tx.state, "done")
        calls = self.sandbox.calls(
            self.account, f"POST /v2/checkout/orders/{tx.pg_checkout_ref}/capture"
        )
        self.assertEqual(len(calls), 2)
        self.assertEqual(len({call["idempotency_key"] for call in calls}), 1)
        self.assertEqual(len(self.find_captures(tx)), 1)

    @mute_logger(CAPTURE_LOGGER)
    def test_look_that_fails_takes_nothing(self):
        tx = self.approve()
        self.on_capture(tx, "http_500")
        self.run_captures()
        call = f"GET /v2/checkout/orders/{tx.pg_checkout_ref}"
        self.sandbox.add_fault(self.account, call, "http_500")
        self.make_due(tx)
        self.run_captures()
        self.assertEqual((tx.pg_capture_step, self.count_captures(tx)), ("requested", 1))

    def test_worker_that_died_is_followed_by_a_look(self):
        tx = self.approve()
        job = self.env["payment.transaction"]._pg_claim_capture()
        self.assertFalse(job.must_look_up)
        job.gateway.capture_payment(job.request)
        self.run_captures()
        self.assertEqual(tx.state, "pending", "Nobody else takes it while the lease runs")
        self.make_due(tx)
        self.run_captures()
        self.assertEqual(tx.state, "done")
        self.assertEqual((len(self.find_captures(tx)), self.count_captures(tx)), (1, 1))

    def test_webhook_faster_than_the_worker(self):
        tx = self.approve()
        job = self.env["payment.transaction"]._pg_claim_capture()
        job.gateway.capture_payment(job.request)
        self.post_event(self.find_event("PAYMENT.CAPTURE.COMPLETED", tx))
        self.assertEqual((tx.state, tx.pg_capture_step), ("done", "accepted"))
        self.run_captures()
        self.assertEqual(self.count_captures(tx), 1)

    def test_already_captured_is_read_and_followed(self):
        tx = self.approve()
        job = self.env["payment.transaction"]._pg_claim_capture()
        gateway = self.provider._pg_get_gateway()
        gateway.capture_payment(job.request)
        state = gateway.capture_payment(
            type(job.request)(**{**vars(job.request), "key": "another"})
        )
        self.assertEqual(state.status, "paid")
        self.assertEqual(len(self.find_captures(tx)), 1)

    def test_switched_off_gateway_takes_nothing_until_it_is_on(self):
        tx = self.approve()
        self.provider.state = "disabled"
        self.run_captures()
        self.assertEqual((tx.pg_capture_step, self.count_captures(tx)), ("waiting", 0))
        self.provider.state = "test"
        self.run_captures()
        self.assertEqual(tx.state, "done")

    # === NOT TAKEN === #

    def test_declined_instrument_goes_back_to_the_payer(self):
        tx = self.approve("decline")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "declined"))
        self.assertIn("declined", tx.state_message)
        self.assertFalse(tx._pg_is_confirming())
        for _ in range(2):
            tx.pg_next_poll_at = DUE
            self.run_polls()
            self.run_captures()
        self.assertEqual(self.count_captures(tx), 1, "Not asked again by itself")
        url = tx._pg_open_checkout()
        self.assertIn(f"checkoutnow?token={tx.pg_checkout_ref}", url)
        self.pay(tx)
        tx._pg_refresh("return", is_new_approval=True)
        self.run_captures()
        self.assertEqual(tx.state, "done")
        self.assertEqual((len(self.find_captures(tx)), self.count_captures(tx)), (1, 2))

    @mute_logger(CAPTURE_LOGGER)
    def test_refusal_is_an_error(self):
        tx = self.approve()
        self.on_capture(tx, "refuse", code="TRANSACTION_REFUSED", status=422)
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("error", "refused"))
        self.run_captures()
        tx._pg_refresh("poll")
        self.assertEqual(tx.pg_capture_step, "refused")
        self.assertFalse(self.find_captures(tx))

    @mute_logger(CAPTURE_LOGGER)
    def test_throttled_is_tried_later(self):
        tx = self.approve()
        self.on_capture(tx, "throttle")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "requested"))
        self.make_due(tx)
        self.run_captures()
        self.assertEqual(tx.state, "done")

    def test_approval_that_nobody_took_is_reversed(self):
        tx = self.create_approved_tx()
        self.sandbox.reverse_approval(self.account, tx.pg_checkout_ref)
        self.post_event(self.find_event("CHECKOUT.PAYMENT-APPROVAL.REVERSED", tx))
        self.assertEqual((tx.state, tx.pg_capture_step), ("cancel", False))
        self.post_event(self.find_event("CHECKOUT.ORDER.APPROVED", tx))
        self.run_captures()
        self.assertEqual((tx.state, self.count_captures(tx)), ("cancel", 0))

    def test_abandoned_payment_is_not_taken(self):
        tx = self.approve()
        before = len(self.sandbox.calls(self.account))
        tx._pg_abandon()
        self.assertEqual(len(self.sandbox.calls(self.account)), before, "No call in the request")
        self.run_captures()
        self.run_polls()
        self.assertEqual((tx.state, self.count_captures(tx)), ("cancel", 0))

    def test_abandoned_payment_that_was_taken_first_is_honoured(self):
        tx = self.approve()
        job = self.env["payment.transaction"]._pg_claim_capture()
        tx._pg_abandon()
        job.gateway.capture_payment(job.request)
        self.run_polls()
        self.assertEqual(tx.state, "done")

    def test_page_that_nobody_approves_ends(self):
        tx = self.create_open_tx()
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertEqual(tx.state, "draft")
        tx.write({"pg_next_poll_at": DUE, "pg_checkout_expires_at": DUE})
        self.run_polls()
        self.assertEqual((tx.state, tx.pg_next_poll_at), ("cancel", False))

    # === PENDING === #

    def test_pending_then_completed(self):
        tx = self.approve("echeck")
        self.run_captures()
        self.assertEqual((tx.state, tx.pg_capture_step), ("pending", "accepted"))
        self.assertIn("some days", tx.state_message)
        self.assertFalse(tx.gateway_fee_currency_id, "The fee is not known while it is pending")
        (capture,) = self.find_captures(tx)
        self.sandbox.finish_capture(self.account, capture["id"], "COMPLETED")
        self.post_event(self.find_event("PAYMENT.CAPTURE.COMPLETED", tx))
        self.assertEqual((tx.state, tx.gateway_fee_currency_id), ("done", self.usd))
        self.post_event(self.find_event("PAYMENT.CAPTURE.PENDING", tx))
        self.assertEqual(tx.state, "done", "A late event of a lower rank changes nothing")

    def test_pending_then_denied(self):
        for outcome in ("DENIED", "DECLINED"):
            tx = self.approve("echeck")
            self.run_captures()
            (capture,) = self.find_captures(tx)
            self.sandbox.finish_capture(self.account, capture["id"], outcome)
            self.post_event(self.find_event(f"PAYMENT.CAPTURE.{outcome}", tx))
            self.assertEqual(tx.state, "error", outcome)

    def test_pending_is_never_expired(self):
        tx = self.approve("echeck")
        self.run_captures()
        tx.write({"pg_next_poll_at": DUE, "pg_checkout_expires_at": DUE})
        self.run_polls()
        self.assertEqual(tx.state, "pending")
        self.assertEqual(tx._pg_open_checkout(), "", "No second page beside money on its way")

    def test_declined_capture_is_an_error(self):
        self.sandbox.update(self.account, capture_outcome="DECLINED")
        self.addCleanup(self.sandbox.update, self.account, capture_outcome="COMPLETED")
        tx = self.approve()
        self.run_captures()
        self.assertEqual(tx.state, "error")
        self.assertIn("declined", tx.state_message)

    # === ANOTHER AMOUNT === #

    @mute_logger(FLAG_LOGGER)
    def test_mismatch_of_what_was_taken(self):
        for fault, options in (("wrong_amount", {"amount": 999}), ("wrong_currency", {})):
            tx = self.approve(amount=10.0)
            self.on_capture(tx, fault, **options)
            self.run_captures()
            self.assertEqual(tx.state, "error", fault)
            self.assertTrue(tx.pg_attention, fault)
