"""The widget's script: one file made of the parts in static/src/widget, known by its content."""

import base64
import functools
import gzip
import hashlib
from dataclasses import dataclass

from odoo.tools import file_open

ROOT = "pg_portal/static/src/widget/"
PARTS = ("style.js", "dom.js", "server.js", "number.js", "offers.js", "pay.js", "order.js",
         "element.js")  # fmt: skip
# Characters of the version in addresses.
VERSION = 16


@dataclass(frozen=True)
class Release:
    """One state of the script."""

    content: bytes

    @property
    def version(self):
        return hashlib.sha256(self.content).hexdigest()[:VERSION]

    @property
    def integrity(self):
        """The value of the attribute ``integrity``, by which a browser refuses anything else."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.content).digest()).decode()}"

    @property
    def zipped(self):
        return gzip.compress(self.content, 9, mtime=0)


@functools.cache
def current():
    """Return the script as it is now."""
    parts = []
    for name in PARTS:
        with file_open(ROOT + name, "r") as file:
            parts.append(file.read().strip())
    body = "\n\n".join(parts)
    licence = "/* Prepaid minutes: top-up widget. LGPL-3. */"
    return Release(f'{licence}\n(() => {{\n"use strict";\n{body}\n}})();\n'.encode())
