"""Seals: what a day of a chain looked like, signed with a key that is in neither database.

The signed bytes are ``PG-LEDGER-SEAL-1``, a line feed, and the body, which is canonical JSON (see
:mod:`.canonical`) with exactly these keys:

============== ==================================================================
``v``          1
``company_id`` integer
``day``        the UTC day that had ended when the seal was made, ``2026-01-31``
``from_seq``   first position that the seal adds
``to_seq``     head of the chain when it was made
``head_hash``  hash of that head
``count``      entries from ``from_seq`` to ``to_seq``
``totals``     their sums, a list of [account, currency, amount, company amount] in order of
               account and currency; amounts are text with four decimals
``prev_seal``  SHA-256 of the body of the seal before, 64 zeros for the first
``key``        public key that the signature fits, 64 hexadecimal digits
============== ==================================================================

The signature is that of Ed25519, 128 hexadecimal digits.
"""

import base64
import binascii
import contextlib
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from odoo.addons.pg_base.tools import options

SEAL_VERSION = 1
_DOMAIN = b"PG-LEDGER-SEAL-1\n"


class NoSealKey(Exception):
    """No key to seal with is set, or what is set is none; says which."""


def load_key():
    """Read the private key that the installation names.

    ``pg_ledger_seal_key`` (32 bytes in URL-safe base64), or ``pg_ledger_seal_key_file``, a file
    that holds the same.

    :rtype: Ed25519PrivateKey
    :raise NoSealKey: neither is set, or it is no such key
    """
    text = options.get("pg_ledger_seal_key")
    if not text and (name := options.get("pg_ledger_seal_key_file")):
        try:
            text = Path(name).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise NoSealKey("pg_ledger_seal_key_file cannot be read") from error
    if not text:
        raise NoSealKey("neither pg_ledger_seal_key nor pg_ledger_seal_key_file is set")
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(text.strip()))
    except (ValueError, binascii.Error) as error:
        raise NoSealKey("the key to seal with is not 32 bytes in URL-safe base64") from error


def public_hex(key):
    """Return the public half of a private key, 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def trusted_keys():
    """Return the public keys whose seals are good: that of today's key, and the older ones.

    Older ones stand in ``pg_ledger_seal_public_keys``, separated by commas.
    """
    older = (options.get("pg_ledger_seal_public_keys") or "").split(",")
    keys = {key.strip().lower() for key in older if key.strip()}
    with contextlib.suppress(NoSealKey):
        keys.add(public_hex(load_key()))
    return keys


def sign(key, body):
    """Sign a body.

    :param Ed25519PrivateKey key: the private key
    :param str body: canonical JSON
    :return: 128 hexadecimal digits
    """
    return key.sign(_DOMAIN + body.encode()).hex()


def is_signed(public_key, body, signature):
    """Tell whether a signature fits a body."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), _DOMAIN + body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def hash_body(body):
    """Return what the next seal names this one by."""
    return sha256(body.encode()).hexdigest()
