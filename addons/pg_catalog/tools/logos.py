"""Fetching a logo: limits on time, size and kind; pictures only, never a vector or a page."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from odoo.addons.pg_base.http import HttpClient, check_endpoint

MAX_BYTES = 512 * 1024
TIMEOUT = 10
# First bytes of the kinds of pictures that are taken.
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


class BadLogo(Exception):
    """The address does not lead to a usable picture; the message says why, for people."""


def fetch(url, live):
    """Return the bytes of the picture at an address. Reaches outside: never in a transaction.

    :param bool live: of the supplier; a sandbox on this machine is allowed when it is not live.
    :raise BadLogo: an address that may not be asked, an error answer, or no picture.
    :raise OutsideError: no connection, or no whole answer within the limits.
    """
    base, path = _split(url, live)
    answer = HttpClient(
        base, connect_timeout=5, read_timeout=TIMEOUT, max_bytes=MAX_BYTES, pool_size=1
    ).request("GET", path)
    if answer.status != 200:
        raise BadLogo(f"The server answered {answer.status}")
    if not is_picture(answer.body):
        raise BadLogo("It is not a PNG, JPEG, GIF or WebP picture")
    return answer.body


def is_picture(body):
    """Tell by its first bytes whether a body is a picture of a kind that is taken."""
    return body.startswith(SIGNATURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")


def _split(url, live):
    """Return (address of the server, path) of an address that may be asked.

    A supplier names the addresses: they must not make this server look into its own network.
    """
    try:
        check_endpoint(url, live=live)
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadLogo(str(error)) from None
    if _is_private(parts.hostname) and live:
        raise BadLogo("The address is inside a private network")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    query = f"?{parts.query}" if parts.query else ""
    return base, (parts.path or "/") + query


def _is_private(host):
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
