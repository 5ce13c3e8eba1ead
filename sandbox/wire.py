"""Answers as plain values, and the one thing a web framework cannot say: no answer at all."""

import asyncio
import ipaddress
import urllib.parse
from dataclasses import dataclass, field

from starlette.responses import Response

from sandbox import jsonx

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
RAW_SEND = "sandbox.send"


@dataclass
class Reply:
    """An answer before it is sent. ``data`` is kept beside the bytes for the call log."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict = field(default_factory=dict)
    dropped: bool = False

    @classmethod
    def of(cls, status, data, headers=None):
        """Build a JSON answer."""
        return cls(status, jsonx.encode(data), headers=headers or {})

    def response(self):
        """Return what the framework sends."""
        if self.dropped:
            return NoAnswer()
        return Response(self.body, self.status, self.headers, self.media_type)


DROPPED = Reply(0, dropped=True)


class NoAnswer(Response):
    """Close the connection without sending a single byte."""

    async def __call__(self, scope, receive, send):
        cycle = getattr(scope.get(RAW_SEND), "__self__", None)
        transport = getattr(cycle, "transport", None)
        if transport is None:
            raise RuntimeError("this server does not give access to its connection")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            await asyncio.sleep(0)


def keep_raw_send(app):
    """Wrap an ASGI application so that :class:`NoAnswer` can reach the connection."""

    async def wrapped(scope, receive, send):
        if scope["type"] == "http":
            scope[RAW_SEND] = send
        await app(scope, receive, send)

    return wrapped


def is_local(host):
    """Say whether a host name or address is this machine."""
    host = host.strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url):
    """Say whether an http(s) address is on this machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme in ("http", "https") and is_local(parts.hostname or "")
    except ValueError:
        return False
