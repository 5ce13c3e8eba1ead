import logging
from decimal import Decimal

from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_payments.gateways import paypal_client
from odoo.addons.pg_payments.gateways.paypal_money import from_paypal, to_paypal
from odoo.addons.pg_payments.gateways.paypal_orders import PayPalOrdersGateway
from odoo.addons.pg_payments.ports import Account
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import PayPalCase

LIST = "GET /v1/notifications/webhooks"
TOKEN = "POST /v1/oauth2/token"


@tagged("post_install", "-at_install", "pg")
class TestPayPalAdapter(PayPalCase):
    """PayPal's money and PayPal's failures, in our words; the SDK's faults are mended."""

    def make_transport(self, **values):
        account = {**self.account, **values}
        return paypal_client.Transport(
            account["client_id"], account["client_secret"], self.sandbox.paypal_url
        )

    def test_amounts(self):
        for amount, currency, value in (
            ("10", "USD", "10.00"),
            ("0.01", "AUD", "0.01"),
            ("1500", "JPY", "1500"),
            ("12", "HUF", "12"),
        ):
            written = to_paypal(Decimal(amount), currency)
            self.assertEqual(written, {"currency_code": currency, "value": value})
            self.assertEqual(from_paypal(written), (Decimal(amount), currency))
        for amount, currency in (
            ("1.001", "USD"),
            ("1.5", "JPY"),
            ("1.5", "TWD"),
            ("0", "USD"),
            ("-1", "USD"),
            ("10", "PGK"),
            ("10", "ISK"),
            ("10", "UGX"),
            ("10", "KWD"),
            ("10", "VUV"),
            ("10", "XPF"),
        ):
            with self.subTest(currency), self.assertRaises(ValueError):
                to_paypal(Decimal(amount), currency)

    def test_outcomes_over_the_wire(self):
        gateway = self.provider._pg_get_gateway()
        for fault, outcome in (
            ("http_500", Unknown),
            ("garbled", Unknown),
            ("html_403", Unknown),
            ("lose_answer", Unknown),
            ("throttle", Throttled),
            ("refuse", Rejected),
        ):
            self.sandbox.add_fault(self.account, LIST, fault)
            with self.subTest(fault), self.assertRaises(outcome):
                gateway.check_connection()

    def test_no_token_means_nothing_was_sent(self):
        self.make_transport()
        for fault in ("http_500", "garbled", "lose_answer"):
            paypal_client._tokens.clear()
            self.sandbox.add_fault(self.account, TOKEN, fault)
            before = self.count_calls(LIST)
            with self.subTest(fault), self.assertRaises(NotSent):
                self.provider._pg_get_gateway().check_connection()
            self.assertEqual(self.count_calls(LIST), before)

    def test_nobody_there(self):
        gateway = PayPalOrdersGateway(Account(0, "test", "a", "b", api_base="http://127.0.0.1:9"))
        with self.assertRaises(OutsideError):
            gateway.check_connection()

    def test_token_is_shared_and_renewed_after_401(self):
        gateway = self.provider._pg_get_gateway()
        gateway.check_connection()
        before = self.count_calls(TOKEN)
        self.provider._pg_get_gateway().check_connection()
        self.assertEqual(self.count_calls(TOKEN), before)
        key, (token, asked) = next(
            (k, v) for k, v in paypal_client._tokens.items() if k == gateway._transport._token_key
        )
        paypal_client._tokens[key] = ({**token, "access_token": "A21AAstale"}, asked)
        gateway.check_connection()
        self.assertEqual(self.count_calls(TOKEN), before + 1)

    def test_standing_401_ends(self):
        before = self.count_calls(TOKEN), self.count_calls(LIST)
        paypal_client._tokens.clear()
        self.sandbox.add_fault(self.account, LIST, "refuse", status=401, times=9)
        with self.assertRaises(Rejected) as caught:
            self.provider._pg_get_gateway().check_connection()
        self.sandbox.clear_faults(self.account)
        self.assertTrue(caught.exception.temporary)
        after = self.count_calls(TOKEN), self.count_calls(LIST)
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (2, 2))

    def test_400_is_a_refusal(self):
        with self.assertRaises(Rejected) as caught:
            paypal_client.call(
                self.make_transport(), "x", "POST", "v2/checkout/orders", {}, key="k" * 20
            )
        self.assertEqual(caught.exception.status, 400)

    def test_headers_stay_away_from_the_token_and_reads_have_no_body(self):
        paypal_client._tokens.clear()
        with self.assertRaises(Rejected):
            paypal_client.call(
                self.make_transport(), "x", "POST", "v2/checkout/orders", {}, key="secret-key-1"
            )
        self.assertFalse(self.sandbox.calls(self.account, TOKEN)[-1].get("idempotency_key"))
        self.provider._pg_get_gateway().check_connection()
        self.assertFalse(self.sandbox.calls(self.account, LIST)[-1].get("body"))

    def test_silence_ends(self):
        # Odoo's tests raise every limit to ten seconds.
        self.sandbox.add_fault(self.account, LIST, "delay", seconds=12)
        limit, paypal_client.TIMEOUT = paypal_client.TIMEOUT, 1
        self.addCleanup(setattr, paypal_client, "TIMEOUT", limit)
        with self.assertRaises(Unknown):
            self.provider._pg_get_gateway().check_connection()

    def test_secrets_are_in_no_log(self):
        paypal_client._tokens.clear()
        with self.assertLogs(level=logging.DEBUG) as logs:
            tx = self.create_paid_tx()
            self.post_event(self.find_event("PAYMENT.CAPTURE.COMPLETED", tx))
            self.provider.pg_secret_key = "wrong-secret-in-log"
            with self.assertRaises(UserError):
                self.provider.action_pg_test_connection()
        text = "\n".join(logs.output)
        tokens = [token["access_token"] for token, _at in paypal_client._tokens.values()]
        secrets = (self.account["client_secret"], "wrong-secret-in-log", *tokens)
        for secret in secrets:
            self.assertNotIn(secret, text)

    def test_credentials_are_required(self):
        for name in ("pg_client_id", "pg_secret_key"):
            with self.subTest(name), self.assertRaises(ValidationError):
                with self.env.cr.savepoint():
                    self.provider[name] = False
        with self.assertRaises(ValidationError):
            self.provider.state = "enabled"  # With a sandbox on this machine.

    def test_webhook_is_registered_once(self):
        first = self.provider.pg_webhook_ref
        self.provider.action_pg_create_webhook()
        (endpoint,) = self.sandbox._items(self.account, "endpoints")
        self.assertEqual((endpoint["id"], self.provider.pg_webhook_ref), (first, first))
        self.assertEqual(len(endpoint["event_types"]), 10)
        self.assertFalse(self.provider.pg_webhook_old_until)
