from odoo.addons.pg_payments import patience
from odoo.addons.pg_payments.ports import GatewayEvent
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SECRET, PayPalCase, StripeCase

MODELS = "odoo.addons.pg_payments.models.payment_transaction_"
DUE = "2020-01-01 00:00:00"
#: Longer than `SILENCE` in these tests, shorter than our limit of time.
HANG = {"fault": "hang", "seconds": 0.3, "times": 99}


@tagged("post_install", "-at_install", "pg")
class TestPatience(StripeCase):
    """One seller's gateway that hangs costs one question per run; other sellers go on."""

    def setUp(self):
        super().setUp()
        self.patch(patience, "SILENCE", 0.25)
        other = self.sandbox.create_account("stripe", currency="AUD")
        self.addCleanup(self.sandbox.delete_account, other)
        self.other = self._set_up_provider(self.other_seller, other, SECRET)
        self.addCleanup(self.sandbox.clear_faults, self.account)

    @mute_logger(f"{MODELS}poll")
    def test_polls(self):
        slow = [self.create_open_tx() for _number in range(3)]
        fast = self.create_open_tx(provider=self.other)
        for tx in (*slow, fast):
            self.pay(tx)
            tx.pg_next_poll_at = DUE
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", **HANG)
        before = self.count_calls("GET /v1/checkout/sessions/*")
        self.run_polls()
        asked = self.count_calls("GET /v1/checkout/sessions/*") - before
        self.assertEqual(asked, 3, "One question, and what the SDK repeats of it")
        self.assertEqual([tx.state for tx in (*slow, fast)], ["draft"] * 3 + ["done"])
        self.assertEqual([tx.pg_poll_count for tx in slow], [1, 0, 0])
        self.sandbox.clear_faults(self.account)
        self.run_polls()
        self.assertEqual([tx.state for tx in slow], ["draft", "done", "done"])

    @mute_logger(f"{MODELS}refund")
    def test_refunds(self):
        slow = [self.create_paid_tx()._refund() for _number in range(2)]
        fast = self.create_paid_tx(provider=self.other)._refund()
        self.sandbox.add_fault(self.account, "POST /v1/refunds", **HANG)
        self.run_refunds()
        self.assertEqual([tx.pg_refund_step for tx in slow], ["requested", "waiting"])
        self.assertEqual(fast.state, "done")
        self.sandbox.clear_faults(self.account)
        self.run_refunds()
        self.assertEqual(slow[1].state, "done")

    @mute_logger("odoo.addons.pg_payments.models.pg_payment_event")
    def test_news(self):
        Event = self.env["pg.payment.event"]
        slow = [self.create_open_tx() for _number in range(3)]
        fast = self.create_open_tx(provider=self.other)
        kept = Event
        for tx in (*slow, fast):
            self.pay(tx)
            news = GatewayEvent(f"evt_{tx.id}", "test", "payment", reference=tx.reference)
            kept += Event._take_in(tx.provider_id, news)
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", **HANG)
        self.env.flush_all()
        before = self.count_calls("GET /v1/checkout/sessions/*")
        Event._cron_retry()
        self.env.invalidate_all()
        asked = self.count_calls("GET /v1/checkout/sessions/*") - before
        self.assertEqual(asked, 3, "One question, and what the SDK repeats of it")
        self.assertEqual(kept.mapped("state"), ["failed"] * 3 + ["done"])
        self.assertEqual(kept.mapped("tries"), [1, 0, 0, 0])
        self.assertEqual([tx.state for tx in (*slow, fast)], ["draft"] * 3 + ["done"])
        self.sandbox.clear_faults(self.account)
        kept[:3].next_try_at = DUE
        self.env.flush_all()
        Event._cron_retry()
        self.env.invalidate_all()
        self.assertEqual({tx.state for tx in slow}, {"done"})

    @mute_logger(f"{MODELS}poll")
    def test_a_quick_failure_is_no_silence(self):
        first, second = self.create_open_tx(), self.create_open_tx()
        for tx in (first, second):
            self.pay(tx)
            tx.pg_next_poll_at = DUE
        self.patch(patience, "SILENCE", 10.0)
        path = f"GET /v1/checkout/sessions/{first.pg_checkout_ref}"
        self.sandbox.add_fault(self.account, path, "http_500", times=3)
        self.run_polls()
        self.assertEqual((first.state, second.state), ("draft", "done"))


@tagged("post_install", "-at_install", "pg")
class TestPatienceCaptures(PayPalCase):
    @mute_logger(f"{MODELS}capture")
    def test_captures(self):
        self.patch(patience, "SILENCE", 0.25)
        other = self.sandbox.create_account("paypal")
        self.sandbox.hold_webhooks(other)
        self.addCleanup(self.sandbox.delete_account, other)
        self.addCleanup(self.sandbox.clear_faults, self.account)
        provider = self._set_up_provider(self.other_seller, other)
        slow = [self.create_approved_tx() for _number in range(2)]
        fast = self.create_approved_tx(provider=provider)
        for tx in (*slow, fast):
            tx._pg_refresh("test")
        self.sandbox.add_fault(self.account, "POST /v2/checkout/orders/*/capture", **HANG)
        self.run_captures()
        self.assertEqual([tx.pg_capture_step for tx in slow], ["requested", "waiting"])
        self.assertEqual(fast.state, "done")
