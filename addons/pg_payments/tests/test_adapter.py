from decimal import Decimal

import stripe
from odoo.addons.pg_base.outcomes import Rejected, Throttled, Unknown
from odoo.addons.pg_payments.gateways.stripe_checkout import StripeCheckoutGateway
from odoo.addons.pg_payments.gateways.stripe_client import classify
from odoo.addons.pg_payments.gateways.stripe_money import from_stripe, to_stripe
from odoo.addons.pg_payments.ports import Account
from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install", "pg")
class TestAdapter(StripeCase):
    """Stripe's money and Stripe's failures, in our words."""

    def test_minor_units(self):
        exact = [
            ("10.00", "PGK", 1000),
            ("0.01", "AUD", 1),
            ("500", "JPY", 500),
            ("120", "VUV", 120),
            ("7", "ISK", 700),
            ("1500", "UGX", 150000),
            ("1.230", "KWD", 1230),
            ("9", "MGA", 9),
        ]
        for amount, currency, minor in exact:
            self.assertEqual(to_stripe(Decimal(amount), currency), minor)
            self.assertEqual(from_stripe(minor, currency), Decimal(amount))

    def test_amounts_that_do_not_fit(self):
        for amount, currency in (
            ("10.001", "PGK"),
            ("1.5", "JPY"),
            ("7.5", "ISK"),
            ("1.231", "KWD"),
            ("0", "PGK"),
            ("-1", "PGK"),
        ):
            with self.subTest(currency), self.assertRaises(ValueError):
                to_stripe(Decimal(amount), currency)

    def test_an_id_is_never_a_path(self):
        gateway = self.provider._pg_get_gateway()
        for odd in ("../../balance", "cs_1/expire", "cs_1?expand[]=customer", "cs 1", "%2e%2e"):
            with self.subTest(odd), self.assertRaises(Rejected) as caught:
                gateway.get_payment(checkout_id=odd)
            self.assertEqual(caught.exception.status, 404)
        self.assertEqual(self.count_calls("GET /v1/balance"), 0)

    def test_outcomes_by_class(self):
        answer = {"json_body": {"error": {"message": "no"}}}
        cases = [
            (stripe.CardError("no", None, "card_declined", http_status=402, **answer), Rejected),
            (stripe.InvalidRequestError("no", None, http_status=400, **answer), Rejected),
            (stripe.AuthenticationError("no", http_status=401, **answer), Rejected),
            (stripe.RateLimitError("no", http_status=429, **answer), Throttled),
            (stripe.IdempotencyError("no", http_status=400, **answer), Unknown),
            (stripe.APIError("no", http_status=409, **answer), Unknown),
            (stripe.APIError("no", http_status=500, **answer), Unknown),
            (stripe.APIError("a page", http_status=403), Unknown),
            (stripe.APIConnectionError("no"), Unknown),
        ]
        for error, outcome in cases:
            self.assertIs(type(classify(error)), outcome, error)
        self.assertTrue(classify(cases[2][0]).temporary)
        self.assertFalse(classify(cases[1][0]).temporary)

    def test_keys_are_not_repeated(self):
        error = stripe.AuthenticationError(
            "Invalid API Key provided: sk_test_abc123 for rk_live_9",
            http_status=401,
            json_body={"error": {}},
        )
        message = classify(error).message
        self.assertNotIn("abc123", message)
        self.assertNotIn("rk_live", message)

    def test_outcomes_over_the_wire(self):
        gateway = self.provider._pg_get_gateway()
        for fault, outcome in (
            ("http_500", Unknown),
            ("garbled", Unknown),
            ("empty", Unknown),
            ("html_403", Unknown),
            ("lose_answer", Unknown),
            ("throttle", Throttled),
            ("refuse", Rejected),
        ):
            self.sandbox.add_fault(self.account, "GET /v1/balance", fault, times=3)
            with self.subTest(fault), self.assertRaises(outcome):
                gateway.check_connection()
            self.sandbox.clear_faults(self.account)

    def test_nobody_there(self):
        gateway = StripeCheckoutGateway(
            Account(0, "test", secret_key="sk_test_x", api_base="http://127.0.0.1:9")
        )
        with self.assertRaises(Unknown):
            gateway.check_connection()

    def test_new_fields_change_nothing(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.sandbox.add_fault(self.account, "GET /v1/checkout/sessions/*", "extra_fields")
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "done")

    def test_refunds_are_read_page_by_page(self):
        tx = self.create_paid_tx(amount=120.0)
        for _ in range(101):
            self.sandbox.refund_in_dashboard(self.account, tx.pg_payment_ref, 1)
        found = self.provider._pg_get_gateway().find_refunds(tx.pg_payment_ref)
        self.assertEqual(len({state.refund_id for state in found}), 101)
