"""Phone numbers of payers, as PGPay wants them: E.164."""

import re
import unicodedata

COUNTRY = "675"
#: Papua New Guinea has numbers of 7 and 8 digits.
LOCAL = re.compile(r"[0-9]{7,8}")
E164 = re.compile(r"\+[1-9][0-9]{7,14}")
SEPARATORS = re.compile(r"[\s().\-/]+")


def normalise(text):
    """Return a number as a payer types it in E.164: `7000 1234`, `+675 70001234`, `0067570001234`.

    :raise ValueError: when it is no phone number.
    """
    number = SEPARATORS.sub("", unicodedata.normalize("NFKC", str(text or "")))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if LOCAL.fullmatch(number):
        number = f"+{COUNTRY}{number}"
    elif number.startswith(COUNTRY):
        number = f"+{number}"
    if not E164.fullmatch(number) or not _fits_plan(number):
        raise ValueError("not a phone number")
    return number


def _fits_plan(number):
    """Tell whether a number of Papua New Guinea has 7 or 8 digits; other plans are not known."""
    prefix = f"+{COUNTRY}"
    return not number.startswith(prefix) or bool(LOCAL.fullmatch(number[len(prefix) :]))
