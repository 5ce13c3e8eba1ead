from urllib.parse import parse_qs, urlsplit

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

LOGGER = "odoo.addons.pg_payments.controllers.checkout"


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
