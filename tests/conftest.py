"""Whole-suite tests run outside Odoo: pytest-odoo's session fixtures do nothing here."""

import pytest


@pytest.fixture(scope="session")
def load_registry():
    """Override pytest-odoo's fixture: no registry in this process."""


@pytest.fixture(scope="session")
def load_http():
    """Override pytest-odoo's fixture: Odoo runs as a process of its own."""


@pytest.fixture(scope="module")
def enable_odoo_test_flag():
    """Override pytest-odoo's fixture: there is no Odoo here to tell."""
