from datetime import timedelta
from decimal import Decimal as D

from odoo import fields
from odoo.addons.pg_base.outcomes import OutsideError, Rejected
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DingCase


@tagged("post_install", "-at_install", "pg")
class TestFreshPrice(DingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier._sync_catalogue()
        find = cls.env["pg.sku"].search
        mine = ("supplier_id", "=", cls.supplier.id)
        cls.fixed = find([("code", "=", "DCPG51871"), mine])
        cls.range = find([("code", "=", "PG_DC_TopUp"), mine])

    def age(self):
        self.supplier.prices_at = fields.Datetime.now() - timedelta(hours=1, seconds=1)

    def check(self, sku, **values):
        with self.enter_registry_test_mode():
            return sku._ensure_fresh_price(self.port, **values)

    def asked(self):
        return len(self.calls("EstimatePrices")), len(self.calls("GetProducts"))

    def test_a_young_price_asks_nobody(self):
        self.assertTrue(self.range._is_price_fresh())
        estimate = self.check(self.range, send_value=D("10"))
        self.assertEqual((estimate.send_value, estimate.receive_value), (D("10"), D("35.00")))
        self.assertEqual(self.asked(), (0, 0))

    def test_an_old_range_is_estimated(self):
        self.age()
        self.assertFalse(self.range._is_price_fresh())
        estimate = self.check(self.range, send_value=D("10"))
        self.assertEqual((estimate.send_value, estimate.receive_value), (D("10.00"), D("35.00")))
        self.assertEqual(self.asked(), (1, 0))
        self.assertTrue(self.range._is_price_fresh())
        self.assertFalse(self.fixed._is_price_fresh(), "Only this one was asked for.")
        self.check(self.range, send_value=D("10"))
        self.assertEqual(self.asked(), (1, 0))

    def test_an_old_fixed_one_is_read_again(self):
        self.age()
        estimate = self.check(self.fixed)
        self.assertEqual((estimate.send_value, estimate.send_currency), (D("2.86"), "USD"))
        self.assertEqual(self.asked(), (0, 1))
        self.assertTrue(self.fixed._is_price_fresh())
        self.assertEqual(len(self.fixed.price_ids), 1, "It is the same price.")

    def test_a_moved_price_is_written_with_its_history(self):
        self.age()
        self.env.cr.execute(
            "UPDATE pg_sku SET send_min = 2.5, send_max = 2.5 WHERE id = %s", [self.fixed.id]
        )
        self.env.invalidate_all()
        estimate = self.check(self.fixed)
        self.assertEqual(estimate.send_value, D("2.86"))
        self.assertEqual((self.fixed.send_min, self.fixed.name), (2.86, "PGK 10.00"))

    def test_a_range_that_drifted_is_read_again(self):
        self.age()
        self.sandbox.update(self.account, fx_drift="0.9")
        self.addCleanup(self.sandbox.update, self.account, fx_drift="1")
        estimate = self.check(self.range, send_value=D("10"))
        self.assertEqual(estimate.receive_value, D("31.50"))
        self.assertEqual(self.asked(), (1, 1))

    def test_no_longer_sold(self):
        self.env.cr.execute("UPDATE pg_sku SET code = 'GONE' WHERE id = %s", [self.fixed.id])
        self.env.invalidate_all()
        self.age()
        try:
            # assertRaises of Odoo would roll back what was stored.
            self.check(self.fixed)
        except Rejected as error:
            self.assertEqual(error.code, "ProductUnavailable")
        else:
            self.fail("It was sold.")
        self.assertFalse(self.fixed.active)

    def test_no_answer_leaves_all_as_it_was(self):
        self.age()
        self.fault("http_500_html", on="EstimatePrices", times=5)
        with self.assertRaises(OutsideError):
            self.check(self.range, send_value=D("10"))
        self.assertFalse(self.range._is_price_fresh())
        self.assertFalse(self.range.price_asked_at)

    def test_an_amount_out_of_bounds_asks_nobody(self):
        self.age()
        with self.assertRaises(UserError):
            self.check(self.range, send_value=D("9999"))
        self.assertEqual(self.asked(), (0, 0))

    def test_three_parts_for_a_sender_with_threads(self):
        self.age()
        check = self.range._prepare_price_check(self.port, D("10"))
        self.assertFalse(check.is_fresh)
        checked = check.run()
        self.range._store_price_check(checked)
        self.assertTrue(self.range._is_price_fresh())
