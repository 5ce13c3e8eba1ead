from dataclasses import replace
from decimal import Decimal

from odoo.addons.pg_catalog.ports import CatalogueFault
from odoo.addons.pg_catalog.tools.feed import Feed
from odoo.addons.pg_catalog.tools.feed_write import Counts
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CatalogueCase, operator, sku, text


@tagged("post_install", "-at_install", "pg")
class TestSync(CatalogueCase):
    def place_of_rows(self):
        """Return where PostgreSQL keeps each row: any write moves it."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT 'sku', id, ctid::text FROM pg_sku UNION ALL
               SELECT 'op', id, ctid::text FROM pg_mobile_operator UNION ALL
               SELECT 'price', id, ctid::text FROM pg_sku_price"""
        )
        return sorted(self.env.cr.fetchall())

    def test_first_sync(self):
        supplier = self.env["pg.supplier"].create({"name": "New", "company_id": False})
        result = supplier._apply_feed(self.feed)
        self.assertEqual(result.operators, Counts(new=2))
        self.assertEqual(result.skus, Counts(new=4))
        self.assertEqual(result.skipped, ())
        self.assertEqual(supplier.sync_state, "done")
        self.assertIn("SKUs: 4 new, 0 changed", supplier.sync_message)
        found = self.find_sku("RANGE", supplier)
        self.assertTrue(found.is_range)
        self.assertEqual(found.send_max, 75.0)
        self.assertEqual(found.country_id.code, "PG")
        self.assertEqual(found.operator_id.code, "DCPG")
        self.assertEqual(found.price_ids.mapped("send_min"), [1.0])

    def test_new_operators_get_their_logos_at_once(self):
        cron = self.env.ref("pg_catalog.cron_fetch_logos")
        waiting = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(waiting)
        self.supplier._apply_feed(self.feed)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(waiting), before)
        feed = replace(self.feed, operators=[*self.feed.operators, operator("NEWPG")])
        self.supplier._apply_feed(feed)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(waiting), before + 1)

    def test_unchanged_sync_writes_no_row(self):
        before = self.place_of_rows()
        result = self.supplier._apply_feed(self.feed)
        self.assertEqual(result.operators, Counts(unchanged=2))
        self.assertEqual(result.skus, Counts(unchanged=4))
        self.assertEqual(self.place_of_rows(), before)

    def test_changed_gone_back(self):
        first, second, *others = self.feed.skus
        cheaper = replace(first, send_min=Decimal("2.40"), send_max=Decimal("2.40"))
        result = self.supplier._apply_feed(replace(self.feed, skus=[cheaper, *others]))
        self.assertEqual(result.skus, Counts(changed=1, gone=1, unchanged=2))
        self.assertEqual(self.find_sku("FIX10").send_min, 2.4)
        self.assertFalse(self.find_sku("FIX20").active)

        result = self.supplier._apply_feed(replace(self.feed, skus=[cheaper, second, *others]))
        self.assertEqual(result.skus, Counts(back=1, unchanged=3))
        self.assertTrue(self.find_sku("FIX20").active)

        history = self.find_sku("FIX10").price_ids
        self.assertEqual(sorted(history.mapped("send_min")), [2.4, 2.5])
        self.assertEqual(len(self.find_sku("FIX20").price_ids), 1, "Its price did not change.")

    def test_operator_gone_takes_its_skus_along(self):
        feed = Feed(operators=self.feed.operators[:1], skus=self.feed.skus)
        result = self.supplier._apply_feed(feed)
        self.assertEqual(result.operators, Counts(gone=1, unchanged=1))
        self.assertEqual(result.skipped, (("BM10", "Unknown operator BMPG"),))

    def test_bad_items_are_skipped_and_the_rest_goes_on(self):
        bad = [
            CatalogueFault("", "SkuCode is missing"),
            sku("NOCUR", send_currency="XXQ"),
            sku("ZERO", "0"),
            sku("TURNED", "9-2"),
            sku("HUGE", "9999999999"),
            sku("NAN", "NaN"),
            sku("NOOP", operator_code="NOPE"),
            sku("NONAME", name=" "),
            sku("FIX20", "7.00"),
        ]
        before = self.find_sku("FIX10").send_min
        feed = replace(
            self.feed,
            skus=[
                *self.feed.skus[1:],
                *bad,
                replace(sku("FIX10"), send_min=Decimal(-1)),
                sku("GOOD"),
            ],
        )
        result = self.supplier._apply_feed(feed)
        self.assertEqual(result.skus, Counts(new=1, unchanged=3, skipped=10))
        self.assertEqual(len(result.skipped), 10)
        self.assertEqual(self.find_sku("FIX20").send_min, 5.0, "The first of a code counts.")
        self.assertTrue(self.find_sku("FIX10").active, "A bad item keeps the row that was there.")
        self.assertEqual(self.find_sku("FIX10").send_min, before)
        self.assertIn("NOCUR: Unknown currency XXQ", self.supplier.sync_skipped)

    def test_bad_operators_are_skipped(self):
        bad = [
            operator("BADRE", pattern="^(675"),
            operator("EVIL", pattern="^([0-9]+)+$"),
            operator("LAND", country_code="QQ"),
            operator("EVERY", country_code="XG", pattern=""),
        ]
        result = self.supplier._apply_feed(
            replace(self.feed, operators=[*self.feed.operators, *bad])
        )
        self.assertEqual(result.operators, Counts(new=1, unchanged=2, skipped=3))

    def test_empty_catalogue_changes_nothing(self):
        before = self.place_of_rows()
        for empty in (Feed(skus=[]), Feed(operators=[], skus=self.feed.skus)):
            with self.refused(UserError, "empty catalogue"):
                self.supplier._apply_feed(empty)
        self.assertEqual(self.place_of_rows(), before)

    def test_a_part_that_is_not_read_stays(self):
        before = self.place_of_rows()
        result = self.supplier._apply_feed(Feed(skus=self.feed.skus))
        self.assertEqual((result.operators, result.skus), (None, Counts(unchanged=4)))
        result = self.supplier._apply_feed(Feed(operators=self.feed.operators))
        self.assertEqual((result.operators, result.skus), (Counts(unchanged=2), None))
        self.assertEqual(self.place_of_rows(), before)

    def test_texts_in_installed_languages(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        feed = replace(
            self.feed,
            texts=[
                text("FIX10", "en", "10 kina", "Ten"),
                text("FIX10", "fr", "10 kinas", "Dix"),
                text("FIX10", "de", "10 Kina"),
            ],
        )
        self.assertEqual(self.supplier._apply_feed(feed).skus, Counts(changed=1, unchanged=3))
        found = self.find_sku("FIX10")
        self.assertEqual(found.with_context(lang="fr_FR").name, "10 kinas")
        self.assertEqual(found.with_context(lang="fr_FR").description, "Dix")
        self.assertEqual(found.with_context(lang="en_US").name, "10 kina")
        self.assertEqual(self.supplier._apply_feed(feed).skus, Counts(unchanged=4))

    def test_range_offers_follow_a_changed_price(self):
        offer = self.offer("RANGE", pg_margin_percent=10)
        self.assertEqual(offer.list_price, 4.4)
        skus = [replace(s, send_min=Decimal(2)) if s.code == "RANGE" else s for s in self.feed.skus]
        self.supplier._apply_feed(replace(self.feed, skus=skus))
        self.assertEqual(offer.list_price, 8.8)
        self.assertEqual(offer.pg_margin_percent, 10)

    def test_price_history_has_the_value_of_the_day(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        own._apply_feed(self.feed)
        price = self.find_sku("FIX10", own).price_ids
        self.assertEqual(price.value, 10.0)
        self.assertEqual(price.value_currency_id, self.pgk)
        self.assertEqual(price.company_id, self.seller)

    def test_company_follows_the_supplier(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        own._apply_feed(self.feed)
        own.company_id = False
        self.assertFalse(self.find_sku("FIX10", own).company_id)
        self.assertEqual(own._apply_feed(self.feed).skus, Counts(unchanged=4))

    def test_two_syncs_do_not_collide(self):
        """While one sync writes, another one refuses and changes nothing."""
        with self.registry.cursor() as cr:
            supplier_id = self.env(cr=cr)["pg.supplier"].create({"name": "Race"}).id
        try:
            with self.registry.cursor() as first, self.registry.cursor() as second:
                self.env(cr=first)["pg.supplier"].browse(supplier_id)._apply_feed(self.feed)
                with self.refused(UserError, "under way"):
                    self.env(cr=second)["pg.supplier"].browse(supplier_id)._apply_feed(self.feed)
                second.rollback()
            with self.registry.cursor() as cr:
                race = self.env(cr=cr)["pg.supplier"].browse(supplier_id)
                self.assertEqual(race._apply_feed(self.feed).skus, Counts(unchanged=4))
        finally:
            with self.registry.cursor() as cr:
                self.env(cr=cr)["pg.supplier"].browse(supplier_id).unlink()

    def test_unconnected_supplier(self):
        with self.refused(UserError, "not connected"):
            self.supplier._sync_catalogue()
        with self.refused(UserError, "Choose a connection"):
            self.supplier.action_sync()

    def test_many_rows_in_few_queries(self):
        supplier = self.env["pg.supplier"].create({"name": "Big", "company_id": False})
        skus = [sku(f"B{n}") for n in range(1500)]
        feed = replace(self.feed, skus=skus)
        with self.assertQueryCount(60):
            self.assertEqual(supplier._apply_feed(feed).skus, Counts(new=1500))
