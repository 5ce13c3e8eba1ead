"""What may be written to a log or shown to staff of somebody else's data."""

import re

DOTS = "••••"
_LONG_NUMBER = re.compile(r"\+?\d{8,}")


def mask_number(number):
    """Return a phone number with only its country code and last four digits: +675••••0000."""
    digits = str(number or "")
    if len(digits) < 8:
        return DOTS if digits else ""
    return f"{digits[:4]}{DOTS}{digits[-4:]}"


def mask_numbers(text):
    """Return a text in which whatever may be a phone number is masked."""
    return _LONG_NUMBER.sub(lambda match: mask_number(match[0].lstrip("+")), str(text or ""))


def mask_email(email):
    """Return an address with only its first letter and domain: a••••@example.com."""
    name, at, domain = str(email or "").partition("@")
    return f"{name[:1]}{DOTS}{at}{domain}" if at else (DOTS if name else "")


def allow(mapping, keys):
    """Return only the named keys of a mapping: logs and records are an allowlist."""
    return {key: mapping[key] for key in keys if key in mapping}
