"""Tests against the real sandbox over HTTP; nothing of ours is replaced."""

import json
import os
import sys
import time
import unittest
import uuid
from pathlib import Path

import stripe
from odoo.addons.pg_base.tests.common import BaseCase
from odoo.tests import HttpCase

SECRET = "whsec_" + "t" * 32


def find_sandbox():
    """Put the folder that holds `sandbox/` on the path and return its client class."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "sandbox" / "client.py").exists():
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
            from sandbox.client import SandboxClient

            return SandboxClient
    raise unittest.SkipTest("There is no sandbox/ folder above this addon.")


class GatewayCase(BaseCase, HttpCase):
    """A sandbox, a seller whose currency is PGK, and a payer; the account comes below."""

    method_ref = "payment.payment_method_card"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = os.environ.get("PG_SANDBOX_URL")
        if not url:
            raise unittest.SkipTest("PG_SANDBOX_URL is not set: no sandbox to test against.")
        cls.sandbox = find_sandbox()(url)
        cls.pgk = cls.env.ref("base.PGK")
        cls.pgk.active = True
        (cls.seller | cls.other_seller).currency_id = cls.pgk
        cls.payer = cls.env["res.partner"].create(
            {"name": "Mary Kila", "email": "mary.kila@example.com", "lang": "en_US"}
        )
        cls.set_up_account()

    @classmethod
    def set_up_account(cls):
        """Make `account` at the sandbox and `provider` here."""

    @classmethod
    def tearDownClass(cls):
        if getattr(cls, "account", None):
            cls.sandbox.delete_account(cls.account)
        super().tearDownClass()

    @classmethod
    def find_provider(cls, company, code):
        return cls.env["payment.provider"].search(
            [("code", "=", code), ("company_id", "=", company.id)]
        )

    # === PAYMENTS === #

    def create_tx(self, amount=10.0, provider=None, currency=None, **values):
        """Return a new transaction of the payer."""
        provider = provider or self.provider
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env.ref(self.method_ref).id,
                    "reference": f"T-{uuid.uuid4().hex[:10].upper()}",
                    "amount": amount,
                    "currency_id": (currency or self.pgk).id,
                    "partner_id": self.payer.id,
                    "operation": "online_redirect",
                    **values,
                }
            )
        )

    def create_open_tx(self, **values):
        """Return a transaction whose payment page is open."""
        tx = self.create_tx(**values)
        tx._get_processing_values()
        self.assertEqual(tx.state, "draft", tx.state_message)
        return tx

    def create_paid_tx(self, **values):
        """Return a transaction that is paid and known to be."""
        tx = self.create_open_tx(**values)
        self.pay(tx)
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "done")
        return tx

    def pay(self, tx, outcome="pay"):
        """Click on the payment page."""
        return self.sandbox.pay(tx.pg_checkout_ref, outcome)

    def count_calls(self, method, account=None):
        return len(self.sandbox.calls(account or self.account, method))

    def get_inbox(self, provider=None):
        return self.env["pg.payment.event"].search(
            [("provider_id", "=", (provider or self.provider).id)]
        )

    # === CRONS === #

    def run_refunds(self):
        """Let the worker of refunds run once."""
        self.env.flush_all()
        self.env["payment.transaction"]._cron_pg_refunds()
        self.env.invalidate_all()

    def run_captures(self):
        """Let the worker of captures run once."""
        self.env.flush_all()
        self.env["payment.transaction"]._cron_pg_captures()
        self.env.invalidate_all()

    def run_polls(self):
        """Let the cron of questions run once."""
        self.env.flush_all()
        self.env["payment.transaction"]._cron_pg_poll()
        self.env.invalidate_all()


class StripeCase(GatewayCase):
    """A seller with a fresh account at the sandbox's Stripe."""

    @classmethod
    def set_up_account(cls):
        cls.account = cls.sandbox.create_account("stripe", currency="AUD")
        cls.provider = cls._set_up_provider(cls.seller, cls.account, SECRET)

    @classmethod
    def _set_up_provider(cls, company, account, secret):
        provider = cls.find_provider(company, "stripe_checkout")
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "pg_secret_key": account["secret_key"],
                "pg_webhook_secret": secret,
                "pg_api_base": cls.sandbox.stripe_url,
            }
        )
        return provider

    def find_session(self, tx):
        return next(s for s in self.sandbox.sessions(self.account) if s["id"] == tx.pg_checkout_ref)

    # === NEWS === #

    def find_event(self, kind, tx=None, account=None):
        """Return the newest event of a type, about a transaction where one is given."""
        for event in reversed(self.sandbox.events(account or self.account)):
            thing = event["data"]["object"]
            known = (thing.get("metadata") or {}).get("odoo_ref"), thing.get("payment_intent")
            if event["type"] == kind and (
                not tx or tx.reference in known or tx.pg_payment_ref in known
            ):
                return event
        raise AssertionError(f"The sandbox has no event {kind}")

    def post_event(self, event, *, provider=None, secret=SECRET, header=None, age=0):
        """Post an event as the gateway does: raw signed bytes."""
        body = event if isinstance(event, str) else json.dumps(event)
        if header is None:
            header = stripe.WebhookSignature.generate_signature_header(
                body, secret, int(time.time()) - age
            )
        provider = provider or self.provider
        self.env.flush_all()
        answer = self.url_open(
            f"/payment/stripe_checkout/webhook/{provider.id}",
            data=body.encode(),
            headers={"Content-Type": "application/json", "Stripe-Signature": header},
        )
        self.env.invalidate_all()
        return answer


class PayPalCase(GatewayCase):
    """A seller with a fresh account at the sandbox's PayPal that charges US dollars.

    Events are held back there and posted by the tests: the sandbox may not call a test.
    """

    method_ref = "payment.payment_method_paypal"

    @classmethod
    def set_up_account(cls):
        cls.usd = cls.env.ref("base.USD")
        cls.usd.active = True
        cls.env["res.currency.rate"].create(
            {"currency_id": cls.usd.id, "company_id": False, "name": "2020-01-01", "rate": 0.2585}
        )
        cls.account = cls.sandbox.create_account("paypal")
        cls.sandbox.hold_webhooks(cls.account)
        cls.provider = cls._set_up_provider(cls.seller, cls.account)

    @classmethod
    def _set_up_provider(cls, company, account):
        provider = cls.find_provider(company, "paypal_orders")
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "pg_client_id": account["client_id"],
                "pg_secret_key": account["client_secret"],
                "pg_api_base": cls.sandbox.paypal_url,
            }
        )
        provider.action_pg_create_webhook()
        return provider

    def create_tx(self, amount=10.0, provider=None, currency=None, **values):
        """Return a new transaction, in US dollars unless told."""
        return super().create_tx(amount, provider, currency or self.usd, **values)

    def create_approved_tx(self, outcome="close", **values):
        """Return a transaction that the payer approved, of which we do not know yet."""
        tx = self.create_open_tx(**values)
        self.pay(tx, outcome)
        return tx

    def create_paid_tx(self, **values):
        """Return a transaction whose money was taken."""
        tx = self.create_approved_tx(**values)
        tx._pg_refresh("test")
        self.run_captures()
        self.assertEqual(tx.state, "done", tx.state_message)
        return tx

    def find_order(self, tx):
        return next(o for o in self.sandbox.orders(self.account) if o["id"] == tx.pg_checkout_ref)

    def find_captures(self, tx):
        """Return what was taken for a transaction, at the gateway."""
        captures = self.sandbox.captures(self.account)
        return [c for c in captures if c.get("custom_id") == tx.reference]

    def count_captures(self, tx):
        """Return how many times a capture was asked for."""
        return self.count_calls(f"POST /v2/checkout/orders/{tx.pg_checkout_ref}/capture")

    # === NEWS === #

    def find_event(self, kind, tx=None, account=None):
        """Return the id of the newest event of a type, about a transaction where one is given."""
        for event in reversed(self.sandbox.events(account or self.account)):
            text = json.dumps(event["resource"])
            known = not tx or tx.reference in text or (tx.pg_checkout_ref or "-") in text
            if event["event_type"] == kind and (known or (tx.pg_payment_ref or "-") in text):
                return event["id"]
        raise AssertionError(f"The sandbox has no event {kind}")

    def sign(self, event_id, account=None, age=0):
        """Return (body, headers) as PayPal sends an event."""
        rows = self.sandbox.signed_event(account or self.account, event_id, age)
        signed = next(row for row in rows if row["url"] == self.provider.pg_webhook_url)
        return signed["body"], signed["headers"]

    def post_event(self, event_id, *, provider=None, account=None, age=0):
        """Post an event as the gateway does: raw signed bytes."""
        return self.post_raw(*self.sign(event_id, account, age), provider=provider)

    def post_raw(self, body, headers, provider=None):
        raw = body if isinstance(body, bytes) else body.encode()
        self.env.flush_all()
        answer = self.url_open(
            f"/payment/paypal_orders/webhook/{(provider or self.provider).id}",
            data=raw,
            headers={"Content-Type": "application/json", **headers},
        )
        self.env.invalidate_all()
        return answer
