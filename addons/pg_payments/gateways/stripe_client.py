"""The Stripe SDK behind our limits: time, retries, version, outcome classes, log lines."""

import logging
import re
import time
from urllib.parse import quote

import stripe
from odoo.addons.pg_base.outcomes import Rejected, Throttled, Unknown

from .stripe_const import API_VERSION

_logger = logging.getLogger(__name__)

# The SDK logs addresses at INFO and bodies at DEBUG. Our own line below says what may be known.
logging.getLogger("stripe").setLevel(logging.WARNING)

#: Seconds; one number, since Odoo's test harness compares it with a number.
TIMEOUT = 20
RETRIES = 2

#: Anything that looks like a credential of Stripe.
KEY = re.compile(r"\b(?:sk|rk|whsec)_\S+")

#: Keeps a connection per thread open between calls: making one takes longer than a call. It holds
#: nothing of an account; the SDK repeats a request whose connection turns out to be closed.
HTTP = stripe.RequestsClient(timeout=TIMEOUT)


def make_client(secret_key, api_base=None):
    """Return a client of one account; nothing of an account is shared.

    :param str api_base: None for the real Stripe, else the sandbox's address.
    """
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base} if api_base else None,
        max_network_retries=RETRIES,
        http_client=HTTP,
    )


def read(label, client, path, gateway_id, **params):
    """Read one object and return plain dictionaries.

    The SDK makes the request and names its errors; what it would build of the answer, an object
    for each of its parts, costs as much as the request and nobody looks at it.

    :param str path: of the kind of object, below the version.
    :raise OutsideError: one of its subclasses.
    """
    address = f"/v1/{path}/{quote(gateway_id, safe='')}"
    return call(label, client.raw_request, "get", address, reference=gateway_id, **params)


def call(label, function, *args, reference="", **kwargs):
    """Call the SDK once and return plain dictionaries.

    :param str label: what is asked for, in the log.
    :raise OutsideError: one of its subclasses.
    """
    started = time.monotonic()
    result = "ok"
    try:
        answer = function(*args, **kwargs)
        is_plain = isinstance(answer, stripe.StripeResponse)
        return answer.data if is_plain else answer.to_dict()
    except stripe.StripeError as error:
        outcome = classify(error, reference)
        result = f"{type(outcome).__name__} {outcome.code or outcome.status or ''}".strip()
        raise outcome from None
    finally:
        spent = (time.monotonic() - started) * 1000
        _logger.info("stripe %s %s: %s in %.0f ms", label, reference, result, spent)


def classify(error, reference=""):
    """Return the outcome that an error of the SDK stands for.

    The SDK repeats a request by itself, so an error of connecting may follow a try that was
    executed: no error of transport proves that nothing happened.
    """
    status = error.http_status
    details = {"code": error.code or "", "status": status, "reference": reference}
    if isinstance(error, stripe.RateLimitError) or status == 429:
        return Throttled("Stripe asks to slow down", retry_after=_retry_after(error), **details)
    if isinstance(error, stripe.IdempotencyError):
        return Unknown("The key was used for another request", **details)
    is_answer = isinstance(error.json_body, dict)  # Not a page of something in between.
    if is_answer and 400 <= status < 500 and status not in (408, 409):
        temporary = isinstance(error, stripe.AuthenticationError | stripe.PermissionError)
        message = error.user_message or "Stripe refused the request"
        return Rejected(_redact(message), temporary=temporary, **details)
    return Unknown(f"No usable answer from Stripe ({type(error).__name__})", **details)


def _retry_after(error):
    value = (error.headers or {}).get("retry-after", "")
    return float(value) if str(value).isdigit() else None


def _redact(message):
    """Drop keys, which Stripe repeats in sentences such as "Invalid API Key provided: sk_…"."""
    return KEY.sub("…", message)
