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


class StripeCase(BaseCase, HttpCase):
    """A seller with a fresh account at the sandbox, and a payer."""

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
        cls.account = cls.sandbox.create_account("stripe", currency="AUD")
        cls.provider = cls._set_up_provider(cls.seller, cls.account, SECRET)
        cls.payer = cls.env["res.partner"].create(
            {"name": "Mary Kila", "email": "mary.kila@example.com", "lang": "en_US"}
        )

    @classmethod
    def tearDownClass(cls):
        if getattr(cls, "account", None):
            cls.sandbox.delete_account(cls.account)
        super().tearDownClass()

    @classmethod
    def _set_up_provider(cls, company, account, secret):
        provider = cls.env["payment.provider"].search(
            [("code", "=", "stripe_checkout"), ("company_id", "=", company.id)]
        )
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
                    "payment_method_id": self.env.ref("payment.payment_method_card").id,
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

    def run_polls(self):
        """Let the cron of questions run once."""
        self.env.flush_all()
        self.env["payment.transaction"]._cron_pg_poll()
        self.env.invalidate_all()
