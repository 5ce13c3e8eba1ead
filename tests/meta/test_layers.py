"""The rooms of the project know only those they may (docs/architecture.md); and the check bites."""

from pathlib import Path

import pytest

from tests.meta import layers

ADDONS = Path(__file__).parents[2] / "addons"


def test_addons_keep_to_their_floors():
    assert layers.check(ADDONS) == []


def test_every_addon_was_read():
    names = {path.parent.name for path in ADDONS.glob("pg_*/__manifest__.py")}
    assert names <= set(layers.ALLOWED), "a new addon must be drawn in tests/meta/layers.py"
    assert "pg_base" in names


@pytest.fixture
def addons(tmp_path):
    """Return a function that writes a small tree of addons: {path: text}."""

    def write(files):
        for name in {path.split("/")[0] for path in files}:
            manifest = tmp_path / name / "__manifest__.py"
            manifest.parent.mkdir(parents=True, exist_ok=True)
            manifest.write_text("{'name': 'x', 'depends': []}")
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return write


FORBIDDEN = {
    "manifest arrow": ("pg_payments/__manifest__.py", "{'depends': ['pg_base', 'pg_catalog']}"),
    "unknown addon": ("pg_new/__manifest__.py", "{'depends': []}"),
    "upward import": ("pg_base/models/a.py", "from odoo.addons.pg_topup import const"),
    "sideways import": ("pg_catalog/models/a.py", "from odoo.addons import pg_ledger"),
    "face to face": ("pg_portal/controllers/a.py", "import odoo.addons.pg_api.tools"),
    "vendor in the engine": ("pg_topup/models/a.py", "from odoo.addons.pg_dingconnect import x"),
    "import in a function": (
        "pg_ledger/models/a.py",
        "def f():\n    from odoo.addons.pg_payments import const",
    ),
    "relative escape": ("pg_ledger/models/a.py", "from ...pg_payments import const"),
    "import by name": (
        "pg_ledger/models/a.py",
        "import importlib\nimportlib.import_module('odoo.addons.pg_topup')",
    ),
    "sideways test": ("pg_ledger/tests/test_a.py", "from odoo.addons.pg_topup import const"),
    "requests outside": ("pg_base/tools/a.py", "import requests"),
    "pymongo outside": ("pg_reports/models/a.py", "from pymongo import MongoClient"),
    "stripe outside": ("pg_topup/models/a.py", "import stripe.error"),
    "commit": ("pg_topup/models/a.py", "def f(self):\n    self.env.cr.commit()"),
    "commit of a new cursor": (
        "pg_ledger/models/a.py",
        "def f(r):\n    with r.cursor() as cr:\n        cr.commit()",
    ),
    "model imports http": ("pg_topup/models/a.py", "from odoo.http import request"),
    "model imports http, too": ("pg_topup/models/a.py", "from odoo import http"),
    "model imports controllers": ("pg_topup/models/a.py", "from ..controllers.main import X"),
    "tool imports models": ("pg_catalog/tools/a.py", "from ..models import pg_sku"),
    "adapter imports models": ("pg_dingconnect/adapters/a.py", "from odoo import models"),
    "port imports models": ("pg_catalog/ports.py", "from .models.pg_sku import Sku"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_forbidden_is_found(addons, case):
    path, text = FORBIDDEN[case]
    complaints = layers.check(addons({path: text}))
    assert len(complaints) == 1, complaints
    assert path.split("/")[0] in complaints[0]


ALLOWED = {
    "manifest arrow": ("pg_topup/__manifest__.py", "{'depends': ['mail', 'pg_catalog']}"),
    "downward import": ("pg_topup/models/a.py", "from odoo.addons.pg_ledger.postings import P"),
    "own module": ("pg_ledger/models/a.py", "from ..postings import Posting"),
    "own models": ("pg_ledger/models/__init__.py", "from . import pg_ledger_entry"),
    "requests in the helper": ("pg_base/http/client.py", "import requests"),
    "pymongo in the ledger": ("pg_ledger/mirror/a.py", "import pymongo.errors"),
    "stripe in payments": ("pg_payments/adapters/a.py", "import stripe"),
    "library in a test": ("pg_topup/tests/test_a.py", "import pymongo\nimport requests"),
    "the step helper": ("pg_base/tools/steps.py", "def f(env):\n    env.cr.commit()"),
    "controller and http": ("pg_portal/controllers/a.py", "from odoo.http import request"),
    "tool takes an environment": ("pg_base/tools/a.py", "from odoo.tools import SQL"),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_allowed_is_left_alone(addons, case):
    path, text = ALLOWED[case]
    assert layers.check(addons({path: text})) == []
