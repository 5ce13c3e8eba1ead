"""Addresses of other sites: what a browser sends as Origin, and the way back to a page."""

import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*")
ADDRESS_V6 = re.compile(r"[0-9a-f:.]{2,45}")
MAX_URL = 2000


def parse(text):
    """Return the origin (``https://shop.example``) of an address as people write it, or None.

    Takes https, and http of this very machine for trying out. A path is cut off.

    :param text: anything.
    """
    text = text.strip() if isinstance(text, str) else ""
    if not text or len(text) > MAX_URL or re.search(r"[\x00-\x20\x7f\\]", text):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = parts.port
    except ValueError:  # UnicodeError is one, too.
        return None
    is_v6 = ":" in host
    if not (ADDRESS_V6 if is_v6 else HOST).fullmatch(host) or "@" in parts.netloc:
        return None
    if not is_v6 and "." not in host and host not in LOOPBACK:
        return None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return None
    shown = f"[{host}]" if is_v6 else host
    port = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{shown}{port}"


def with_marker(url, token):
    """Return an address with the order's token in its fragment, which no server ever sees."""
    base, _hash, fragment = url.partition("#")
    return f"{base}#{fragment}{'&' if fragment else ''}pg-topup={token}"
