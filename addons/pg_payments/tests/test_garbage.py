import json
from datetime import UTC, datetime

from odoo.tests import tagged

from .common import PayPalCase, StripeCase
from .common_pgpay import PgecomCase, PgpayCase

LOGGER = "odoo.addons.pg_payments.controllers.webhook"

#: What nobody has signed; some of it once made a parser give up in an unexpected way.
BODIES = (
    b"",
    b"\x00",
    b"\xff\xfe\xfd",
    b"null",
    b"1e999",
    b'"text"',
    b"[" * 100_000,
    b'{"a":' * 30_000,
    json.dumps({"id": 1, "event_type": 2, "resource": 3}).encode(),
    json.dumps({"id": "x", "event_type": "y", "resource": {"invoice_id": 7}}).encode(),
    json.dumps(
        {
            "id": "x",
            "event_type": "y",
            "resource": {},
            "create_time": "0001-01-01T00:00:00+23:00",
        }
    ).encode(),
    json.dumps({"id": "x", "type": [], "data": {"object": []}, "object": "event"}).encode(),
    json.dumps({"orderId": "../../x", "status": "completed"}).encode(),
)
HEADERS = (
    {},
    {
        "Stripe-Signature": "t=99999999999999999999,v1=" + "0" * 64,
        "PGPay-Signature": "t=999999999999,v1=" + "0" * 64,
        "PayPal-Transmission-Id": "x",
        "PayPal-Transmission-Time": "0001-01-01T00:00:00+23:59",
        "PayPal-Transmission-Sig": "====",
        "PayPal-Cert-Url": "https://[::1",
        "PayPal-Auth-Algo": "SHA256withRSA",
    },
    {
        "Stripe-Signature": "t=-1,v1=\xe9,v1=",
        "PGPay-Signature": "t=1,t=2,v1=\xe9",
        "PayPal-Transmission-Id": "\xe9" * 1000,
        "PayPal-Transmission-Time": datetime.now(UTC).isoformat(),
        "PayPal-Transmission-Sig": "\xe9",
        "PayPal-Cert-Url": "file:///etc/passwd",
        "PayPal-Auth-Algo": "none",
    },
)


class GarbageCase:
    """Whatever is thrown at the address is refused as unproven, in one line of the log."""

    code = None

    def test_garbage_is_refused(self):
        before = len(self.sandbox.calls(self.account))
        self.env.flush_all()
        for number, body in enumerate(BODIES):
            for which, headers in enumerate(HEADERS):
                with self.subTest(body=number, headers=which):
                    with self.assertLogs(LOGGER, "WARNING") as logs:
                        answer = self.url_open(
                            f"/payment/{self.code}/webhook/{self.provider.id}",
                            data=body or b" ",
                            headers={"Content-Type": "application/json", **headers},
                        )
                    self.assertEqual((answer.status_code, len(logs.output)), (400, 1))
        self.env.invalidate_all()
        self.assertFalse(self.get_inbox())
        self.assertEqual(len(self.sandbox.calls(self.account)), before, "Nobody was asked")


@tagged("post_install", "-at_install", "pg")
class TestStripeGarbage(GarbageCase, StripeCase):
    code = "stripe_checkout"


@tagged("post_install", "-at_install", "pg")
class TestPayPalGarbage(GarbageCase, PayPalCase):
    code = "paypal_orders"


@tagged("post_install", "-at_install", "pg")
class TestPgpayGarbage(GarbageCase, PgpayCase):
    code = "pgpay"


@tagged("post_install", "-at_install", "pg")
class TestPgecomGarbage(GarbageCase, PgecomCase):
    code = "pgpay"
