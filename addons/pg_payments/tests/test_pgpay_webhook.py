import json

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..gateways import pgpay_signature
from .common_pgpay import PgpayCase

WEBHOOK_LOGGER = "odoo.addons.pg_payments.controllers.webhook"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
EVENT_LOGGER = "odoo.addons.pg_payments.models.pg_payment_event"


@tagged("post_install", "-at_install", "pg")
class TestPgpayWebhook(PgpayCase):
    """News in any order, any number of times, from anybody."""

    def test_approved_on_the_handset(self):
        tx = self.create_open_tx(amount=100.0)
        self.pay(tx, "approve")
        self.assertEqual(self.post_event(self.find_event("payment.succeeded", tx)).status_code, 200)
        self.assertEqual(tx.state, "done")
        self.assertEqual(tx.gateway_receipt, self.find_payment(tx)["operator_reference"])
        self.assertEqual((tx.gateway_fee, tx.gateway_net), (1.5, 98.5))
        self.assertEqual(tx.gateway_fee_currency_id, self.pgk)
        self.assertEqual(self.get_inbox().state, "done")

    def test_event_twice(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        event = self.find_event("payment.succeeded", tx)
        before = len(self.sandbox.calls(self.account))
        for _ in range(3):
            self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(len(self.get_inbox()), 1)
        self.assertEqual(len(self.sandbox.calls(self.account)), before + 1)

    def test_all_events_in_reverse_order(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        kinds = ("payment.succeeded", "payment.processing", "payment.pending")
        for kind in kinds:
            self.assertEqual(self.post_event(self.find_event(kind, tx)).status_code, 200)
            self.assertEqual(tx.state, "done")
        self.assertEqual(len(self.get_inbox()), 3)
        self.assertFalse(tx.pg_attention)

    @mute_logger(WEBHOOK_LOGGER)
    def test_proof(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        event = self.find_event("payment.succeeded", tx)
        body, headers = self.sign(event)
        raw = body if isinstance(body, bytes) else body.encode()
        refused = [
            (raw + b" ", headers),
            (raw, {}),
            (raw, {"PGPay-Signature": "t=1,v1=00"}),
            self.sign(event, age=301),
            self.sign(event, age=-360),
            (raw, {"PGPay-Signature": self.sign_as("other", raw)}),
            (b"[]", {"PGPay-Signature": self.sign_as(self.account["webhook_secret"], b"[]")}),
        ]
        for wrong_body, wrong_headers in refused:
            self.assertEqual(self.post_raw(wrong_body, wrong_headers).status_code, 400)
        self.assertEqual((len(self.get_inbox()), tx.state), (0, "pending"))
        self.assertEqual(self.post_event(event, age=240).status_code, 200)
        self.assertEqual(tx.state, "done")

    def sign_as(self, secret, raw):
        from time import time

        moment = int(time())
        mac = pgpay_signature._mac(secret, f"{moment}.".encode() + raw)
        return f"t={moment},v1={mac}"

    def test_no_secret_no_address(self):
        tx = self.create_open_tx()
        self.provider.pg_webhook_secret = False
        self.assertEqual(self.post_event(self.find_event("payment.pending", tx)).status_code, 404)
        self.assertEqual(len(self.get_inbox()), 0)

    def test_rotation(self):
        account = self.sandbox.create_account("pgpay")
        self.addCleanup(self.sandbox.delete_account, account)
        self.sandbox.hold_webhooks(account)
        self.provider.write({"pg_client_id": account["key_id"], "pg_secret_key": account["secret"]})
        self.provider.pg_webhook_secret = account["webhook_secret"]
        tx = self.create_open_tx()
        self.sandbox.pay(tx.pg_checkout_ref, "approve")
        account = {**account, **self.sandbox.rotate_webhook_secret(account)}
        first, second = (
            self.find_event(kind, tx, account)
            for kind in ("payment.processing", "payment.succeeded")
        )
        self.assertEqual(self.post_event(first, account=account).status_code, 200)
        self.provider.pg_webhook_secret = account["webhook_secret"]
        self.assertEqual(self.post_event(second, account=account).status_code, 200)
        self.assertEqual(tx.state, "done")

    def test_late_payment_after_cancel_is_honoured(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        tx._set_canceled()
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(tx.state, "done")

    def test_expired(self):
        tx = self.create_open_tx()
        self.pay(tx, "expire")
        self.post_event(self.find_event("payment.expired", tx))
        self.assertEqual((tx.state, tx.pg_next_poll_at), ("cancel", False))

    @mute_logger(FLAG_LOGGER)
    def test_amount_and_currency_are_compared(self):
        for fault, details in (("wrong_amount", {"amount": 999}), ("wrong_currency", {})):
            self.sandbox.add_fault(self.account, "POST /v1/payments", fault, **details)
            tx = self.create_open_tx(amount=10.0)
            self.pay(tx, "approve")
            self.post_event(self.find_event("payment.succeeded", tx))
            self.assertEqual(tx.state, "error")
            self.assertTrue(tx.pg_attention)

    @mute_logger(FLAG_LOGGER)
    def test_reversed_stays_done_and_is_flagged(self):
        tx = self.create_paid_tx()
        self.sandbox.finish_payment(self.account, tx.pg_checkout_ref, "reversed")
        self.post_event(self.find_event("payment.reversed", tx))
        self.assertEqual(tx.state, "done")
        self.assertIn("taken back", tx.pg_attention)
        self.assertEqual(len(tx.activity_ids), 1)

    @mute_logger(FLAG_LOGGER)
    def test_reversed_before_it_was_known_is_no_money(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        self.sandbox.finish_payment(self.account, tx.pg_checkout_ref, "reversed")
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(tx.state, "error")

    def test_two_sellers_with_one_reference_each_their_own(self):
        account = self.sandbox.create_account("pgpay")
        self.addCleanup(self.sandbox.delete_account, account)
        self.sandbox.hold_webhooks(account)
        other = self._set_up_provider(self.other_seller, account)
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        event = self.find_event("payment.succeeded", tx)
        with mute_logger(WEBHOOK_LOGGER):
            self.assertEqual(self.post_event(event, provider=other).status_code, 400)
        self.assertEqual((len(self.get_inbox(other)), tx.state), (0, "pending"))
        # Even with the right proof, an event of one account says nothing about another one's.
        other.pg_webhook_secret = self.account["webhook_secret"]
        self.assertEqual(self.post_event(event, provider=other).status_code, 200)
        self.assertEqual((self.get_inbox(other).state, tx.state), ("ignored", "pending"))

    def test_events_of_others_are_ignored(self):
        tx = self.create_open_tx()
        event = self.find_event("payment.pending", tx)
        body, _headers = self.sign(event)
        data = json.loads(body)
        data["data"]["object"]["metadata"]["odoo_db"] = "another"
        raw = json.dumps(data).encode()
        signed = {"PGPay-Signature": self.sign_as(self.account["webhook_secret"], raw)}
        self.assertEqual(self.post_raw(raw, signed).status_code, 200)
        self.assertEqual(self.get_inbox().state, "ignored")

    def test_switched_off_gateway_still_hears(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        self.provider.state = "disabled"
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(tx.state, "done")

    def test_news_that_never_came_is_read(self):
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        self.env.flush_all()
        self.env["payment.provider"]._cron_pg_replay()
        self.env.invalidate_all()
        self.assertEqual(tx.state, "done")
        self.assertEqual(len(self.get_inbox()), 3)
        self.assertTrue(self.provider.pg_replayed_at)
        self.assertIn("cellmoni", self.provider.pg_channels)
        calls = self.count_calls("GET /v1/payments/*")
        self.env["payment.provider"]._cron_pg_replay()
        self.env.invalidate_all()
        self.assertEqual(len(self.get_inbox()), 3)
        self.assertEqual(self.count_calls("GET /v1/payments/*"), calls)

    def test_polls_soon_then_slower_to_the_end(self):
        tx = self.create_open_tx()
        pauses = []
        for _ in range(4):
            pauses.append((tx.pg_next_poll_at - fields.Datetime.now()).total_seconds())
            tx.pg_next_poll_at = "2020-01-01 00:00:00"
            self.run_polls()
        self.assertLess(pauses[0], 20)
        self.assertEqual(sorted(pauses), pauses)
        self.pay(tx, "expire")
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual((tx.state, tx.pg_next_poll_at), ("cancel", False))

    @mute_logger(FLAG_LOGGER)
    def test_silence_is_flagged_at_the_end(self):
        self.sandbox.update(self.account, settle_seconds=3600)
        tx = self.create_open_tx()
        self.pay(tx, "approve")
        tx.write(
            {
                "pg_checkout_expires_at": "2020-01-01 00:00:00",
                "pg_next_poll_at": "2020-01-01 00:00:00",
            }
        )
        self.run_polls()
        self.assertEqual((tx.state, tx.pg_next_poll_at), ("pending", False))
        self.assertIn("has not said", tx.pg_attention)
        self.sandbox.update(self.account, settle_seconds=0)
