"""Runs a module of the tests inside Odoo: ``python -m tests.inside MODULE [ARGUMENT…]``.

Odoo finds the project's addons only once its configuration is read; so that is done first.
"""

import os
import runpy
import sys

from odoo.modules.registry import Registry
from odoo.tools import config


def open_registry(database=None):
    """Return a database's registry, that of the environment's running copy when none is named."""
    return Registry(database or os.environ["PG_DATABASE"])


if __name__ == "__main__":
    name = os.environ["PG_DATABASE"]
    config.parse_config(["-c", os.environ["PG_ODOO_CONF"], "-d", name, "--no-http"])
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
