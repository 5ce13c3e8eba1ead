import importlib.util
import json
import unittest
from pathlib import Path

from odoo.tests import tagged

from .common import PayPalCase

CONTRACTS = Path("shared") / "contracts"


def load_checker(name="paypal.min.openapi.json"):
    """Return a checker of an OpenAPI file, which lies beside the project, not in it."""
    for folder in Path(__file__).resolve().parents:
        path = folder / CONTRACTS / name
        if path.exists():
            spec = importlib.util.spec_from_file_location(
                "spec_check", path.with_name("spec_check.py")
            )
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.SpecCheck(str(path))
    raise unittest.SkipTest(f"{name} is not beside the project.")


@tagged("post_install", "-at_install", "pg")
class TestPayPalContract(PayPalCase):
    """What we send is what PayPal's own OpenAPI file allows."""

    def test_every_request_is_valid(self):
        checker = load_checker()
        bad = {"intent": "X", "purchase_units": [{"amount": {"currency_code": "USD", "value": 1}}]}
        self.assertTrue(
            checker.request("post", "/v2/checkout/orders", json.dumps(bad)), "It checks nothing"
        )
        tx = self.create_paid_tx(amount=10.0)
        self.post_event(self.find_event("CHECKOUT.ORDER.APPROVED", tx))
        tx._refund(4.0)
        self.run_refunds()
        checked = set()
        for call in self.sandbox.calls(self.account):
            verb, path = call["method"].split(" ", 1)
            if verb == "POST" and "/oauth2/" not in path:
                errors = checker.request(verb.lower(), path, call["body"])
                self.assertEqual(errors, [], path)
                checked.add(path.rsplit("/", 1)[-1])
        self.assertEqual(
            checked, {"orders", "capture", "refund", "webhooks", "verify-webhook-signature"}
        )
