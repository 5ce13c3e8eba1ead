from decimal import Decimal
from urllib.parse import urlsplit

from lxml import etree
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install", "pg")
class TestCheckout(StripeCase):
    """Opening the payment page."""

    def test_page_is_opened_with_the_exact_amount(self):
        tx = self.create_open_tx(amount=12.35)
        session = self.find_session(tx)
        self.assertEqual(session["amount_total"], 1235)
        self.assertEqual(session["currency"], "pgk")
        self.assertEqual(session["client_reference_id"], tx.reference)
        self.assertEqual(session["metadata"]["odoo_ref"], tx.reference)
        self.assertEqual(session["metadata"]["odoo_provider_id"], str(self.provider.id))
        customer = self.env["pg.payment.customer"].search([("partner_id", "=", self.payer.id)])
        self.assertEqual(
            (session["customer"], customer.email), (customer.reference, self.payer.email)
        )
        self.assertIn("session_id={CHECKOUT_SESSION_ID}", session["success_url"])
        self.assertFalse(session["adaptive_pricing"]["enabled"])
        self.assertTrue(tx.pg_next_poll_at)

    def test_form_sends_the_browser_to_the_page(self):
        tx = self.create_tx()
        form = etree.fromstring(tx._get_processing_values()["redirect_form_html"])
        session = self.find_session(tx)
        self.assertEqual(form.get("method"), "get")
        self.assertEqual(form.get("action"), session["url"])
        self.assertTrue(urlsplit(form.get("action")).fragment, "The fragment is kept")

    def test_query_becomes_inputs(self):
        values = self.create_tx()._pg_split_url("https://pay.example.com/c/1?a=1&b=x%20y#part")
        self.assertEqual(values["api_url"], "https://pay.example.com/c/1#part")
        self.assertEqual(values["url_params"], [("a", "1"), ("b", "x y")])

    def test_bad_addresses_are_refused(self):
        tx = self.create_tx()
        for url in ("javascript:alert(1)", "http://pay.example.com/", "//pay.example.com", ""):
            with self.assertRaises(ValueError):
                tx._pg_split_url(url)

    def test_reload_shows_the_same_page(self):
        tx = self.create_open_tx()
        before = self.count_calls("POST /v1/checkout/sessions")
        first = tx.pg_checkout_ref
        tx._get_processing_values()
        self.assertEqual(tx.pg_checkout_ref, first)
        self.assertEqual(self.count_calls("POST /v1/checkout/sessions"), before)

    def test_request_that_runs_again_gets_the_same_page(self):
        tx = self.create_tx()
        request = tx._pg_prepare_checkout()
        gateway = self.provider._pg_get_gateway()
        first = gateway.create_checkout(request)
        self.assertEqual(gateway.create_checkout(request).gateway_id, first.gateway_id)

    def test_changed_amount_replaces_the_page(self):
        tx = self.create_open_tx(amount=10.0)
        first = tx.pg_checkout_ref
        tx.amount = 11.0
        tx._get_processing_values()
        states = {s["id"]: s["status"] for s in self.sandbox.sessions(self.account)}
        self.assertEqual(states[first], "expired")
        self.assertEqual(states[tx.pg_checkout_ref], "open")
        self.assertEqual(self.find_session(tx)["amount_total"], 1100)

    def test_paid_page_is_not_opened_again(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.assertEqual(tx._pg_open_checkout(), "")
        self.assertEqual(tx.state, "done")

    def test_refusal_is_an_error_and_an_outage_too(self):
        for fault in ("refuse", "http_500"):
            tx = self.create_tx()
            self.sandbox.add_fault(self.account, "POST /v1/checkout/sessions", fault, times=3)
            tx._get_processing_values()
            self.sandbox.clear_faults(self.account)
            self.assertEqual(tx.state, "error")
            self.assertTrue(tx.state_message)
            self.assertFalse(tx.pg_checkout_ref)

    def test_lost_answer_makes_no_second_page(self):
        tx = self.create_tx()
        before = len(self.sandbox.sessions(self.account))
        self.sandbox.add_fault(self.account, "POST /v1/checkout/sessions", "lose_answer")
        tx._get_processing_values()
        self.assertEqual(tx.state, "draft")
        self.assertEqual(len(self.sandbox.sessions(self.account)), before + 1)

    def test_amount_that_does_not_fit_is_refused(self):
        before = self.count_calls("POST /v1/checkout/sessions")
        uganda = self.env.ref("base.UGX")
        uganda.write({"active": True, "rounding": 0.01})
        tx = self.create_tx(amount=10.5, currency=uganda)
        tx._get_processing_values()
        self.assertEqual(tx.state, "error")
        self.assertEqual(self.count_calls("POST /v1/checkout/sessions"), before)

    def test_switched_off_gateway_opens_nothing(self):
        tx = self.create_tx()
        before = self.count_calls("POST /v1/checkout/sessions")
        self.provider.state = "disabled"
        with self.assertRaises(UserError):
            tx._get_processing_values()
        self.assertEqual(self.count_calls("POST /v1/checkout/sessions"), before)

    def test_declined_card_leaves_the_payment_open(self):
        tx = self.create_open_tx()
        self.pay(tx, "decline")
        state = tx._pg_refresh("test")
        self.assertEqual((state.status, tx.state), ("open", "draft"))
        self.assertIn("declined", tx.state_message)
        self.pay(tx)
        state = tx._pg_refresh("test")
        self.assertEqual((state.amount, tx.state), (Decimal("10.00"), "done"))
