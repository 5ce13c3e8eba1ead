"""PGPay over HTTP: the one place that knows its wire format.

The real PGPay, once its documents are here, costs another class like this one: it takes and returns
plain dictionaries of the contract.
"""

import json
import re
from urllib.parse import quote

from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools.redact import mask_number

from ..ports import SignatureError
from . import pgpay_signature

#: Seconds of silence until an answer is given up.
READ_TIMEOUT = 20
MAX_BYTES = 4 * 2**20

#: A phone number in a sentence of PGPay's.
NUMBER = re.compile(r"\+?[0-9]{7,15}")


class PgpayWire:
    """A client of one merchant; signs each request.

    :param str base_url: without `/v1`.
    :param str key_id: names the key; `secret` signs.
    :raise OutsideError: one of its subclasses, by all methods.
    """

    def __init__(self, base_url, key_id, secret):
        self._key_id = key_id
        self._secret = secret
        self._http = HttpClient(base_url, read_timeout=READ_TIMEOUT, max_bytes=MAX_BYTES)

    # === CALLS === #

    def ping(self):
        """Return {ok, livemode, merchant_id, server_time}."""
        return self._call("GET", "/v1/ping")

    def list_channels(self):
        """Return the merchant's channels with their limits."""
        return _rows(self._call("GET", "/v1/channels"))

    def create_payment(self, body, key):
        """Ask for a payment; the same key and body give the same payment again."""
        return self._call("POST", "/v1/payments", body, key=key, reference=body["reference"])

    def get_payment(self, payment_id):
        """Read a payment."""
        return self._call("GET", f"/v1/payments/{quote(payment_id, safe='')}", reference=payment_id)

    def find_payment(self, reference):
        """Return the payment of a reference of ours, None when there is none."""
        path = f"/v1/payments?reference={quote(reference, safe='')}"
        rows = _rows(self._call("GET", path, reference=reference))
        return rows[0] if rows else None

    def cancel_payment(self, payment_id):
        """Withdraw a payment that still waits for its payer."""
        path = f"/v1/payments/{quote(payment_id, safe='')}/cancel"
        return self._call("POST", path, {}, key=f"cancel-{payment_id}", reference=payment_id)

    def create_refund(self, payment_id, body, key):
        """Ask for a refund; the same key and body give the same refund again."""
        path = f"/v1/payments/{quote(payment_id, safe='')}/refunds"
        return self._call("POST", path, body, key=key, reference=body["reference"])

    def get_refund(self, refund_id):
        """Read a refund."""
        return self._call("GET", f"/v1/refunds/{quote(refund_id, safe='')}", reference=refund_id)

    def list_refunds(self, payment_id):
        """Return all refunds of a payment."""
        path = f"/v1/payments/{quote(payment_id, safe='')}/refunds"
        return _rows(self._call("GET", path, reference=payment_id))

    def list_events(self, since, starting_after=""):
        """Return (events, whether there are more), oldest first.

        :param datetime since: naive UTC.
        :param str starting_after: id of the last event of the page before.
        """
        path = f"/v1/events?since={quote(since.strftime('%Y-%m-%dT%H:%M:%SZ'), safe='')}&limit=100"
        if starting_after:
            path += f"&starting_after={quote(starting_after, safe='')}"
        page = self._call("GET", path)
        return _rows(page), page.get("has_more") is True

    # === WEBHOOKS === #

    @staticmethod
    def verify_webhook(raw, header, secrets):
        """Return the event in a webhook body.

        :raise SignatureError: when it is not proven to be PGPay's, or is no event.
        """
        pgpay_signature.verify_webhook(secrets, raw, header)
        try:
            event = json.loads(raw)
        except (ValueError, RecursionError):
            raise SignatureError("the body is not JSON") from None
        if not isinstance(event, dict) or event.get("object") != "event":
            raise SignatureError("not a PGPay event")
        return event

    # === TRANSPORT === #

    def _call(self, method, path, body=None, *, key=None, reference=""):
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {
            "PGPay-Key-Id": self._key_id,
            "PGPay-Signature": pgpay_signature.sign_request(self._secret, method, path, raw),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        answer = self._http.request(method, path, data=raw or None, headers=headers)
        data = _decoded(answer)
        if 200 <= answer.status < 300 and data is not None:
            return data
        raise _classify(answer, data, reference)


def _rows(page):
    """Return the objects of a list.

    :raise Unknown: when there is no list of objects.
    """
    rows = page.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unknown("No usable answer from PGPay")
    return rows


def _decoded(answer):
    """Return the object in an answer, None when there is none."""
    try:
        data = answer.json()
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _classify(answer, data, reference):
    """Return the outcome that an answer stands for, by the contract's table of errors."""
    error = (data or {}).get("error")
    if not isinstance(error, dict) or answer.status < 300:
        # A page of something in between, or half an answer, proves nothing.
        return Unknown("No usable answer from PGPay", status=answer.status, reference=reference)
    code = str(error.get("code") or "")
    details = {"code": code, "status": answer.status, "reference": reference}
    message = _redact(str(error.get("message") or "PGPay refused the request"))
    if answer.status in (429, 503) or code == "idempotency_in_progress":
        # Safe to ask again under the same key.
        return Throttled(message, retry_after=_retry_after(answer), **details)
    if code == "idempotency_key_reused":
        return Unknown("The key was used for another request", **details)
    if 400 <= answer.status < 500 and answer.status != 408:
        return Rejected(message, temporary=answer.status == 401, **details)
    return Unknown(message, **details)


def _retry_after(answer):
    headers = {name.lower(): value for name, value in answer.headers.items()}
    value = headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _redact(message):
    """Hide phone numbers in a sentence."""
    return NUMBER.sub(lambda found: mask_number(found[0]), message)[:500]
