"""PayPal's Python SDK, of which only the authenticated transport is used, with its faults mended.

`paypalrestsdk` is deprecated and its models speak v1 only. `Transport` is the seam: another SDK
would replace this one class, and `call` below is all that the adapter knows of it.
"""

import hashlib
import json
import logging
import threading
import time

import paypalrestsdk
from odoo.addons.pg_base.outcomes import NotSent, Rejected, Throttled, Unknown
from paypalrestsdk import exceptions, util

_logger = logging.getLogger(__name__)

# The SDK logs addresses and request ids at INFO, tokens and bodies at DEBUG.
logging.getLogger("paypalrestsdk").setLevel(logging.WARNING)

#: Seconds of silence; one number, since Odoo's test harness compares it with a number.
TIMEOUT = 20

#: A token is given up so many seconds before PayPal does.
TOKEN_MARGIN = 60

#: Access tokens by account, in memory only: (token hash of the SDK, when it was asked for).
_tokens = {}
_tokens_lock = threading.Lock()


class TokenError(Exception):
    """No access token could be had, so the request itself was never sent."""

    def __init__(self, error):
        super().__init__(str(type(error).__name__))
        self.error = error


class Transport(paypalrestsdk.Api):
    """The SDK's client of one account.

    Mended: no limit of time; endless recursion on a standing 401; an answer 400 that is returned
    as if it were a result; headers of the caller sent to the token endpoint too; a body `null` in
    reads. Redirects are not followed, so credentials stay with the host they are for.
    """

    def __init__(self, client_id, client_secret, endpoint):
        # The SDK's mode `live` only means here that it logs no bodies; the address decides.
        super().__init__(
            mode="live", client_id=client_id, client_secret=client_secret, endpoint=endpoint
        )
        digest = hashlib.sha256(f"{client_id}\0{client_secret}".encode()).hexdigest()
        self._token_key = (endpoint, digest)

    def http_call(self, url, method, **kwargs):
        """Override of the SDK to give up after some time and to stay with the host."""
        return super().http_call(url, method, timeout=TIMEOUT, allow_redirects=False, **kwargs)

    def get_token_hash(self, authorization_code=None, refresh_token=None, headers=None):
        """Override of the SDK to share tokens between requests, and to send the token endpoint
        nothing but the credentials."""
        with _tokens_lock:
            self.token_hash, self.token_request_at = _tokens.get(self._token_key, (None, None))
        known = self.token_hash
        token = super().get_token_hash()
        if token is not known:
            with _tokens_lock:
                _tokens[self._token_key] = (
                    {**token, "expires_in": int(token.get("expires_in", 0)) - TOKEN_MARGIN},
                    self.token_request_at,
                )
        return token

    def request(self, url, method, body=None, headers=None, refresh_token=None):
        """Override of the SDK: one retry with a fresh token, then the error; a body only where
        there is one.

        :param body: a dict, or bytes that are sent as they are.
        :raise paypalrestsdk.exceptions.ConnectionError: on every status but 2xx.
        """
        data = json.dumps(body).encode() if isinstance(body, dict | list) else body
        try:
            return self._send(url, method, data, headers)
        except exceptions.UnauthorizedAccess:
            with _tokens_lock:
                _tokens.pop(self._token_key, None)
            return self._send(url, method, data, headers)

    def _send(self, url, method, data, headers):
        try:
            own = self.headers()
        except (exceptions.ConnectionError, OSError, ValueError, KeyError, TypeError) as error:
            raise TokenError(error) from None
        if data is None:
            own.pop("Content-Type")
        return self.http_call(url, method, data=data, headers={**own, **(headers or {})})


def call(transport, label, method, path, body=None, *, key="", reference=""):
    """Call PayPal once and return the decoded answer.

    :param str label: what is asked for, in the log.
    :param str key: PayPal-Request-Id; the same one never does the same thing twice.
    :raise OutsideError: one of its subclasses.
    """
    headers = {"PayPal-Request-Id": key, "Prefer": "return=representation"} if key else None
    started = time.monotonic()
    result = "ok"
    try:
        answer = transport.request(util.join_url(transport.endpoint, path), method, body, headers)
        if not isinstance(answer, dict):
            raise ValueError("not an object")
        return answer
    except TokenError as error:
        outcome = classify_token(error.error, reference)
        result = f"{type(outcome).__name__} {outcome.code or outcome.status or ''}".strip()
        raise outcome from None
    except (exceptions.ConnectionError, OSError, ValueError) as error:
        outcome = classify(error, reference)
        result = f"{type(outcome).__name__} {outcome.code or outcome.status or ''}".strip()
        raise outcome from None
    finally:
        spent = (time.monotonic() - started) * 1000
        _logger.info("paypal %s %s: %s in %.0f ms", label, reference, result, spent)


def classify(error, reference=""):
    """Return the outcome that an error of the transport stands for.

    Errors of connecting count as Unknown: the SDK does not tell whether something was sent.
    """
    body, details = _read_error(error, reference)
    status = details["status"]
    if status == 429:
        return Throttled("PayPal asks to slow down", **details)
    if body and status and 400 <= status < 500 and status not in (408, 409):
        temporary = status in (401, 403)
        return Rejected(_sentence(body), temporary=temporary, **details)
    return Unknown(f"No usable answer from PayPal ({type(error).__name__})", **details)


def classify_token(error, reference=""):
    """Return the outcome of a request that was not sent since there was no token for it."""
    _body, details = _read_error(error, reference)
    if details["status"] == 429:
        return Throttled("PayPal asks to slow down", **details)
    if details["status"] in (400, 401, 403) and details["code"]:
        return NotSent("PayPal does not accept these credentials", **details)
    return NotSent(f"No token from PayPal ({type(error).__name__})", **details)


def _read_error(error, reference):
    """Return (PayPal's own error, what an outcome tells of it)."""
    body = _read_body(error)
    status = getattr(getattr(error, "response", None), "status_code", None)
    return body, {"code": _issue(body), "status": status, "reference": reference}


def _read_body(error):
    """Return PayPal's own error in an answer, {} for a page of something in between."""
    try:
        body = json.loads(getattr(error, "content", None) or "")
    except (ValueError, TypeError):
        return {}
    return body if isinstance(body, dict) and (body.get("name") or body.get("error")) else {}


def _issue(body):
    """Return the most exact word of an error: the issue, else its name."""
    details = body.get("details") or [{}]
    return str(details[0].get("issue") or body.get("name") or body.get("error") or "")


def _sentence(body):
    """Return PayPal's sentence for a person, without the values that it repeats."""
    details = body.get("details") or [{}]
    text = details[0].get("description") or body.get("message") or body.get("error_description")
    return str(text or "PayPal refused the request")
