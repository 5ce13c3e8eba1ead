import json
from dataclasses import replace
from decimal import Decimal

from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CatalogueCase, operator, sku


@tagged("post_install", "-at_install", "pg")
class TestSyncPrices(CatalogueCase):
    def feed_with(self, *skus):
        """Return the feed with some SKUs in place of those of the same code."""
        codes = {item.code for item in skus}
        return replace(self.feed, skus=[*skus, *(s for s in self.feed.skus if s.code not in codes)])

    def heard(self):
        """Return what the hook for new costs is called with from now on."""
        calls = []
        Offer = type(self.env["product.template"])
        self.patch(Offer, "_pg_on_cost_changed", lambda model, skus: calls.append(skus))
        return calls

    def test_one_row_a_change(self):
        for send, count in (("2.50", 1), ("2.60", 2), ("2.60", 2), ("2.50", 3)):
            self.supplier._apply_feed(self.feed_with(sku("FIX10", send)))
            self.assertEqual(len(self.find_sku("FIX10").price_ids), count)
        history = self.find_sku("FIX10").price_ids.sorted("id")
        self.assertEqual(history.mapped("send_min"), [2.5, 2.6, 2.5])

    def test_what_arrives_is_part_of_the_price(self):
        self.supplier._apply_feed(self.feed_with(sku("FIX10", "2.50", "9.00")))
        self.assertEqual(len(self.find_sku("FIX10").price_ids), 2)

    def test_value_is_at_the_rate_of_its_day(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        own._apply_feed(self.feed)
        self.set_rate(self.seller, "0.20", "2020-02-02")
        own._apply_feed(self.feed_with(sku("FIX10", "3.00", distributor_fee=Decimal("0.10"))))
        values = self.find_sku("FIX10", own).price_ids.sorted("id").mapped("value")
        self.assertEqual(values, [10.0, 15.5], "2.50 at 4 kina, then 3.10 at 5.")

    def test_history_of_an_unknown_rate(self):
        eur = self.env.ref("base.EUR")
        self.env["res.currency.rate"].search([("currency_id", "=", eur.id)]).unlink()
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        own._apply_feed(self.feed_with(sku("FIX10", send_currency="EUR")))
        price = self.find_sku("FIX10", own).price_ids
        self.assertEqual((len(price), price.value), (1, 0))

    # === NEW COSTS === #

    def test_the_hook_hears_of_new_costs_once(self):
        calls = self.heard()
        self.supplier._apply_feed(
            self.feed_with(
                sku("FIX10", "2.60"),
                sku("FIX20", "5.00", "19.00"),
                sku("BM10", "2.94", operator_code="BMPG", distributor_fee=Decimal("0.05")),
                sku("NEW"),
            )
        )
        self.assertEqual(len(calls), 1)
        self.assertEqual(set(calls[0].mapped("code")), {"FIX10", "BM10"})
        self.assertEqual(calls[0].filtered(lambda s: s.code == "FIX10").send_min, 2.6)

    def test_the_hook_is_not_called_for_nothing(self):
        calls = self.heard()
        self.supplier._apply_feed(self.feed)
        self.supplier._apply_feed(self.feed_with(sku("FIX10", name="Other name")))
        self.assertEqual(calls, [])

    def test_a_broken_hook_does_not_stop_the_sync(self):
        def broken(model, skus):
            model.env["res.partner"].create({"name": "Left behind by the hook"})
            raise ValueError("No")

        self.patch(type(self.env["product.template"]), "_pg_on_cost_changed", broken)
        with mute_logger("odoo.addons.pg_catalog.models.pg_supplier_sync_prices"):
            result = self.supplier._apply_feed(self.feed_with(sku("FIX10", "2.60")))
        self.assertEqual(result.skus, Counts(changed=1, unchanged=3))
        self.assertEqual(self.find_sku("FIX10").send_min, 2.6)
        left = [("name", "=", "Left behind by the hook")]
        self.assertFalse(self.env["res.partner"].search_count(left))

    # === BAD ITEMS === #

    def test_a_bad_item_is_noted_on_its_sku_until_it_is_good(self):
        bad = self.feed_with(replace(sku("FIX10"), send_min=Decimal(0)))
        self.supplier._apply_feed(bad)
        found = self.find_sku("FIX10")
        self.assertIn("Absurd price", found.feed_problem)
        self.assertFalse(found.price_checked_at)
        self.assertEqual(self.supplier.skipped_count, 1)
        written_at = self.row_place(found)
        self.supplier._apply_feed(bad)
        self.assertEqual(self.row_place(found), written_at, "The same problem is not written again")
        result = self.supplier._apply_feed(self.feed)
        self.assertEqual(result.skus, Counts(changed=1, unchanged=3))
        self.assertFalse(found.feed_problem)
        self.assertTrue(found.price_checked_at)

    def test_a_code_that_comes_twice_is_no_problem_of_its_sku(self):
        twice = replace(self.feed, skus=[*self.feed.skus, sku("FIX10", "9.00")])
        before = self.row_place(self.find_sku("FIX10"))
        for _sync in range(2):
            self.assertEqual(self.supplier._apply_feed(twice).skus, Counts(unchanged=4, skipped=1))
        self.assertEqual(self.row_place(self.find_sku("FIX10")), before)

    def test_a_broken_pattern_leaves_the_operator_and_the_rest_alone(self):
        feed = replace(self.feed, operators=[operator(pattern="^((675)"), *self.feed.operators[1:]])
        result = self.supplier._apply_feed(feed)
        self.assertEqual(result.operators, Counts(unchanged=1, skipped=1))
        self.assertEqual(result.skus, Counts(unchanged=4))
        self.assertEqual(self.find_sku("FIX10").operator_id.pattern, "^675(7[0-9]{7}|8[0-9]{7})$")

    def row_place(self, record):
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid::text FROM pg_sku WHERE id = %s", [record.id])
        return self.env.cr.fetchone()

    # === GRAPH === #

    def test_graph_has_each_change_and_today(self):
        self.supplier._apply_feed(self.feed_with(sku("FIX10", "3.00")))
        [line] = json.loads(self.find_sku("FIX10").price_graph)
        self.assertEqual([point["y"] for point in line["values"]], [2.5, 3.0, 3.0])
        self.assertIn("USD", line["key"])
