"""The offline half of PayPal's webhook proof: a cheap filter before PayPal itself is asked.

Signed is `transmission_id|transmission_time|webhook_id|crc32(body)` with the key of a certificate
that PayPal serves. A CRC is no proof of a body, so this never accepts an event alone.
"""

import base64
import binascii
import ssl
import threading
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import verification
from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import Unknown

from ..ports import SignatureError
from .paypal_const import CERT_HOSTS

ALGORITHM = "SHA256withRSA"
PATH = "/v1/notifications/certs/"

#: PayPal sends an event again for three days, and may keep the time of the first sending.
MAX_AGE = timedelta(days=3)
MAX_AHEAD = timedelta(minutes=5)

CERT_SECONDS = 10
CERT_BYTES = 64 * 1024
CERT_CACHE = 32

HEADERS = {
    "transmission_id": "PayPal-Transmission-Id",
    "transmission_time": "PayPal-Transmission-Time",
    "transmission_sig": "PayPal-Transmission-Sig",
    "cert_url": "PayPal-Cert-Url",
    "auth_algo": "PayPal-Auth-Algo",
}

_cache = {}
_cache_lock = threading.Lock()


def read_headers(headers):
    """Return the five values that prove a webhook.

    :raise SignatureError: when one is missing.
    """
    values = {name: headers.get(header) or "" for name, header in HEADERS.items()}
    missing = [HEADERS[name] for name, value in values.items() if not value]
    if missing:
        raise SignatureError(f"{missing[0]} is missing")
    return values


def check(values, raw, account):
    """Refuse what cannot be PayPal's.

    :param dict values: of `read_headers`.
    :raise SignatureError: when it is not PayPal's.
    :raise OutsideError: when the certificate cannot be had.
    """
    if values["auth_algo"] != ALGORITHM:
        raise SignatureError("another algorithm")
    _check_age(values["transmission_time"])
    url = check_cert_url(values["cert_url"], account)
    key = get_key(url, is_sandbox=bool(account.api_base))
    text = "|".join(
        (
            values["transmission_id"],
            values["transmission_time"],
            account.webhook_id,
            str(zlib.crc32(raw)),
        )
    )
    try:
        signature = base64.b64decode(values["transmission_sig"], validate=True)
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        raise SignatureError("wrong signature") from None


def _check_age(text):
    try:
        moment = datetime.fromisoformat(text)
        age = datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError:
        raise SignatureError("unreadable time") from None
    if not -MAX_AHEAD <= age <= MAX_AGE:
        raise SignatureError("too old")


def check_cert_url(url, account):
    """Return the address of a certificate, if it is PayPal's own (or the sandbox's own).

    :raise SignatureError: otherwise; nothing is fetched then.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SignatureError("the certificate is not PayPal's") from None
    path, good = PATH, parts.scheme == "https" and port in (None, 443)
    good = good and parts.hostname in CERT_HOSTS[account.live]
    if account.api_base:
        base = urlsplit(account.api_base)
        good = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
        path = base.path.rstrip("/") + PATH
    name = parts.path.removeprefix(path)
    is_plain = not (parts.username or parts.query or parts.fragment)
    if not (good and is_plain and parts.path.startswith(path) and is_name(name)):
        raise SignatureError("the certificate is not PayPal's")
    return url


def is_name(text):
    """Tell whether a text is one plain part of a path."""
    return bool(text) and all(char.isalnum() or char in "-_" for char in text)


def get_key(url, is_sandbox):
    """Return the public key of a certificate, checked, and kept by its address.

    :param bool is_sandbox: its chain is its own, so it is not held against our trusted roots.
    """
    now = datetime.now(UTC)
    with _cache_lock:
        leaf = _cache.get(url)
    if leaf is None:
        roots = None if is_sandbox else load_system_roots()
        leaf = check_chain(fetch(url), roots, now)
        with _cache_lock:
            if len(_cache) >= CERT_CACHE:
                _cache.clear()
            _cache[url] = leaf
    check_dates(leaf, now)
    return leaf.public_key()


def fetch(url):
    """Return the PEM text at an address.

    :raise OutsideError: when there is none to be had.
    """
    parts = urlsplit(url)
    client = HttpClient(
        f"{parts.scheme}://{parts.netloc}", read_timeout=CERT_SECONDS, max_bytes=CERT_BYTES
    )
    answer = client.request("GET", parts.path)
    if answer.status == 404:
        raise SignatureError("the certificate does not exist")
    if answer.status != 200:
        raise Unknown("The certificate cannot be had", status=answer.status)
    return answer.body


def check_chain(pem, roots, now):
    """Return the first certificate of a PEM text, if it is PayPal's and is trusted.

    :param list roots: trusted certificates; None leaves trust out.
    :raise SignatureError: otherwise.
    """
    try:
        leaf, *rest = x509.load_pem_x509_certificates(pem)
        (name,) = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        if not name.value.endswith(".paypal.com"):
            raise SignatureError("the certificate is of somebody else")
        if not isinstance(leaf.public_key(), rsa.RSAPublicKey):
            raise SignatureError("the certificate has another kind of key")
        check_dates(leaf, now)
        if roots is not None:
            builder = verification.PolicyBuilder().store(verification.Store(roots)).time(now)
            builder.build_server_verifier(x509.DNSName(name.value)).verify(leaf, rest)
    except (ValueError, verification.VerificationError):
        raise SignatureError("the certificate is not trusted") from None
    return leaf


def check_dates(leaf, now):
    """Raise SignatureError unless a certificate is valid at a moment."""
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise SignatureError("the certificate is not valid now")


def load_system_roots():
    """Return the certificates that this machine trusts."""
    rows = ssl.create_default_context().get_ca_certs(binary_form=True)
    roots = []
    for row in rows:
        try:
            roots.append(x509.load_der_x509_certificate(row))
        except ValueError:
            continue  # A root that cannot be read is a root that is not trusted.
    return roots
