from urllib.parse import parse_qs, urlsplit

from odoo import fields
from odoo.http import root
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

LOGGER = "odoo.addons.pg_payments.controllers.checkout"
PAGE_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_push_poll"


@tagged("post_install", "-at_install", "pg")
class TestReturn(StripeCase):
    """The payer comes back; nothing in the address is believed."""

    def open_path(self, url):
        """Follow the gateway's redirect to us, not further."""
        parts = urlsplit(url)
        self.env.flush_all()
        answer = self.url_open(f"{parts.path}?{parts.query}", allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 303)
        return urlsplit(answer.headers["Location"]).path

    def test_paid(self):
        tx = self.create_open_tx()
        url = self.pay(tx)["url"]
        self.assertEqual(parse_qs(urlsplit(url).query)["reference"], [tx.reference])
        self.assertEqual(self.open_path(url), "/payment/status")
        self.assertEqual(tx.state, "done")
        self.assertEqual(tx.provider_reference, tx.pg_payment_ref)

    def test_landing_route_of_the_layer_above(self):
        tx = self.create_open_tx(landing_route="/topup/demo/order/abc")
        self.assertEqual(self.open_path(self.pay(tx)["url"]), "/topup/demo/order/abc")

    def test_webhook_before_return_and_after(self):
        for first in ("webhook", "return"):
            tx = self.create_open_tx()
            url = self.pay(tx)["url"]
            event = self.find_event("checkout.session.completed", tx)
            steps = [lambda e=event: self.post_event(e), lambda u=url: self.open_path(u)]
            for step in steps if first == "webhook" else reversed(steps):
                step()
                self.assertEqual(tx.state, "done")
            changed = tx.last_state_change
            self.open_path(url)
            self.assertEqual(tx.last_state_change, changed)

    def test_foreign_session_asks_nothing(self):
        tx, other = self.create_open_tx(), self.create_open_tx()
        self.pay(tx)
        before = len(self.sandbox.calls(self.account))
        for session in (other.pg_checkout_ref, "", "cs_x"):
            path = f"/payment/stripe_checkout/return?reference={tx.reference}&session_id={session}"
            self.assertEqual(self.open_path(path), "/payment/status")
        unknown = "/payment/stripe_checkout/return?reference=T-NO&session_id=cs_x"
        self.assertEqual(self.open_path(unknown), "/payment/status")
        self.assertEqual(tx.state, "draft")
        self.assertEqual(len(self.sandbox.calls(self.account)), before)

    def test_cancel_leaves_the_page_open_and_it_can_be_paid(self):
        tx = self.create_open_tx()
        self.open_path(self.pay(tx, "cancel")["url"])
        self.assertEqual(tx.state, "draft")
        self.open_path(self.pay(tx)["url"])
        self.assertEqual(tx.state, "done")

    def test_cancel_needs_the_token(self):
        tx = self.create_open_tx()
        before = len(self.sandbox.calls(self.account))
        self.open_path(f"/payment/stripe_checkout/cancel?reference={tx.reference}&access_token=x")
        self.assertEqual(len(self.sandbox.calls(self.account)), before)

    @mute_logger(LOGGER)
    def test_outage_still_lands(self):
        tx = self.create_open_tx()
        url = self.pay(tx)["url"]
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", "http_500", times=3)
        self.assertEqual(self.open_path(url), "/payment/status")
        self.sandbox.clear_faults(self.account)
        self.assertEqual(tx.state, "draft")
        wait = (tx.pg_next_poll_at - fields.Datetime.now()).total_seconds()
        self.assertLessEqual(wait, 10, "The cron asks soon")
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(tx.state, "done")

    # === ODOO'S PAGE === #

    def poll_status(self, tx):
        """Ask as Odoo's page does while its payer waits."""
        self.authenticate(None, None)
        self.session["__payment_monitored_tx_id__"] = tx.id
        root.session_store.save(self.session)
        self.env.flush_all()
        answer = self.make_jsonrpc_request("/payment/status/poll", {})
        self.env.invalidate_all()
        return answer["state"]

    def test_waiting_page_asks_the_gateway(self):
        tx = self.create_open_tx()
        reads = f"GET /v1/checkout/sessions/{tx.pg_checkout_ref}"
        self.assertEqual(self.poll_status(tx), "draft")
        self.pay(tx)
        self.assertEqual(self.poll_status(tx), "draft", "Once in five seconds is enough")
        self.assertEqual(self.count_calls(reads), 1)
        tx.pg_asked_at = "2020-01-01 00:00:00"
        self.assertEqual(self.poll_status(tx), "done")
        self.assertEqual(self.count_calls(reads), 2)
        tx.pg_asked_at = "2020-01-01 00:00:00"
        self.assertEqual(self.poll_status(tx), "done")
        self.assertEqual(self.count_calls(reads), 2, "Nothing is left to ask")

    @mute_logger(PAGE_LOGGER)
    def test_waiting_page_leaves_a_silent_gateway_alone(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", "http_500", times=3)
        self.assertEqual(self.poll_status(tx), "draft")
        self.sandbox.clear_faults(self.account)
        rest = (tx.pg_asked_at - fields.Datetime.now()).total_seconds()
        self.assertGreater(rest, 15)
        before = len(self.sandbox.calls(self.account))
        self.assertEqual(self.poll_status(tx), "draft")
        self.assertEqual(len(self.sandbox.calls(self.account)), before)
