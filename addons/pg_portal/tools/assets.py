"""Our static files: addresses with their content's fingerprint, contents pressed once."""

import functools
import gzip
import hashlib
import re

from odoo.tools import file_open

ROOT = "pg_portal/static/src/"
ROUTE = "/pg_portal/src/"
NAME = re.compile(r"[a-z_]{1,40}\.(?:css|js)")
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@functools.cache
def asset_url(name):
    """Return the address of a static file; it changes whenever the file does."""
    return f"{ROUTE}{name}?v={fingerprint(name)}"


@functools.cache
def fingerprint(name):
    """Return a short text that changes whenever the file does."""
    return hashlib.sha256(content(name)).hexdigest()[:12]


@functools.cache
def content(name):
    """Return the bytes of a static file.

    :raise FileNotFoundError: there is none of that name.
    """
    if not NAME.fullmatch(name):
        raise FileNotFoundError(name)
    with file_open(ROOT + name, "rb") as file:
        return file.read()


@functools.cache
def pressed(name):
    """Return a static file in gzip."""
    return gzip.compress(content(name), 9, mtime=0)


def content_type(name):
    """Return the media type of a static file."""
    return TYPES[name.rsplit(".", 1)[1]]
