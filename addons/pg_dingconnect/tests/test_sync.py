from decimal import Decimal as D

from odoo.addons.pg_base.outcomes import Rejected, Unknown
from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.tests import tagged

from .common import DingCase


@tagged("post_install", "-at_install", "pg")
class TestSync(DingCase):
    def test_whole_catalogue_and_again(self):
        result = self.supplier._sync_catalogue()
        self.assertGreaterEqual(result.skus.new, 30)
        self.assertEqual(result.skus, Counts(new=result.skus.new))
        self.assertEqual(result.operators, Counts(new=result.operators.new))
        countries = self.env["pg.operator"].search([("supplier_id", "=", self.supplier.id)])
        self.assertLessEqual({"PG", "FJ", "VU", "PH"}, set(countries.mapped("country_id.code")))
        again = self.supplier._sync_catalogue()
        self.assertEqual(again.skus, Counts(unchanged=result.skus.new))
        self.assertEqual(again.operators, Counts(unchanged=result.operators.new))

    def test_countries_narrow_and_widen(self):
        self.supplier.country_ids = self.env.ref("base.pg")
        first = self.supplier._sync_catalogue()
        skus = self.env["pg.sku"].search([("supplier_id", "=", self.supplier.id)])
        self.assertEqual(set(skus.mapped("country_id.code")), {"PG"})
        (call,) = self.calls("GetProducts")
        self.assertIn("PG", str(call))
        self.supplier.country_ids = self.env.ref("base.fj")
        second = self.supplier._sync_catalogue()
        self.assertEqual(second.skus, Counts(new=second.skus.new, gone=first.skus.new))
        self.supplier.country_ids = self.env.ref("base.pg") + self.env.ref("base.fj")
        third = self.supplier._sync_catalogue()
        self.assertEqual(third.skus, Counts(back=first.skus.new, unchanged=second.skus.new))

    def test_details(self):
        self.supplier._sync_catalogue()
        find = self.env["pg.sku"].search
        fixed = find([("code", "=", "DCPG51871"), ("supplier_id", "=", self.supplier.id)])
        self.assertEqual((fixed.kind, fixed.is_range, fixed.send_min), ("topup", False, 2.86))
        self.assertEqual(fixed.uat_number, "67570000000")
        span = find([("code", "=", "PG_DC_TopUp"), ("supplier_id", "=", self.supplier.id)])
        self.assertEqual((span.is_range, span.send_max, span.receive_max), (True, 75, 262.5))
        voucher = find([("code", "=", "4RPG39343"), ("supplier_id", "=", self.supplier.id)])
        self.assertEqual((voucher.kind, voucher.redemption), ("voucher", "receipt"))
        self.assertEqual(voucher.distributor_fee, 0.15)
        batch = find([("code", "=", "DCPG51880"), ("supplier_id", "=", self.supplier.id)])
        self.assertFalse(batch.is_instant)

    def test_a_broken_feed_changes_nothing(self):
        self.supplier._sync_catalogue()
        count = self.env["pg.sku"].search_count([("supplier_id", "=", self.supplier.id)])
        for method in ("GetProviders", "GetProducts", "GetProductDescriptions"):
            for kind in ("garbled", "http_500_html", "empty"):
                with self.subTest(method=method, kind=kind):
                    self.fault(kind, on=method, times=3)
                    with self.assertRaises(Unknown):
                        self.supplier._sync_catalogue()
                    self.sandbox.clear_faults(self.account)
        self.assertEqual(
            self.env["pg.sku"].search_count([("supplier_id", "=", self.supplier.id)]), count
        )

    # === OTHER READS === #

    def test_lookup(self):
        found = self.port.lookup_number("+67572345678")
        self.assertEqual((found.number, found.country_code), ("67572345678", "PG"))
        self.assertIn("DCPG", found.operator_codes)
        with self.assertRaises(Rejected):
            self.port.lookup_number("+999123456789")

    def test_estimates(self):
        by_send = self.port.estimate("PG_DC_TopUp", send_value=D("10"))
        self.assertEqual((by_send.receive_value, by_send.receive_currency), (D("35.00"), "PGK"))
        by_receive = self.port.estimate("PG_DC_TopUp", receive_value=D("35"))
        self.assertEqual((by_receive.send_value, by_receive.send_currency), (D("10.00"), "USD"))
        with self.assertRaises(Rejected):
            self.port.estimate("PG_DC_TopUp", send_value=D("9999"))
        with self.assertRaises(Rejected):
            self.port.estimate("PG_DC_TopUp")

    def test_balance(self):
        self.sandbox.update(self.account, balance="77.70")
        self.assertEqual(self.port.balance().amount, D("77.70"))
        self.assertEqual(self.port.balance().currency, "USD")

    def test_operator_status(self):
        self.sandbox.update(self.account, providers_down={"BMPG": "Maintenance"})
        self.addCleanup(self.sandbox.update, self.account, providers_down={})
        status = {item.code: item for item in self.port.operator_status(["BMPG", "DCPG"])}
        self.assertTrue(status["DCPG"].is_processing)
        self.assertFalse(status["BMPG"].is_processing)
        self.assertEqual(len(status), 2)
