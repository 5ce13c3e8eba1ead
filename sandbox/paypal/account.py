"""A PayPal merchant: its credentials, objects and webhooks."""

import secrets
import string
import time
from datetime import UTC, datetime

from sandbox import jsonx
from sandbox.accounts import Refused
from sandbox.merchant import MerchantAccount
from sandbox.paypal import certs, views
from sandbox.paypal.errors import missing

ALPHABET = string.ascii_uppercase + string.digits
PAYER = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id(length=17, alphabet=ALPHABET):
    """Return a fresh id such as ``5O190127TN364715T``."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def stamp(moment=None):
    """Write a moment (Unix seconds, default now) as PayPal does."""
    moment = time.time() if moment is None else moment
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PayPalAccount(MerchantAccount):
    """One merchant at PayPal; ``currency`` is what it settles in, empty for that of each order."""

    kind = "paypal"
    credential_name = "client_id"
    credential_prefix = "test_client_"
    DEFAULTS = {
        "token_seconds": 32400,
        "approval_seconds": 10800.0,
        "capture_outcome": "COMPLETED",
        "capture_reason": "PENDING_REVIEW",
        "capture_seconds": 0.0,
        "capture_end": "COMPLETED",
        "refund_outcome": "COMPLETED",
        "refund_seconds": 0.0,
        "refund_days": 180.0,
        "partial_refunds": True,
        "refund_balance": "",
        "unique_invoices": True,
        "fee_percent": "3.4",
        "fee_fixed": "0.30",
    }
    SHELVES = ("order", "capture", "refund", "dispute", "endpoint", "event")
    LISTS = {
        "orders": "order",
        "captures": "capture",
        "refunds": "refund",
        "disputes": "dispute",
        "endpoints": "endpoint",
        "events": "event",
    }
    VERBS = ("GET", "POST", "PATCH", "DELETE")
    CALL_MARKS = (" /v1/", " /v2/")
    CALL_EXAMPLE = "POST /v2/checkout/orders/*/capture"

    def __init__(self, store, head):
        super().__init__(store, head)
        self.client_secret = head["client_secret"]
        self.tokens = {}

    @classmethod
    def new_head(cls, values):
        secret = str(values.get("client_secret") or "test_secret_" + secrets.token_hex(16))
        if "live" in secret:
            raise Refused("Live keys are never accepted by the sandbox.")
        return {**super().new_head(values), "client_secret": secret}

    def head(self):
        return {**super().head(), "client_secret": self.client_secret}

    def describe(self):
        return {**super().describe(), "client_secret": self.client_secret}

    def check_again(self, values):
        if values.get("client_secret") not in (None, "", self.client_secret):
            raise Refused("This client_id has another client_secret.")

    def new_token(self):
        """Return (access token, seconds it lives)."""
        seconds = self.settings["token_seconds"]
        token = f"A21AA{self.id.removeprefix('acct_')}{secrets.token_urlsafe(48)}"
        self.tokens[token] = time.time() + seconds
        return token, seconds

    def accepts(self, token):
        """Say whether an access token is of this account and still valid."""
        return self.tokens.get(token, 0) > time.time()

    def missing(self, kind, reference):
        return missing(reference)

    def show(self, kind, document):
        return views.of(self, kind, document)

    def start(self):
        """Arm what was waiting when the process ended."""
        from sandbox.paypal import captures, orders, refunds

        for order in self.shelves["order"].values():
            if order["status"] == "APPROVED":
                orders.arm(self, order)
        for capture in self.shelves["capture"].values():
            captures.arm(self, capture)
        for refund in self.shelves["refund"].values():
            refunds.arm(self, refund)

    # === WEBHOOKS === #

    def listeners(self, event):
        return [
            endpoint
            for endpoint in self.shelves["endpoint"].values()
            if {"*", event["event_type"]} & {kind["name"] for kind in endpoint["event_types"]}
        ]

    def signed(self, endpoint, event, age=0):
        body, when = jsonx.encode(self.show("event", event)), stamp(time.time() - age)
        headers = certs.of(self.store).headers(body, endpoint["id"], endpoint["_base"], when)
        return body, {"Content-Type": "application/json", "User-Agent": "PayPal/AUHR", **headers}

    def label(self, event):
        resource = event["resource"]
        return event["event_type"], resource.get("id") or resource.get("order_id")
