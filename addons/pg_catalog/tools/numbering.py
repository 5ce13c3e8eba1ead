"""Phone numbers as people type them → E.164, by the `phonenumbers` library."""

import hashlib
import hmac
from dataclasses import dataclass

import phonenumbers
from phonenumbers import carrier

from ..const import MAX_NUMBER_LENGTH


class BadNumber(ValueError):
    """Not a phone number; ``reason``: empty, long, garbled, country, length or unassigned."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ParsedNumber:
    """A number in E.164 with its country; ``carrier`` as once assigned (numbers are ported).

    ``is_valid`` is False for a number of a right length in a range that nobody assigned.
    """

    e164: str
    country_code: str
    carrier: str
    is_valid: bool

    @property
    def digits(self):
        return self.e164.lstrip("+")


def parse(raw, country_code=None):
    """Read a number.

    :param str raw: national or international, with or without plus, 00, spaces, brackets.
    :param str country_code: the country of a number that is typed without one.
    :raise BadNumber: when it cannot be a number.
    """
    text = _clean(raw)
    if text.startswith("+"):
        return _parse(text, None)
    try:
        parsed = _parse(text, country_code)
        if parsed.is_valid:
            return parsed
        failure = None
    except BadNumber as error:
        parsed, failure = None, error
    return _parse_without_plus(text, parsed, failure)


def is_international(raw):
    """Tell whether a number says by a plus of which country it is."""
    return str(raw or "").strip().startswith("+")


def _parse_without_plus(text, parsed, failure):
    """Read a number again as international with the plus forgotten; keep the better reading."""
    try:
        other = _parse(f"+{text}", None)
    except BadNumber:
        other = None
    if other and (other.is_valid or not parsed):
        return other
    if parsed:
        return parsed
    raise failure


def _clean(raw):
    text = str(raw or "").strip()
    if not text:
        raise BadNumber("empty")
    if len(text) > MAX_NUMBER_LENGTH:
        raise BadNumber("long")
    if any(char.isalpha() for char in text):
        raise BadNumber("garbled")
    return f"+{text[2:]}" if text.startswith("00") else text


def _parse(text, country_code):
    try:
        number = phonenumbers.parse(text, (country_code or "").upper() or None)
    except phonenumbers.NumberParseException as error:
        is_country = error.error_type == error.INVALID_COUNTRY_CODE
        raise BadNumber("country" if is_country else "garbled") from None
    if not phonenumbers.is_possible_number(number):
        raise BadNumber("length")
    return ParsedNumber(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        country_code=phonenumbers.region_code_for_number(number)
        or phonenumbers.region_code_for_country_code(number.country_code),
        carrier=carrier.name_for_number(number, "en"),
        is_valid=phonenumbers.is_valid_number(number),
    )


def format_number(e164):
    """Return a stored number as people write it: +675 7012 3456."""
    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    if not phonenumbers.is_possible_number(parsed):
        return e164  # Its middle was deleted at the customer's wish.
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def fingerprint(digits, secret, purpose):
    """Return what stands for a number where it need not be known: a keyed hash, 64 characters.

    :param str secret: of the database: without it the few numbers there are could be tried.
    :param str purpose: keeps the fingerprints of one table or company from matching another's.
    """
    return hmac.new(secret.encode(), f"{purpose}:{digits}".encode(), hashlib.sha256).hexdigest()


def prefix_of(digits, cut):
    """Return a number without its last digits, at least its first four."""
    return digits[: max(len(digits) - cut, 4)]
