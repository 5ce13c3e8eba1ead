"""How a call shows who sends it: an API key, or a token got by client credentials.

Tokens are shared by all clients of a process that use the same credentials, kept until shortly
before they end, and asked for by one thread at a time.
"""

import hashlib
import threading
import time

from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Throttled

from . import const

MASK = "***"


class ApiKey:
    """The key goes along with every call."""

    can_renew = False

    def __init__(self, key):
        self._key = key

    def headers(self):
        """Return the headers of a call."""
        return {"api_key": self._key}

    def secrets(self):
        """Return what must not be seen in any record or log."""
        return (self._key,)


class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4).

    :param str token_url: the whole address of the token endpoint.
    """

    can_renew = True

    def __init__(self, token_url, client_id, client_secret):
        self._secret = client_secret
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._http = HttpClient(
            token_url, connect_timeout=const.CONNECT_TIMEOUT, read_timeout=const.TOKEN_TIMEOUT
        )
        digest = hashlib.sha256(f"{client_id}\n{client_secret}".encode()).hexdigest()
        self._slot = _slot_of((token_url, digest))

    def headers(self):
        """Return the headers of a call, with a token that is still good.

        :raise NotSent: there is none: the call itself was not sent.
        :raise Throttled: the token endpoint asks to slow down.
        """
        with self._slot.lock:
            if time.monotonic() >= self._slot.good_until:
                self._slot.keep(*self._fetch())
            return {"Authorization": f"Bearer {self._slot.token}"}

    def renew(self, headers):
        """Forget the token of a refused call, unless another thread has a newer one already."""
        with self._slot.lock:
            if headers.get("Authorization") == f"Bearer {self._slot.token}":
                self._slot.good_until = 0.0

    def secrets(self):
        """Return what must not be seen in any record or log."""
        return tuple(filter(None, (self._secret, self._slot.token, self._slot.previous)))

    def _fetch(self):
        """Return (token, seconds that it lives)."""
        try:
            answer = self._http.request("POST", "", data=self._form)
        except OutsideError as error:
            # Whatever became of this request: the call that needs the token was not sent.
            raise NotSent(f"No token could be fetched: {error.message}") from None
        if answer.status == 429:
            raise Throttled("The sign-in service asks to slow down", status=429)
        try:
            body = answer.json()
        except ValueError:
            body = None
        body = body if isinstance(body, dict) else {}
        token = body.get("access_token")
        if answer.status == 200 and isinstance(token, str) and token:
            return token, _life_of(body)
        code = body.get("error") if isinstance(body.get("error"), str) else ""
        refused = answer.status in (400, 401) and code in const.REFUSED_CLIENT
        raise NotSent(
            "The client id or secret was refused" if refused else "The sign-in service gave none",
            code=code[:60],
            status=401 if refused else answer.status,
        )


class _Slot:
    """The present token of one pair of credentials."""

    def __init__(self):
        self.lock = threading.Lock()
        self.token = self.previous = ""
        self.good_until = 0.0

    def keep(self, token, seconds):
        """Take a new token; the last one stays known so that it can be masked."""
        self.previous, self.token = self.token, token
        self.good_until = time.monotonic() + seconds - min(const.TOKEN_MARGIN, seconds / 10)


_slots = {}
_slots_lock = threading.Lock()


def _slot_of(key):
    with _slots_lock:
        return _slots.setdefault(key, _Slot())


def _life_of(body):
    """Return the seconds a token lives; a cautious guess when the answer does not say."""
    try:
        seconds = float(body.get("expires_in"))
    except (TypeError, ValueError):
        return const.TOKEN_SECONDS
    return seconds if 0 < seconds < 10**8 else const.TOKEN_SECONDS


def scrub(text, secrets):
    """Return a text (str or bytes) without any of the secrets."""
    mask = MASK.encode() if isinstance(text, bytes) else MASK
    for secret in secrets:
        needle = secret.encode() if isinstance(text, bytes) else secret
        if needle:
            text = text.replace(needle, mask)
    return text
