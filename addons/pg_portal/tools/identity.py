"""What a customer types to say who it is: an e-mail address or a mobile number."""

import re
from dataclasses import dataclass

from odoo.addons.pg_base.tools.redact import mask_email, mask_number
from odoo.addons.pg_catalog.tools import numbering
from odoo.tools import email_normalize

EMAIL, SMS = "email", "sms"
MAX_LENGTH = 254
PLAIN = re.compile(r"[^\s<>()\[\],;:\\\"@]+@[^\s<>()\[\],;:\\\"@]+")
DIGITS = re.compile(r"\d")


@dataclass(frozen=True)
class Identity:
    """An address that a customer can prove to have. ``channel``: email or sms."""

    channel: str
    value: str


def parse(text, country_code=None):
    """Return the Identity in what was typed, or None when it is neither address nor number.

    :param str country_code: the country of a number that is typed without one.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_LENGTH:
        return None
    if "@" in text:
        email = email_normalize(text.strip())
        return Identity(EMAIL, email) if email and PLAIN.fullmatch(email) else None
    try:
        return Identity(SMS, numbering.parse(text, country_code).e164)
    except numbering.BadNumber:
        return None


def masked(identity):
    """Return the identity as it may stand on a screen that others see."""
    mask = mask_email if identity.channel == EMAIL else mask_number
    return mask(identity.value)


def clean_code(text):
    """Return the six digits of a code as typed, or '' when it cannot be one."""
    if not isinstance(text, str) or len(text) > 20 or not text.isascii():
        return ""
    digits = "".join(DIGITS.findall(text))
    return digits if len(digits) == 6 else ""
