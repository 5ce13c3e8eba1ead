import copy
import json
import time

import stripe
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SECRET, StripeCase

EVENT_LOGGER = "odoo.addons.pg_payments.models.pg_payment_event"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"


@tagged("post_install", "-at_install", "pg")
class TestWebhook(StripeCase):
    """News in any order, any number of times: one effect."""

    def test_event_twice(self):
        tx = self.create_open_tx()
        self.pay(tx)
        event = self.find_event("checkout.session.completed", tx)
        for _ in range(2):
            self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(len(self.get_inbox()), 1)
        self.assertEqual(tx.state, "done")
        reads = f"GET /v1/checkout/sessions/{tx.pg_checkout_ref}"
        self.assertEqual(self.count_calls(reads), 1)

    def test_further_events_of_a_booked_payment_do_not_ask_again(self):
        """Money and fee are known from the first event on; the others are taken and do nothing."""
        tx = self.create_open_tx()
        self.pay(tx)
        events = [e for e in self.sandbox.events(self.account) if self._is_about(e, tx)]
        self.assertGreater(len(events), 1)
        for event in events:
            self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(tx.state, "done")
        self.assertTrue(tx.gateway_fee)
        self.assertEqual(set(self.get_inbox().mapped("state")), {"done"})
        reads = self.count_calls(f"GET /v1/checkout/sessions/{tx.pg_checkout_ref}")
        reads += self.count_calls("GET /v1/payment_intents/*")
        self.assertEqual(reads, 1)

    def test_all_events_in_reverse_order(self):
        tx = self.create_open_tx()
        self.pay(tx, "decline")
        self.pay(tx)
        events = [e for e in self.sandbox.events(self.account) if self._is_about(e, tx)]
        self.assertEqual(len(events), 6)
        for event in reversed(events):
            self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(tx.state, "done")
        self.assertFalse(tx.pg_attention)
        self.assertEqual(len(self.get_inbox()), 6)

    def _is_about(self, event, tx):
        return (event["data"]["object"].get("metadata") or {}).get("odoo_ref") == tx.reference

    def test_expired_then_paid_late(self):
        tx = self.create_open_tx()
        self.pay(tx)
        late = self.find_event("checkout.session.completed", tx)
        tx._set_canceled()
        self.post_event(late)
        self.assertEqual(tx.state, "done")

    def test_expired(self):
        tx = self.create_open_tx()
        self.pay(tx, "expire")
        self.post_event(self.find_event("checkout.session.expired", tx))
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(tx.pg_next_poll_at)

    def test_expired_page_that_was_replaced(self):
        tx = self.create_open_tx()
        tx.amount = 11.0
        tx._get_processing_values()
        self.post_event(self.find_event("checkout.session.expired", tx))
        self.assertEqual(tx.state, "draft")

    @mute_logger(FLAG_LOGGER)
    def test_second_payment_is_flagged(self):
        tx = self.create_paid_tx()
        first = tx.pg_payment_ref
        other = self.provider._pg_get_gateway().create_checkout(tx._pg_prepare_checkout())
        self.sandbox.pay(other.gateway_id)
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.assertEqual((tx.state, tx.pg_payment_ref), ("done", first))
        self.assertIn("second time", tx.pg_attention)

    @mute_logger(FLAG_LOGGER)
    def test_amount_mismatch(self):
        tx = self.create_tx(amount=10.0)
        self.sandbox.add_fault(
            self.account, "POST /v1/checkout/sessions", "wrong_amount", amount=999
        )
        tx._get_processing_values()
        self.pay(tx)
        event = self.find_event("payment_intent.succeeded", tx)
        self.post_event(event)
        self.assertEqual(tx.state, "error")
        self.assertIn("9.99", tx.pg_attention)
        self.assertEqual(tx.activity_ids.user_id, self.users[self.seller, "admin"])
        # Asked again, it is still not paid.
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "error")
        self.assertEqual(len(tx.activity_ids), 1)

    @mute_logger(FLAG_LOGGER)
    def test_mismatch_of_a_cancelled_payment_is_not_honoured(self):
        tx = self.create_open_tx(amount=10.0)
        self.pay(tx)
        tx._set_canceled()
        tx.amount = 10.01
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "error")

    @mute_logger(FLAG_LOGGER)
    def test_currency_mismatch(self):
        tx = self.create_open_tx()
        self.pay(tx)
        tx.currency_id = self.env.ref("base.USD")
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.assertEqual(tx.state, "error")
        self.assertIn("PGK", tx.pg_attention)

    def test_other_database(self):
        tx = self.create_open_tx()
        self.pay(tx)
        event = copy.deepcopy(self.find_event("checkout.session.completed", tx))
        event["data"]["object"]["metadata"]["odoo_db"] = "another"
        self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual((self.get_inbox().state, tx.state), ("ignored", "draft"))

    def test_other_provider_of_the_same_account(self):
        other = self._set_up_provider(self.other_seller, self.account, "whsec_other")
        tx = self.create_open_tx()
        self.pay(tx)
        event = self.find_event("checkout.session.completed", tx)
        self.post_event(event, provider=other, secret="whsec_other")
        self.assertEqual((self.get_inbox(other).state, tx.state), ("ignored", "draft"))
        self.post_event(event)
        self.assertEqual((self.get_inbox().state, tx.state), ("done", "done"))

    def test_unknown_reference_is_sent_again_then_kept(self):
        tx = self.create_open_tx()
        self.pay(tx)
        event = copy.deepcopy(self.find_event("payment_intent.succeeded", tx))
        event["id"] = "evt_unknown"
        event["data"]["object"]["id"] = "pi_unknown"
        event["data"]["object"]["metadata"]["odoo_ref"] = "T-NOT-YET"
        self.assertEqual(self.post_event(event).status_code, 409)
        self.assertEqual(len(self.get_inbox()), 0)
        event["created"] = int(time.time()) - 3600
        self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(self.get_inbox().state, "failed")

    def test_other_kinds_and_foreign_payments_are_ignored(self):
        foreign = {"id": "pi_x", "object": "payment_intent", "metadata": {}}
        for number, kind in enumerate(("customer.created", "payment_intent.succeeded")):
            event = {"id": f"evt_{number}", "object": "event", "type": kind}
            event["data"] = {"object": foreign}
            self.assertEqual(self.post_event(event).status_code, 200)
        self.assertEqual(self.get_inbox().mapped("state"), ["ignored", "ignored"])

    @mute_logger(EVENT_LOGGER)
    def test_outage_is_tried_again_by_the_cron(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", "http_500", times=3)
        event = self.find_event("checkout.session.completed", tx)
        self.assertEqual(self.post_event(event).status_code, 200)
        inbox = self.get_inbox()
        self.assertEqual((inbox.state, inbox.tries, tx.state), ("failed", 1, "draft"))
        self.assertIn("Unknown", inbox.note)
        self.sandbox.clear_faults(self.account)
        self.env["pg.payment.event"]._cron_retry()
        self.env.invalidate_all()
        self.assertEqual((inbox.state, tx.state), ("failed", "draft"), "It is not due yet")
        inbox.next_try_at = "2020-01-01 00:00:00"
        self.env.flush_all()
        self.env["pg.payment.event"]._cron_retry()
        self.env.invalidate_all()
        self.assertEqual((inbox.state, tx.state), ("done", "done"))

    def test_what_a_crash_left_after_the_answer_is_the_crons(self):
        """The news is committed and answered; then the worker dies before it is processed."""
        tx = self.create_open_tx()
        self.pay(tx)
        news = self.read_news(self.find_event("checkout.session.completed", tx))
        Event = self.env["pg.payment.event"]
        kept = Event._take_in(self.provider, news)
        self.assertEqual((kept.state, tx.state), ("new", "draft"))
        self.assertEqual(Event._take_in(self.provider, news), kept, "It still waits")
        self.env.flush_all()
        Event._cron_retry()
        self.env.invalidate_all()
        self.assertEqual((kept.state, tx.state), ("done", "done"))
        self.assertFalse(Event._take_in(self.provider, news), "It is known and done")
        self.assertEqual(len(self.get_inbox()), 1)

    def read_news(self, event):
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        headers = {"Stripe-Signature": header}
        listener = self.provider._pg_get_listener()
        return self.provider._pg_verify_event(listener, body.encode(), headers)

    @mute_logger(EVENT_LOGGER)
    def test_replay_is_for_admins_of_the_seller(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", "http_500", times=3)
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.sandbox.clear_faults(self.account)
        inbox = self.get_inbox()
        for role, company in (("manager", self.seller), ("admin", self.other_seller)):
            with self.assertRaises(AccessError):
                self.as_user(inbox, role, company).action_replay()
        self.assertEqual(tx.state, "draft")
        self.as_user(inbox, "admin").action_replay()
        self.assertEqual((inbox.state, tx.state), ("done", "done"))

    def test_switched_off_gateway_still_hears(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.provider.state = "disabled"
        self.post_event(self.find_event("checkout.session.completed", tx))
        self.assertEqual(tx.state, "done")

    @mute_logger(FLAG_LOGGER)
    def test_dispute_is_flagged(self):
        tx = self.create_paid_tx()
        event = {
            "id": "evt_dispute",
            "object": "event",
            "type": "charge.dispute.created",
            "data": {"object": {"id": "dp_1", "payment_intent": tx.pg_payment_ref}},
        }
        self.post_event(event)
        self.assertEqual((tx.state, self.get_inbox().state), ("done", "done"))
        self.assertIn("Disputed", tx.pg_attention)

    def test_inbox_is_seen_by_own_admins_only(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.post_event(self.find_event("checkout.session.completed", tx))
        Event = self.env["pg.payment.event"]
        self.assertEqual(self.as_user(Event, "admin").search([]), self.get_inbox())
        self.assertFalse(self.as_user(Event, "admin", self.other_seller).search([]))
        with self.assertRaises(AccessError):
            self.as_user(Event, "manager").search([])
        for change in (lambda e: e.write({"state": "done"}), lambda e: e.unlink()):
            with self.assertRaises(AccessError):
                change(self.as_user(self.get_inbox(), "admin"))
