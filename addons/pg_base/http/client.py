"""The one way in which the suite speaks HTTP to somebody else."""

import json
import logging
import time
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from ..outcomes import NotSent, Unknown

_logger = logging.getLogger(__name__)

USER_AGENT = "prepaid-minutes/1.0"
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, body (bytes) and seconds it took."""

    status: int
    headers: dict = field(repr=False)
    body: bytes = field(repr=False)
    elapsed: float

    def json(self):
        """Return the decoded body, numbers as Decimal.

        :raise ValueError: when the body is not JSON.
        """
        return json.loads(self.body, parse_float=Decimal)


class _Adapter(HTTPAdapter):
    """Gives connecting a shorter limit than answering, from one number of seconds.

    The limit stays one number up to here since Odoo's test harness compares it with a number.
    """

    def __init__(self, connect_timeout, **kwargs):
        self.connect_timeout = connect_timeout
        super().__init__(**kwargs)

    def send(self, request, timeout=None, **kwargs):
        limits = (min(self.connect_timeout, timeout), timeout)
        return super().send(request, timeout=limits, **kwargs)


class HttpClient:
    """A client of one vendor: limits on time and size, outcome classes, redacted log lines.

    :param str base_url: without a slash at the end.
    :param dict headers: sent with each request; never logged.
    :param float connect_timeout: seconds until a connection must stand.
    :param float read_timeout: seconds of silence after which the answer is given up.
    :param int max_bytes: an answer beyond it is not read further.
    """

    def __init__(
        self,
        base_url,
        *,
        headers=None,
        connect_timeout=10,
        read_timeout=100,
        max_bytes=32 * 2**20,
        verify=True,
        pool_size=32,
    ):
        self.base_url = base_url.rstrip("/")
        self.read_timeout = read_timeout
        self.max_bytes = max_bytes
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify
        self._session.headers.update({"User-Agent": USER_AGENT, **(headers or {})})
        adapter = _Adapter(connect_timeout, pool_maxsize=pool_size)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def request(
        self, method, path, *, params=None, json=None, data=None, headers=None, read_timeout=None
    ):
        """Send one request, once.

        :return: the Answer, whatever its status: the adapter decides what it means.
        :raise NotSent: no connection was made, so nothing was sent.
        :raise Unknown: it was sent, but no whole answer came back.
        """
        started = time.monotonic()
        try:
            with self._session.request(
                method,
                self.base_url + path,
                params=params,
                json=json,
                data=data,
                headers=headers,
                timeout=read_timeout or self.read_timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                limit = started + (read_timeout or self.read_timeout)
                answer = self._read(response, started, limit)
        except requests.RequestException as error:
            self._log(method, path, type(error).__name__, started)
            raise _classify(error) from None
        except OSError as error:
            self._log(method, path, type(error).__name__, started)
            raise Unknown(f"The connection broke: {type(error).__name__}") from None
        self._log(method, path, answer.status, started)
        return answer

    def _read(self, response, started, limit):
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > self.max_bytes:
                raise Unknown("The answer is too large", status=response.status_code)
            if time.monotonic() > limit:
                raise Unknown("The answer comes too slowly", status=response.status_code)
        return Answer(
            response.status_code, dict(response.headers), bytes(body), time.monotonic() - started
        )

    def _log(self, method, path, result, started):
        spent = (time.monotonic() - started) * 1000
        host = urlsplit(self.base_url).hostname
        _logger.info("%s %s%s: %s in %.0f ms", method, host, path.split("?")[0], result, spent)


def _classify(error):
    """Return the outcome that a failure of `requests` stands for."""
    never_sent = (
        requests.exceptions.ConnectTimeout,
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
    )
    if isinstance(error, never_sent) or _is_refused(error) or _is_untrusted(error):
        return NotSent(f"No connection could be made: {type(error).__name__}")
    return Unknown(f"No whole answer came back: {type(error).__name__}")


def _is_refused(error):
    """Tell whether a connection error happened before a connection stood."""
    reason = error.args[0] if error.args else None
    reason = getattr(reason, "reason", reason)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")


def _is_untrusted(error):
    """Tell whether the certificate was refused, which ends a connection before any request."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY" in str(error)


def check_endpoint(url, live):
    """Refuse an address to which credentials must not be sent.

    :param bool live: real credentials; a sandbox on this machine is then refused too.
    :raise ValueError: unless the address is https, or this machine's own when not live.
    """
    parts = urlsplit(url or "")
    if not parts.hostname or parts.username or parts.scheme not in ("http", "https"):
        raise ValueError("The address must look like https://host/path")
    local = _is_loopback(parts.hostname)
    if live and local:
        raise ValueError("Live credentials are not used with a sandbox on this machine")
    if parts.scheme != "https" and not local:
        raise ValueError("The address must start with https://")


def _is_loopback(host):
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
