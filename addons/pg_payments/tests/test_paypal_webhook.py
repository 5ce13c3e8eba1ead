import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from odoo.addons.pg_payments.gateways import paypal_cert
from odoo.addons.pg_payments.ports import Account, SignatureError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PayPalCase

LOGGER = "odoo.addons.pg_payments.controllers.webhook"
VERIFY = "POST /v1/notifications/verify-webhook-signature"


@tagged("post_install", "-at_install", "pg")
class TestPayPalWebhook(PayPalCase):
    """PayPal itself says what is its own; a cheap look comes first, a second look after."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_approved_tx()
        self.event = self.find_event("CHECKOUT.ORDER.APPROVED", self.tx)

    def assertRefused(self, answer, status=400):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(len(self.get_inbox()), 0)
        self.assertFalse(self.tx.pg_capture_step)

    def test_good_and_twice(self):
        for _ in range(2):
            self.assertEqual(self.post_event(self.event).status_code, 200)
        self.assertEqual(self.get_inbox().state, "done")
        self.assertEqual(self.tx.pg_capture_step, "waiting")
        reads = f"GET /v2/checkout/orders/{self.tx.pg_checkout_ref}"
        self.assertEqual(self.count_calls(reads), 1)

    def test_redelivery_after_two_days_is_good(self):
        self.assertEqual(self.post_event(self.event, age=2 * 24 * 3600).status_code, 200)
        self.assertEqual(self.tx.pg_capture_step, "waiting")

    def test_bad_ones_are_refused_without_asking_paypal(self):
        body, good = self.sign(self.event)
        other = self.sandbox.create_account("paypal")
        self.addCleanup(self.sandbox.delete_account, other)
        cert = good["PAYPAL-CERT-URL"]
        changes = {
            "other algorithm": {"PAYPAL-AUTH-ALGO": "SHA1withRSA"},
            "other id": {"PAYPAL-TRANSMISSION-ID": "x"},
            "nonsense": {"PAYPAL-TRANSMISSION-SIG": "x"},
            "no time": {"PAYPAL-TRANSMISSION-TIME": "yesterday"},
            "foreign certificate": {"PAYPAL-CERT-URL": "https://evil.example.com/cert.pem"},
            "other path": {"PAYPAL-CERT-URL": cert.replace("certs", "../certs")},
            "missing": {"PAYPAL-TRANSMISSION-SIG": ""},
        }
        before = self.count_calls(VERIFY)
        for name, headers in changes.items():
            with self.subTest(name), self.assertLogs(LOGGER, "WARNING") as logs:
                self.assertRefused(self.post_raw(body, {**good, **headers}))
            self.assertNotIn("payer@example.com", logs.output[0])
        with mute_logger(LOGGER):
            self.assertRefused(self.post_raw(body.replace("USD", "EUR"), good))
            self.assertRefused(self.post_raw("{", good))
            self.assertRefused(self.post_raw("[]", good))
            self.assertRefused(self.post_event(self.event, age=4 * 24 * 3600))
        self.assertEqual(self.count_calls(VERIFY), before)

    @mute_logger(LOGGER)
    def test_what_paypal_denies_is_refused(self):
        # Offline it looks good; online PayPal does not know the webhook any more.
        account = self.sandbox.create_account("paypal")
        self.addCleanup(self.sandbox.delete_account, account)
        self.sandbox.hold_webhooks(account)
        other = self._set_up_provider(self.other_seller, account)
        tx = self.create_open_tx(provider=other)
        self.pay(tx, "close")
        event = self.find_event("CHECKOUT.ORDER.APPROVED", tx, account)
        (signed,) = self.sandbox.signed_event(account, event)
        other._pg_get_gateway().delete_webhook(other.pg_webhook_ref)
        answer = self.post_raw(signed["body"], signed["headers"], provider=other)
        self.assertEqual((answer.status_code, len(self.get_inbox(other))), (400, 0))
        self.assertEqual((self.count_calls(VERIFY, account), tx.pg_capture_step), (1, False))

    @mute_logger(LOGGER)
    def test_paypal_away_is_503_and_comes_again(self):
        for fault in ("http_500", "lose_answer", "throttle", "garbled"):
            self.sandbox.add_fault(self.account, VERIFY, fault)
            with self.subTest(fault):
                self.assertRefused(self.post_event(self.event), 503)
        self.assertEqual(self.post_event(self.event).status_code, 200)
        self.assertEqual(self.tx.pg_capture_step, "waiting")

    @mute_logger(LOGGER)
    def test_forged_event_during_an_outage_breaks_nothing(self):
        body, headers = self.sign(self.event)
        self.sandbox.add_fault(self.account, VERIFY, "http_500", times=9)
        self.assertRefused(self.post_raw(body.replace("APPROVED", "VOIDED"), headers))
        self.sandbox.clear_faults(self.account)
        self.assertEqual(self.tx.state, "draft")

    def test_without_webhook_id_it_is_not_found(self):
        self.provider.pg_webhook_ref = False
        self.assertRefused(self.post_event(self.event), 404)

    def test_other_database_is_ignored(self):
        order = dict(self.find_order(self.tx))
        gateway = self.provider._pg_get_gateway()
        request = self.tx._pg_prepare_checkout()
        values = {**vars(request), "key": "k" * 20, "reference": "T-ELSEWHERE"}
        foreign = gateway.create_checkout(
            type(request)(**{**values, "database": "0123456789abcdef"})
        )
        self.sandbox.pay(foreign.gateway_id, "close")
        event = self.sandbox.events(self.account)[-1]
        self.assertEqual(event["resource"]["id"], foreign.gateway_id)
        self.assertEqual(self.post_event(event["id"]).status_code, 200)
        self.assertEqual(self.get_inbox().state, "ignored")
        self.assertEqual(order["status"], "APPROVED")

    @mute_logger(LOGGER)
    def test_other_seller_of_the_same_account(self):
        other = self._set_up_provider(self.other_seller, self.account)
        rows = self.sandbox.signed_event(self.account, self.event)
        mine, theirs = sorted(rows, key=lambda row: row["url"] == other.pg_webhook_url)
        self.assertEqual(
            self.post_raw(theirs["body"], theirs["headers"], provider=other).status_code, 200
        )
        self.assertEqual((self.get_inbox(other).state, self.tx.pg_capture_step), ("ignored", False))
        self.assertRefused(self.post_raw(theirs["body"], theirs["headers"]))
        self.assertEqual(self.post_raw(mine["body"], mine["headers"]).status_code, 200)
        self.assertEqual(self.tx.pg_capture_step, "waiting")

    def test_switched_off_still_hears(self):
        self.run_with(self.tx)
        self.provider.state = "disabled"
        self.post_event(self.find_event("PAYMENT.CAPTURE.COMPLETED", self.tx))
        self.assertEqual(self.tx.state, "done")

    def run_with(self, tx):
        """Let money be taken without our knowing."""
        tx._pg_refresh("test", is_new_approval=True)
        job = self.env["payment.transaction"]._pg_claim_capture()
        job.gateway.capture_payment(job.request)

    # === THE CERTIFICATE === #

    def test_chain_is_checked_against_roots(self):
        url = self.sign(self.event)[1]["PAYPAL-CERT-URL"]
        pem, now = paypal_cert.fetch(url), datetime.now(UTC)
        root = x509.load_pem_x509_certificate(self.sandbox.paypal_root_certificate().encode())
        leaf = paypal_cert.check_chain(pem, [root], now)
        self.assertIn("paypal.com", leaf.subject.rfc4514_string())
        for roots, moment in (
            (paypal_cert.load_system_roots(), now),
            ([root], now + timedelta(days=4000)),
        ):
            with self.assertRaises(SignatureError):
                paypal_cert.check_chain(pem, roots, moment)
        with self.assertRaises(SignatureError):
            paypal_cert.check_chain(b"no certificate", [root], now)
        with self.assertRaises(SignatureError):
            paypal_cert.check_chain(self.sandbox.paypal_root_certificate().encode(), [root], now)

    def test_addresses_of_certificates(self):
        good = "/v1/notifications/certs/CERT-360caa42-fca2a594-ab66f33d"
        test, live = Account(1, "test"), Account(1, "enabled")
        for account, host in (
            (test, "api.sandbox.paypal.com"),
            (test, "api-m.sandbox.paypal.com"),
            (live, "api.paypal.com"),
            (live, "api-m.paypal.com"),
        ):
            self.assertTrue(paypal_cert.check_cert_url(f"https://{host}{good}", account))
        for url in (
            f"https://api.paypal.com{good}",
            f"http://api.sandbox.paypal.com{good}",
            f"https://api.sandbox.paypal.com:8443{good}",
            f"https://api.sandbox.paypal.com.evil.example{good}",
            f"https://user@api.sandbox.paypal.com{good}",
            f"https://api.sandbox.paypal.com{good}?a=1",
            f"https://api.sandbox.paypal.com/v1/notifications/certs/../x{good}",
            "https://api.sandbox.paypal.com/v1/notifications/certs/",
            f"https://api.sandbox.paypal.com:x{good}",
            f"file://{good}",
        ):
            with self.subTest(url), self.assertRaises(SignatureError):
                paypal_cert.check_cert_url(url, test)

    def test_verified_body_is_the_raw_one(self):
        """The bytes are put in as they came: the sandbox would deny a body written anew."""
        body, _headers = self.sign(self.event)
        self.assertNotEqual(json.dumps(json.loads(body), indent=1), body)
        self.assertEqual(self.post_event(self.event).status_code, 200)
