"""A Stripe merchant: its objects, timers and endpoints."""

import secrets
import string
import time

from stripe import WebhookSignature

from sandbox import jsonx
from sandbox.merchant import MerchantAccount
from sandbox.stripe.errors import missing

API_VERSION = "2026-10-28.endive"
# kind of object: (prefix of the id, name in messages)
PREFIXES = {
    "customer": ("cus", "customer"),
    "session": ("cs_test", "checkout.session"),
    "intent": ("pi", "payment_intent"),
    "charge": ("ch", "charge"),
    "refund": ("re", "refund"),
    "transaction": ("txn", "balance_transaction"),
    "dispute": ("du", "dispute"),
    "endpoint": ("we", "webhook endpoint"),
    "event": ("evt", "event"),
}
ALPHABET = string.ascii_letters + string.digits


def now():
    """Return the present as Stripe counts it."""
    return int(time.time())


def new_id(prefix, length=24):
    """Return a fresh id such as ``pi_3Kd…``."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


class StripeAccount(MerchantAccount):
    """One merchant at Stripe."""

    kind = "stripe"
    credential_name = "secret_key"
    credential_prefix = "sk_test_"
    DEFAULTS = {
        "min_expiry_seconds": 1800,
        "settle_seconds": 0.0,
        "refund_seconds": 0.0,
        "refund_outcome": "succeeded",
        "fee_percent": "2.9",
        "fee_fixed": 30,
    }

    SHELVES = tuple(PREFIXES)
    LISTS = {
        "customers": "customer",
        "sessions": "session",
        "payment_intents": "intent",
        "charges": "charge",
        "refunds": "refund",
        "balance_transactions": "transaction",
        "disputes": "dispute",
        "endpoints": "endpoint",
        "events": "event",
    }

    def missing(self, kind, reference):
        return missing(PREFIXES[kind][1], reference)

    def start(self):
        """Arm the expiry of sessions and what else was waiting when the process ended."""
        from sandbox.stripe import payments, refunds, sessions, webhooks

        for session in self.shelves["session"].values():
            if session["status"] == "open":
                sessions.arm(self, session)
        for charge in self.shelves["charge"].values():
            if charge["status"] == "succeeded" and not charge["balance_transaction"]:
                webhooks.emit(self, payments.settle(self, charge))
        for refund in self.shelves["refund"].values():
            if refund["status"] == "pending":
                webhooks.emit(self, refunds.arm(self, refund))

    # === WEBHOOKS === #

    def listeners(self, event):
        return [
            endpoint
            for endpoint in self.shelves["endpoint"].values()
            if endpoint["status"] == "enabled"
            and ("*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"])
        ]

    def signed(self, endpoint, event, age=0):
        body = jsonx.dumps(event)
        return body.encode(), {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": WebhookSignature.generate_signature_header(
                body, endpoint["_secret"], now() - int(age)
            ),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }

    def taken(self, event):
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        self.put("event", event)
