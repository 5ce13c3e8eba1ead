"""PGPay's signatures: `t=<unix seconds>,v1=<hex>` by HMAC-SHA256, both ways."""

import hashlib
import hmac
import re
import time

from ..ports import SignatureError
from .pgpay_const import TOLERANCE

STAMP = re.compile(r"[0-9]{1,12}")


def _mac(secret, text):
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def sign_request(secret, method, target, body, moment=None):
    """Return the header that proves a request of ours.

    :param str target: path with its query, beginning at `/v1`.
    :param bytes body: as it is sent.
    """
    moment = int(time.time()) if moment is None else moment
    text = f"{moment}.{method}.{target}.".encode() + body
    return f"t={moment},v1={_mac(secret, text)}"


def verify_webhook(secrets, raw, header):
    """Accept a body that one of the secrets has signed within the window.

    :param tuple secrets: all that are valid; PGPay signs with two while one replaces the other.
    :raise SignatureError: otherwise.
    """
    moment, given = _parse(header)
    if abs(int(time.time()) - moment) > TOLERANCE:
        raise SignatureError("the signature is too old, or from the future")
    text = f"{moment}.".encode() + raw
    for secret in secrets:
        wanted = _mac(secret, text).encode()
        if any([hmac.compare_digest(wanted, one.encode("utf-8", "replace")) for one in given]):
            return
    raise SignatureError("no signature fits")


def _parse(header):
    """Return (moment, signatures) of a header; parts of a later version are passed over."""
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    moments = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(moments) != 1 or not STAMP.fullmatch(moments[0]) or not given:
        raise SignatureError("the signature is missing or malformed")
    return int(moments[0]), given
