"""A PGecom merchant: its user id, its orders, and the tokens that stand for them."""

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from datetime import UTC, datetime

from sandbox import jsonx
from sandbox.face import ServiceError
from sandbox.merchant import MerchantAccount
from sandbox.wire import Reply


class PgecomError(ServiceError):
    """A refusal: a sentence and a status, in the body as well."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status

    def reply(self):
        return Reply.of(self.status, {"message": str(self), "status": self.status})


def stamp():
    """Write the present as PGecom does, with milliseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class PgecomAccount(MerchantAccount):
    """One merchant. ``user_id`` is no secret: it goes into every order; ``api_token`` is one."""

    kind = "pgecom"
    credential_name = "user_id"
    DEFAULTS = {
        "token_seconds": 3600,
        "gourdes_per_usd": "179.62",
        "fee_percent": "0",
    }
    SHELVES = ("order", "event")
    LISTS = {"orders": "order", "events": "event"}
    VERBS = ("GET", "POST")
    CALL_MARKS = (" /api/",)
    CALL_EXAMPLE = "POST /api/pgpay/token"

    def __init__(self, store, head):
        super().__init__(store, head)
        self.api_token = head["api_token"]
        self.signing_key = head["signing_key"]

    @classmethod
    def new_head(cls, values):
        head = super().new_head(values)
        head["credential"] = str(values.get("user_id") or uuid.uuid4())
        head["api_token"] = str(values.get("api_token") or f"pgecom_test_{secrets.token_hex(16)}")
        head["signing_key"] = secrets.token_hex(16)
        return head

    def head(self):
        return {**super().head(), "api_token": self.api_token, "signing_key": self.signing_key}

    def describe(self):
        return {**super().describe(), "api_token": self.api_token}

    def missing(self, kind, reference):
        return PgecomError(f"Order with id {reference} not found")

    # === TOKENS === #

    def new_token(self, order_id):
        """Return a token (JWT, HS256) that stands for an order."""
        now = int(time.time())
        end = now + int(self.settings["token_seconds"])
        claims = {"orderId": order_id, "iat": now, "exp": end}
        text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{text}.{self._mac(text)}"

    def order_of(self, token):
        """Return the order of a token of this merchant, or None.

        :raise PgecomError: when the token has expired
        """
        text, _, mac = token.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(text).encode()):
            return None
        part = text.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if claims["exp"] <= time.time():
            raise PgecomError("jwt expired - session expired", 401)
        return self.shelves["order"].get(claims["orderId"])

    def _mac(self, text):
        return _encoded(hmac.digest(self.signing_key.encode(), text.encode(), hashlib.sha256))

    # === WEBHOOKS === #

    def listeners(self, event):
        return [{"id": "order", "url": event["url"]}] if event["url"] else []

    def is_listening(self, endpoint):
        return True

    def signed(self, endpoint, event, age=0):
        """Return a delivery. Nothing proves where it comes from: PGecom signs nothing."""
        return jsonx.encode(event["body"]), {"Content-Type": "application/json"}

    def label(self, event):
        return event["type"], event["body"]["orderId"]


def _encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _part(data):
    return _encoded(json.dumps(data, separators=(",", ":")).encode())
