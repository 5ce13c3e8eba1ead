import logging
from datetime import datetime, timedelta

from odoo.addons.pg_base.tests.common import BaseCase
from odoo.addons.pg_catalog.calls import SupplierCall
from odoo.addons.pg_catalog.models.pg_supplier_budget import SupplierMeter
from odoo.exceptions import AccessError
from odoo.tests import tagged

NOW = datetime.now()


def call(**values):
    values = {"method": "GetBalance", "correlation_id": "c-1", "outcome": "ok", **values}
    return SupplierCall(**{"started_at": NOW, "seconds": 0.25, **values})


@tagged("post_install", "-at_install", "pg")
class TestSupplierCall(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Call = cls.env["pg.supplier.call"]
        create = cls.env["pg.supplier"].create
        cls.shared = create({"name": "Shared", "company_id": False})
        cls.own = create({"name": "Own", "company_id": cls.seller.id})

    def calls(self, supplier):
        return self.Call.search([("supplier_id", "=", supplier.id)])

    def test_kept_as_told(self):
        self.Call._keep(self.own.id, call(status=503, code="RateLimited", answer="a\x00b"))
        kept = self.calls(self.own)
        self.assertEqual((kept.method, kept.duration, kept.status), ("GetBalance", 250, 503))
        self.assertEqual((kept.code, kept.answer, kept.detail), ("RateLimited", "ab", False))
        self.assertEqual(kept.company_id, self.seller)

    def test_what_cannot_be_kept_breaks_nothing(self):
        with self.enter_registry_test_mode():
            SupplierMeter(self.env.registry, 0, {}).record(call())
            self.assertEqual(self.calls(self.own), self.Call)
            logger = "odoo.addons.pg_catalog.models.pg_supplier_budget"
            with self.assertLogs(logger, logging.WARNING) as logs:
                SupplierMeter(self.env.registry, self.own.id, {}).record(call(seconds="long"))
        self.assertEqual(len(logs.output), 1)
        self.assertIn("c-1", logs.output[0])

    def test_who_sees_them(self):
        for supplier in (self.own, self.shared):
            self.Call._keep(supplier.id, call())
        both = [("supplier_id", "in", (self.own + self.shared).ids)]
        for role in ("viewer", "operator", "manager"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.Call, role).search(both)
        self.assertEqual(self.as_user(self.Call, "admin").search(both).supplier_id, self.own)
        other = self.as_user(self.Call, "admin", self.other_seller)
        self.assertFalse(other.search(both))

    def test_nobody_changes_them(self):
        self.Call._keep(self.own.id, call())
        mine = self.as_user(self.calls(self.own), "admin")
        for change in (
            lambda: mine.write({"method": "x"}),
            mine.unlink,
            lambda: mine.create({"supplier_id": self.own.id, "method": "x", "outcome": "ok"}),
        ):
            with self.assertRaises(AccessError):
                change()
        self.assertEqual(self.calls(self.own).method, "GetBalance")

    def test_forgotten_after_thirty_days(self):
        for days in (29, 31):
            started = NOW - timedelta(days=days)
            self.Call._keep(self.own.id, call(started_at=started, correlation_id=f"c-{days}"))
        self.Call._gc_calls()
        self.assertEqual(self.calls(self.own).mapped("correlation_id"), ["c-29"])
