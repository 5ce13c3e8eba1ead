"""Reading what a browser sent: anything may come, only short and sane values pass."""

import re
from decimal import Decimal, InvalidOperation

MAX_TEXT = 254
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
AMOUNT = re.compile(r"\d{1,9}(?:\.\d{1,4})?")
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


def text(value, limit=MAX_TEXT):
    """Return a string without control characters and outer blanks, cut one past its limit.

    The one character more lets the rule that owns the limit refuse it with its own words.
    """
    return CONTROL.sub("", value).strip()[: limit + 1] if isinstance(value, str) else ""


def record_id(value):
    """Return a database id, or None when it cannot be one."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
        return int(value) or None
    return None


def token(value):
    """Return a key or token of the usual alphabet, or ''."""
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else ""


def amount(value):
    """Return a Decimal from an amount as people type it, or None.

    A comma is a decimal sign unless three digits follow it or a point follows later.
    """
    cleaned = re.sub(r"[\s\u00a0']", "", value) if isinstance(value, str) else ""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", cleaned):
        cleaned = cleaned.replace(",", "")
    cleaned = cleaned.replace(",", ".")
    if not cleaned.isascii() or not AMOUNT.fullmatch(cleaned):
        return None
    try:
        return Decimal(cleaned)
    except InvalidOperation:
        return None
