"""A Stripe merchant: its objects, timers and webhook switches."""

import asyncio
import secrets
import string
import time

from sandbox.accounts import Account
from sandbox.stripe.errors import missing

API_VERSION = "2026-10-28.endive"
# kind of object: (prefix of the id, name in messages)
SHELVES = {
    "customer": ("cus", "customer"),
    "session": ("cs_test", "checkout.session"),
    "intent": ("pi", "payment_intent"),
    "charge": ("ch", "charge"),
    "refund": ("re", "refund"),
    "transaction": ("txn", "balance_transaction"),
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


def public(document):
    """Return a document without what the sandbox notes for itself (names with underscore)."""
    return {k: v for k, v in document.items() if not k.startswith("_")}


class StripeAccount(Account):
    """One merchant. Objects are plain dicts in Stripe's shape, by kind and id, oldest first."""

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

    def __init__(self, store, head):
        super().__init__(store, head)
        self.shelves = {kind: {} for kind in SHELVES}
        self.idempotency = {}
        self.in_flight = set()
        self.deliveries = []
        self.held = []
        self.webhooks = {"hold": False, "duplicate": 1, "reorder": False, "delay": 0.0}

    def load(self):
        for kind, shelf in self.shelves.items():
            for document in self.store.all(kind, self.id):
                shelf[document["id"]] = document
        for row in self.store.all("idempotency", self.id):
            self.idempotency[row["key"]] = row

    def put(self, kind, document):
        """Keep an object and write it through."""
        self.shelves[kind][document["id"]] = document
        self.store.put(kind, self.id, document["id"], document)
        return document

    def get(self, kind, reference):
        """Return an object.

        :raise StripeError: resource_missing
        """
        try:
            return self.shelves[kind][reference]
        except KeyError:
            raise missing(SHELVES[kind][1], reference) from None

    def discard(self, kind, reference):
        """Forget an object."""
        del self.shelves[kind][reference]
        self.store.delete(kind, self.id, reference)

    def newest(self, kind, **values):
        """Return the objects of a kind whose fields have these values, newest first."""
        return [
            d
            for d in reversed(self.shelves[kind].values())
            if all(d.get(k) == v for k, v in values.items())
        ]

    def later(self, seconds, function, *arguments):
        """Run something after a while, on the event loop."""
        asyncio.get_running_loop().call_later(max(0, seconds), function, *arguments)

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

    def describe(self):
        return {
            **super().describe(),
            "webhooks": {**self.webhooks, "held": sum(map(len, self.held))},
            "objects": {kind: len(shelf) for kind, shelf in self.shelves.items()},
        }
