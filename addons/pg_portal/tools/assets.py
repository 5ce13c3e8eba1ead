"""Addresses of our two static files, with their content's fingerprint in them."""

import functools
import hashlib

from odoo.tools import file_open

ROOT = "pg_portal/static/src/"


@functools.cache
def asset_url(name):
    """Return the address of a static file; it changes whenever the file does."""
    with file_open(ROOT + name, "rb") as file:
        return f"/{ROOT}{name}?v={hashlib.sha256(file.read()).hexdigest()[:12]}"
