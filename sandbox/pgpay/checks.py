"""The shape of a request's body, by the contract."""

import re

from sandbox.pgpay.errors import PgpayError
from sandbox.wire import is_loopback_url

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/#-]{0,63}")
CURRENCY = re.compile(r"[A-Z]{3}")
MSISDN = re.compile(r"\+[1-9][0-9]{7,14}")
PNG_MSISDN = re.compile(r"\+675[0-9]{7,8}")
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
URL = re.compile(r"https?://[^\s]{1,490}")
REASONS = ("requested_by_customer", "duplicate", "fraudulent", "other")
LARGEST = 99999999999


def refuse_unknown(body, known):
    """Refuse a field that the contract does not name."""
    for name in sorted(set(body) - set(known)):
        raise PgpayError("parameter_invalid", f"{name} is not known", name)


def required(body, *names):
    """Refuse a body without one of these fields."""
    for name in names:
        if body.get(name) is None:
            raise PgpayError("parameter_missing", f"{name} is required", name)


def text(body, name, pattern=None, longest=None):
    """Return a text field or None.

    :raise PgpayError: when it is no text, too long or of the wrong form
    """
    value = body.get(name)
    if value is None:
        return None
    is_good = isinstance(value, str) and (longest is None or len(value) <= longest)
    if not is_good or (pattern and not pattern.fullmatch(value)):
        raise PgpayError("parameter_invalid", f"{name} is not valid", name)
    return value


def whole(body, name, least, most, default=None):
    """Return an integer field within its bounds."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PgpayError(
            "parameter_invalid", f"{name} must be a whole number from {least} to {most}", name
        )
    return value


def metadata(body):
    """Return the metadata: at most 20 texts of at most 500 characters."""
    value = body.get("metadata", {})
    is_good = isinstance(value, dict) and len(value) <= 20
    if not is_good or not all(isinstance(v, str) and len(v) <= 500 for v in value.values()):
        raise PgpayError("parameter_invalid", "metadata is not valid", "metadata")
    return value


def payer(body):
    """Return the payer or None; a number outside E.164 or Papua New Guinea's plan is refused."""
    value = body.get("payer")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise PgpayError("parameter_invalid", "payer is not valid", "payer")
    text(value, "name", longest=120)
    text(value, "email", longest=254)
    number = value.get("msisdn")
    if number is not None:
        plan = PNG_MSISDN if str(number).startswith("+675") else MSISDN
        if not isinstance(number, str) or not plan.fullmatch(number):
            raise PgpayError("msisdn_invalid", "not a mobile number", "payer.msisdn")
    return {k: value[k] for k in ("msisdn", "name", "email") if value.get(k) is not None}


def webhook_url(body):
    """Return the address for events or None; only this machine is ever called."""
    value = text(body, "webhook_url", URL)
    if value and not is_loopback_url(value):
        raise PgpayError("parameter_invalid", "the sandbox calls this machine only", "webhook_url")
    return value
