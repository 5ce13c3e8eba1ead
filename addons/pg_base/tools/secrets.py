"""Encryption of credentials at rest.

Keys are Fernet keys from the environment variable ``PG_SECRET_KEYS`` (comma separated) or from a
file with one key a line, named by ``PG_SECRET_KEY_FILE`` or ``pg_secret_key_file`` in the section
``[pg]`` of odoo.conf. The first key encrypts, all of them decrypt: to rotate, put a new key first,
save the credentials again (or call ``rotate``), then drop the old key.
"""

import functools
import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from . import options

_lt = LazyTranslate(__name__)

PREFIX = "pgs1:"


def is_token(value):
    """Tell whether a string is one of our ciphertexts, which only our own keys can make."""
    if not value.startswith(PREFIX):
        return False
    try:
        decrypt(value)
    except UserError:
        return False
    return True


def encrypt(clear):
    """Return the ciphertext of a text.

    :raise UserError: when no key is configured.
    """
    return PREFIX + _cipher(*_keys()).encrypt(clear.encode()).decode()


def decrypt(token):
    """Return the clear text of a ciphertext made by :func:`encrypt`.

    :raise UserError: when no key is configured, or none of them fits.
    """
    try:
        return _cipher(*_keys()).decrypt(token.removeprefix(PREFIX).encode()).decode()
    except InvalidToken:
        raise UserError(
            str(_lt("A stored credential cannot be decrypted: its key is not configured."))
        ) from None


def rotate(token):
    """Return the same secret encrypted with the first key."""
    return PREFIX + _cipher(*_keys()).rotate(token.removeprefix(PREFIX).encode()).decode()


def _keys():
    inline = os.environ.get("PG_SECRET_KEYS")
    if inline:
        return tuple(key.strip() for key in inline.split(",") if key.strip())
    path = options.get("pg_secret_key_file")
    if path and os.path.exists(path):
        return _keys_of_file(path, os.stat(path).st_mtime_ns)
    raise UserError(
        str(
            _lt(
                "No encryption key is configured, so credentials cannot be kept. "
                "Set PG_SECRET_KEYS or pg_secret_key_file in the section [pg] of odoo.conf."
            )
        )
    )


@functools.lru_cache(maxsize=8)
def _keys_of_file(path, _mtime):
    with open(path, encoding="ascii") as file:
        return tuple(line.strip() for line in file if line.strip())


@functools.lru_cache(maxsize=8)
def _cipher(*keys):
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise UserError(str(_lt("An encryption key is not a valid Fernet key."))) from None
