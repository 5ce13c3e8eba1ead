"""A PGPay merchant: key, secrets, payments and refunds."""

import secrets
import time
from datetime import UTC, datetime

from sandbox import jsonx
from sandbox.accounts import Refused
from sandbox.merchant import MerchantAccount
from sandbox.pgpay import signature
from sandbox.pgpay.errors import PgpayError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
API_VERSION = "2026-01-01"
SECRETS = ("secret", "webhook_secret")


def new_id(prefix):
    """Return a fresh id such as ``pgp_01JD3Q7V9Z3M5T8K2B4N6P0RXW``."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(26))


def stamp(moment=None):
    """Write a moment (Unix seconds, default now) as RFC 3339, UTC."""
    moment = time.time() if moment is None else moment
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PgpayAccount(MerchantAccount):
    """One merchant. ``secret`` signs requests, ``webhook_secret`` signs what is delivered."""

    kind = "pgpay"
    credential_name = "key_id"
    credential_prefix = "pk_test_"
    DEFAULTS = {
        "webhook_url": "",
        "key_revoked": False,
        "disabled_channels": [],
        "limits": {},
        "life_seconds": 0.0,
        "settle_seconds": 0.0,
        "settle_outcome": "succeeded",
        "auto_outcome": "",
        "auto_seconds": 0.3,
        "refund_outcome": "succeeded",
        "refund_seconds": 0.0,
        "refund_days": 90.0,
        "fee_percent": "1.5",
        "clock_skew": 0,
    }
    SHELVES = ("payment", "refund", "event")
    LISTS = {"payments": "payment", "refunds": "refund", "events": "event"}
    VERBS = ("GET", "POST")
    CALL_EXAMPLE = "POST /v1/payments"

    def __init__(self, store, head):
        super().__init__(store, head)
        self.secret = head["secret"]
        self.webhook_secret = head["webhook_secret"]
        self.old_webhook_secret = head.get("old_webhook_secret", "")

    @classmethod
    def new_head(cls, values):
        head = super().new_head(values)
        for name in SECRETS:
            head[name] = str(values.get(name) or f"pgpay_test_{secrets.token_hex(16)}")
            if "live" in head[name]:
                raise Refused("Live keys are never accepted by the sandbox.")
        return head

    def _secrets(self):
        names = (*SECRETS, "old_webhook_secret")
        return {name: getattr(self, name) for name in names}

    def head(self):
        return {**super().head(), **self._secrets()}

    def describe(self):
        return {**super().describe(), **self._secrets(), "merchant_id": self.merchant_id}

    def check_again(self, values):
        for name in SECRETS:
            if values.get(name) not in (None, "", getattr(self, name)):
                raise Refused(f"This key_id has another {name}.")

    @property
    def merchant_id(self):
        """The merchant as PGPay names it."""
        return self.id.replace("acct_", "mer_")

    def rotate_webhook_secret(self):
        """Make a new webhook secret; deliveries carry both signatures until :meth:`retire`."""
        self.old_webhook_secret = self.webhook_secret
        self.webhook_secret = f"pgpay_test_{secrets.token_hex(16)}"
        self.save()

    def retire_webhook_secret(self):
        """End a rotation: the old secret signs no more."""
        self.old_webhook_secret = ""
        self.save()

    def missing(self, kind, reference):
        return PgpayError("not_found", f"no such {kind}", f"{kind}_id")

    def start(self):
        """Arm what was waiting when the process ended."""
        from sandbox.pgpay import payments, refunds

        for payment in self.shelves["payment"].values():
            payments.arm(self, payment)
        for refund in self.shelves["refund"].values():
            refunds.arm(self, refund)

    # === WEBHOOKS === #

    def listeners(self, event):
        subject = event["data"]["object"]
        payment = self.shelves["payment"].get(subject.get("payment_id") or subject["id"], {})
        url = payment.get("_webhook_url") or self.settings["webhook_url"]
        return [{"id": "portal", "url": url}] if url else []

    def is_listening(self, endpoint):
        return True

    def signed(self, endpoint, event, age=0):
        body = jsonx.encode(event)
        keys = [key for key in (self.webhook_secret, self.old_webhook_secret) if key]
        return body, {
            "Content-Type": "application/json",
            "PGPay-Signature": signature.webhook_header(keys, body, int(time.time() - age)),
            "PGPay-Delivery": f"dlv_{secrets.token_hex(8)}",
            "User-Agent": "PGPay-Webhooks/1",
        }
