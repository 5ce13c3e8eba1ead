"""Settings of the installation itself: addresses, keys, files. Never kept in the database."""

import configparser
import functools
import os

from odoo.tools import config

SECTION = "pg"


def get(name, default=None):
    """Return an installation setting.

    The environment variable of that name in upper case wins over the section ``[pg]`` of the Odoo
    configuration file. The section is our own since Odoo warns about options that it does not know.

    :param str name: e.g. ``pg_mongo_uri``.
    """
    return os.environ.get(name.upper()) or _section(config["config"]).get(name) or default


@functools.lru_cache(maxsize=4)
def _section(path):
    parser = configparser.RawConfigParser()
    for name in [path] if isinstance(path, str) else path or []:
        parser.read(name, encoding="utf-8")
    return dict(parser[SECTION]) if parser.has_section(SECTION) else {}
