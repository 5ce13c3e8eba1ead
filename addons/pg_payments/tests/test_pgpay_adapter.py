import time
from decimal import Decimal

from odoo.addons.pg_base.outcomes import NotSent, Rejected, Throttled, Unknown
from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, tagged

from ..gateways import find_class, pgpay_number, pgpay_signature
from ..gateways.pgpay import PgpayGateway
from ..gateways.pgpay_pgecom import PgecomGateway
from ..ports import Account, CheckoutRequest, RefundRequest, SignatureError
from .common_pgpay import PgpayCase

MOMENT = 1764000000
SECRET = "pgpay_test_secret"


@tagged("post_install", "-at_install", "pg")
class TestPgpayParts(BaseCase):
    """What needs no gateway: signatures by the contract's vectors, numbers, dialects."""

    def test_vectors_of_the_contract(self):
        header = pgpay_signature.sign_request(SECRET, "POST", "/v1/payments", b'{"a":1}', MOMENT)
        mac = "205334e96e4d79dd4c9c308832f116ae8d474111b42789794f2cde4e1affd147"
        self.assertEqual(header, f"t={MOMENT},v1={mac}")

    def _webhook(self, body=b'{"id":"evt_1"}', moment=MOMENT, secret=SECRET):
        return f"t={moment},v1=" + pgpay_signature._mac(secret, f"{moment}.".encode() + body)

    def test_vector_of_a_webhook(self):
        mac = "1e8afa239b5f8cc14eb483bb7832cfe6495c5a1328db78c2a09da1c301b6ecd8"
        self.assertEqual(self._webhook(), f"t={MOMENT},v1={mac}")

    def test_window_both_ways_and_rotation(self):
        body, now = b'{"id":"evt_1"}', int(time.time())
        for away in (0, -295, 295):
            header = self._webhook(body, now + away)
            pgpay_signature.verify_webhook((SECRET,), body, header)
        two = self._webhook(body, now, "new") + self._webhook(body, now)[len(f"t={now}") :]
        for secrets in ((SECRET,), ("new",), ("other", "new")):
            pgpay_signature.verify_webhook(secrets, body, two)
        refused = [
            (self._webhook(body, now - 305), body),
            (self._webhook(body, now + 305), body),
            (self._webhook(body, now), body + b" "),
            (self._webhook(body, now, "other"), body),
            (self._webhook(body, now) + f",t={now}", body),
            (f"t={now}", body),
            (f"t={now},v1=", body),
            (f"t={now},v1=ж", body),
            ("v1=00", body),
            ("", body),
            (None, body),
        ]
        for header, raw in refused:
            with self.subTest(header), self.assertRaises(SignatureError):
                pgpay_signature.verify_webhook((SECRET,), raw, header)
        with self.assertRaises(SignatureError):
            pgpay_signature.verify_webhook((), body, self._webhook(body, now))

    def test_numbers(self):
        good = {
            "70001234": "+67570001234",
            "7000 1234": "+67570001234",
            " (7000)-1234 ": "+67570001234",
            "3201234": "+6753201234",
            "67570001234": "+67570001234",
            "+675 7000 1234": "+67570001234",
            "0067570001234": "+67570001234",
            "７０００１２３４": "+67570001234",
            "+61412345678": "+61412345678",
        }
        for text, number in good.items():
            self.assertEqual(pgpay_number.normalise(text), number)
        for text in (
            "",
            None,
            "123456",
            "700012345",
            "+675700012345",
            "+675700",
            "70001234a",
            "+0",
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                pgpay_number.normalise(text)

    def test_dialects(self):
        self.assertIs(find_class("pgpay"), PgpayGateway)
        self.assertIs(find_class("pgpay", "pgpay"), PgpayGateway)
        self.assertIs(find_class("pgpay", "pgecom"), PgecomGateway)
        with self.assertRaises(KeyError):
            find_class("nobody")


@tagged("post_install", "-at_install", "pg")
class TestPgpayAdapter(PgpayCase):
    """The wire format against the sandbox."""

    def setUp(self):
        super().setUp()
        self.gateway = self.provider._pg_get_gateway()

    def make_request(self, reference, **values):
        values = {"amount": Decimal("12.50"), "channel": "cellmoni", **values}
        return CheckoutRequest(
            reference=reference,
            key=values.pop("key", f"key-{reference}".ljust(16, "x")),
            currency=values.pop("currency", "PGK"),
            description="Top-up",
            return_url="https://shop.example/return",
            cancel_url="https://shop.example/cancel",
            expires_at=None,
            database="db",
            provider_id=self.provider.id,
            payer_number=values.pop("payer_number", "+67570001234"),
            **values,
        )

    def test_handset_code_and_page(self):
        push = self.gateway.create_checkout(self.make_request("A-1"))
        self.assertEqual((push.state.status, push.state.action), ("pending", "approve_on_handset"))
        code = self.gateway.create_checkout(self.make_request("A-2", channel="kina_bank"))
        self.assertEqual((code.state.action, code.state.ussd), ("dial_ussd", "*525#"))
        page = self.gateway.create_checkout(
            self.make_request("A-3", channel="bsp_pay", payer_number="")
        )
        self.assertEqual((page.state.status, page.state.action), ("open", "redirect"))
        self.assertTrue(page.url.startswith("http"))
        (row,) = [p for p in self.sandbox.payments(self.account) if p["reference"] == "A-1"]
        self.assertEqual((row["amount"], row["currency"]), (1250, "PGK"))
        self.assertEqual(row["payer"], {"msisdn": "+67570001234"})

    def test_amounts_that_do_not_fit_are_refused(self):
        for amount, currency in (("1.001", "PGK"), ("0", "PGK"), ("-1", "PGK"), ("1", "USD")):
            with self.subTest(amount), self.assertRaises(ValueError):
                self.gateway.check_amount(Decimal(amount), currency)
        self.gateway.check_amount(Decimal("0.01"), "PGK")
        with self.assertRaises(ValueError):
            self.gateway.create_checkout(self.make_request("bad reference!"))
        self.assertEqual(len(self.sandbox.payments(self.account)), 0)

    def test_same_request_is_the_same_payment(self):
        first = self.gateway.create_checkout(self.make_request("A-1"))
        self.assertEqual(self.gateway.create_checkout(self.make_request("A-1")), first)
        # Another key for the same reference finds what is there.
        other = self.make_request("A-1", key="another-key-of-this")
        self.assertEqual(self.gateway.create_checkout(other).gateway_id, first.gateway_id)
        with self.assertRaises(Unknown) as caught:
            self.gateway._wire.create_payment({"reference": "A-9"}, "key-A-1xxxxxxxxx")
        self.assertEqual(caught.exception.code, "idempotency_key_reused")
        self.assertEqual(len(self.sandbox.payments(self.account)), 1)

    def test_lost_answer_is_found_by_reference(self):
        for fault in ("lose_answer", "garbled", "http_500_after", "empty"):
            self.sandbox.add_fault(self.account, "POST /v1/payments", fault)
            checkout = self.gateway.create_checkout(self.make_request(f"L-{fault}"))
            self.assertEqual(checkout.state.status, "pending", fault)
        self.assertEqual(len(self.sandbox.payments(self.account)), 4)

    def test_unknown_stays_unknown_when_nothing_is_seen(self):
        for look in ("http_500", "http_503", "throttle"):
            self.sandbox.add_fault(self.account, "POST /v1/payments", "http_500")
            self.sandbox.add_fault(self.account, "GET /v1/payments", look)
            with self.assertRaises(Unknown):
                self.gateway.create_checkout(self.make_request(f"U-{look}"))
        self.sandbox.clear_faults(self.account)

    def test_errors_by_the_table(self):
        table = [
            ("refuse", {"code": "amount_above_maximum"}, Rejected, False),
            ("refuse", {"code": "channel_not_enabled"}, Rejected, False),
            ("refuse", {"code": "signature_invalid"}, Rejected, True),
            ("refuse", {"code": "idempotency_in_progress"}, Throttled, None),
            ("refuse", {"code": "operator_unavailable"}, Throttled, None),
            ("throttle", {}, Throttled, None),
        ]
        for fault, details, outcome, temporary in table:
            self.sandbox.add_fault(self.account, "POST /v1/payments", fault, **details)
            with self.subTest(details), self.assertRaises(outcome) as caught:
                self.gateway.create_checkout(self.make_request("E-1"))
            self.assertEqual(getattr(caught.exception, "temporary", None), temporary)
        known = self.gateway.create_checkout(self.make_request("E-2")).gateway_id
        for fault in ("html_403", "http_500_html", "http_503", "garbled", "empty"):
            self.sandbox.add_fault(self.account, "GET /v1/payments/*", fault)
            with self.subTest(fault), self.assertRaises(Unknown):
                self.gateway.get_payment(checkout_id=known)
        nobody = PgpayGateway(Account(1, "test", "pk_test_x", "s", api_base="http://127.0.0.1:9"))
        with self.assertRaises(NotSent):
            nobody.check_connection()

    def test_numbers_in_messages_are_hidden(self):
        self.sandbox.add_fault(
            self.account,
            "POST /v1/payments",
            "refuse",
            code="msisdn_invalid",
            context="+67570001234 is not a wallet",
        )
        with self.assertRaises(Rejected) as caught:
            self.gateway.create_checkout(self.make_request("N-1"))
        self.assertNotIn("70001234", repr(caught.exception))

    def test_unknown_words_and_fields(self):
        checkout = self.gateway.create_checkout(self.make_request("W-1"))
        self.sandbox.add_fault(self.account, "GET /v1/payments/*", "extra_fields")
        state = self.gateway.get_payment(checkout_id=checkout.gateway_id)
        self.assertEqual(state.status, "pending")
        from ..gateways import pgpay_answer

        row = self.gateway._wire.get_payment(checkout.gateway_id)
        self.assertEqual(pgpay_answer.payment_state({**row, "status": "weird"}).status, "pending")
        for broken in ({}, {**row, "amount": "1250"}, {**row, "amount": True}):
            with self.assertRaises(Unknown):
                pgpay_answer.read(pgpay_answer.payment_state, broken)

    def test_refund_of_a_repeated_reference_is_found(self):
        checkout = self.gateway.create_checkout(self.make_request("R-0"))
        self.sandbox.pay(checkout.gateway_id, "approve")
        request = RefundRequest(
            "R-R-0", "refund-key-refund-1", checkout.gateway_id, Decimal("1.00"), "PGK", "db", 1
        )
        first = self.gateway.create_refund(request)
        again = RefundRequest(**{**request.__dict__, "key": "refund-key-refund-2"})
        self.assertEqual(self.gateway.create_refund(again), first)
        self.assertEqual(len(self.sandbox.refunds(self.account)), 1)

    def test_connection_and_channels(self):
        connection = self.gateway.check_connection()
        self.assertFalse(connection.live)
        self.assertTrue(connection.account.startswith("mer_"))
        self.assertEqual(self.gateway.list_channels()["cellmoni"], (True, 100, 500000))
        self.sandbox.update(self.account, clock_skew=400)
        with self.assertRaises(Rejected) as caught:
            self.gateway.check_connection()
        self.assertEqual(caught.exception.code, "timestamp_out_of_window")
        self.sandbox.update(self.account, clock_skew=0)

    def test_keys_stay_on_their_side(self):
        refused = [
            {"pg_client_id": "pk_live_x"},
            {"state": "enabled"},
            {"pg_api_base": False},
            {"pg_api_base": "http://pgpay.example.com"},
            {"pg_client_id": False},
            {"pg_secret_key": False},
        ]
        for values in refused:
            with self.subTest(values), self.assertRaises(ValidationError):
                with self.env.cr.savepoint():
                    self.provider.write(values)
        self.provider.write(
            {
                "state": "enabled",
                "pg_client_id": "pk_live_x",
                "pg_api_base": "https://api.pgpay.example",
            }
        )
