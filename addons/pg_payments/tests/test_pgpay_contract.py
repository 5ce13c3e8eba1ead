import json

from odoo.tests import tagged

from .common_pgpay import PgpayCase
from .test_paypal_contract import load_checker


@tagged("post_install", "-at_install", "pg")
class TestPgpayContract(PgpayCase):
    """What we send is what the contract's OpenAPI file allows."""

    def test_every_request_is_valid(self):
        checker = load_checker("pgpay.openapi.json")
        bad = {"reference": "T-1", "amount": "1250", "currency": "PGK"}
        self.assertTrue(checker.request("post", "/v1/payments", json.dumps(bad)), "Checks nothing")
        tx = self.create_paid_tx(amount=10.0)
        tx._refund(4.0)
        self.run_refunds()
        for channel in ("bsp_pay", "kina_bank", "card"):
            self.create_open_tx(channel=channel)._pg_withdraw()
        checked = set()
        for call in self.sandbox.calls(self.account):
            verb, path = call["method"].split(" ", 1)
            if verb == "POST":
                self.assertEqual(checker.request("post", path, call["body"]), [], path)
                self.assertRegex(call["idempotency_key"], r"^[A-Za-z0-9_-]{16,64}$")
                checked.add(path.rsplit("/", 1)[-1])
        self.assertEqual(checked, {"payments", "refunds", "cancel"})
