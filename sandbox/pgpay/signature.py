"""PGPay's signatures: ``t=<unix seconds>,v1=<hex>``, HMAC-SHA256, both ways."""

import hashlib
import hmac
import re
import time

from sandbox.pgpay.errors import PgpayError

WINDOW = 300
HEADER = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)")


def mac(secret, text):
    """Return the hex HMAC-SHA256 of bytes under a secret."""
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def request_text(moment, verb, target, body):
    """Return what a request is signed over.

    :param target: path with its query, such as ``/v1/payments?reference=T-1``
    """
    return f"{moment}.{verb}.{target}.".encode() + body


def webhook_header(secrets, body, moment):
    """Return the signature header of a delivery, one ``v1`` for each secret."""
    text = f"{moment}.".encode() + body
    return ",".join([f"t={moment}", *(f"v1={mac(secret, text)}" for secret in secrets)])


def check_request(secret, header, verb, target, body, skew=0):
    """Refuse a request that does not prove where it comes from, or is too old.

    :param skew: how many seconds the server's clock is ahead
    :raise PgpayError: signature_missing, signature_invalid, timestamp_out_of_window
    """
    if not header:
        raise PgpayError("signature_missing", "PGPay-Signature is required")
    found = HEADER.fullmatch(header)
    if not found:
        raise PgpayError("signature_invalid", "PGPay-Signature is malformed")
    away = abs(int(time.time()) + skew - int(found[1]))
    if away > WINDOW:
        raise PgpayError("timestamp_out_of_window", f"t is {away} s away from server time")
    wanted = mac(secret, request_text(found[1], verb, target, body))
    given = found[2].removeprefix(",v1=").split(",v1=")
    if not any(hmac.compare_digest(wanted, one) for one in given):
        raise PgpayError("signature_invalid", "the signature does not match")
