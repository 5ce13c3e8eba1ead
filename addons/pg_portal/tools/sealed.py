"""A phone number inside an address, sealed: it is personal, and addresses end up in logs."""

import base64
import json

from cryptography.fernet import Fernet, InvalidToken
from odoo.tools.misc import hmac

SCOPE = "pg_portal-number"
MAX_LENGTH = 400


def seal(env, company, number):
    """Return an address-safe token that only this database can open.

    :param env: in sudo, to read the database's secret.
    :param company: the seller for whose storefront alone it counts.
    """
    clear = json.dumps([company.id, number])
    return _cipher(env).encrypt(clear.encode()).decode().rstrip("=")


def unseal(env, company, token):
    """Return the number of a token, or None when the token is not ours or another seller's."""
    if not isinstance(token, str) or not 0 < len(token) <= MAX_LENGTH or not token.isascii():
        return None
    try:
        clear = _cipher(env).decrypt(token + "=" * (-len(token) % 4))
    except InvalidToken:
        return None
    company_id, number = json.loads(clear)
    return number if company_id == company.id else None


def _cipher(env):
    digest = bytes.fromhex(hmac(env, SCOPE, "key"))
    return Fernet(base64.urlsafe_b64encode(digest))
