import os
import sys
from decimal import Decimal
from pathlib import Path
from unittest import SkipTest

from odoo.addons.pg_base.tests.common import BaseCase
from odoo.addons.pg_catalog.ports import TransferRequest
from odoo.addons.pg_dingconnect.adapter import DingConnectPort


def load_sandbox_client():
    """Return the class that drives a running sandbox, from the folder `sandbox/` of the project."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "sandbox" / "client.py").exists():
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))
            from sandbox.client import SandboxClient

            return SandboxClient
    raise SkipTest("There is no folder sandbox/ above the addon.")


class DingCase(BaseCase):
    """A fresh account at the running sandbox, and a supplier that uses it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = os.environ.get("PG_SANDBOX_URL")
        if not url:
            raise SkipTest("PG_SANDBOX_URL does not name a running sandbox.")
        cls.sandbox = load_sandbox_client()(url)
        cls.account = cls.sandbox.create_account("dingconnect", name=cls.__name__)
        cls.addClassCleanup(cls.sandbox.delete_account, cls.account)
        cls.url, cls.api_key = cls.sandbox.dingconnect_url, cls.account["api_key"]
        cls.supplier = cls.env["pg.supplier"].create(
            {
                "name": "Ding",
                "code": "dingconnect",
                "company_id": False,
                "base_url": cls.url,
                "ding_api_key": cls.api_key,
            }
        )
        cls.port = DingConnectPort(cls.url, cls.api_key)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.clear_faults, self.account)
        self.calls_before = len(self.sandbox.calls(self.account))
        self.transfers_before = len(self.sandbox.transfers(self.account))

    def fault(self, kind, on="SendTransfer", **options):
        self.sandbox.add_fault(self.account, on, kind, **options)

    def calls(self, method):
        """Return the calls of a method since the test began."""
        calls = self.sandbox.calls(self.account)[self.calls_before :]
        return [call for call in calls if call["method"] == method]

    def executed(self):
        """Return the transfers executed since the test began."""
        return self.sandbox.transfers(self.account)[self.transfers_before :]

    def request(self, number="+67572345678", **values):
        """Return a request to send 10 kina of Digicel PNG, with a reference of its own."""
        values = {
            "reference": f"T-{self.id().rsplit('.', 1)[-1]}-{number}",
            "sku_code": "DCPG51871",
            "account_number": number,
            "send_value": Decimal("2.86"),
            "send_currency": "USD",
            **values,
        }
        return TransferRequest(**values)
