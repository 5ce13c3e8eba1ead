from datetime import date, timedelta

from odoo import fields
from odoo.addons.pg_topup.tests.common import DELIVERED
from odoo.fields import Command
from odoo.tests import tagged

from .account_common import EMAIL, AccountCase
from .test_widget_api import ROOT, SITE


@tagged("post_install", "-at_install", "pg")
class TestFresh(AccountCase):
    """Whatever changes what is sold, or its price, is on the next page and in the next JSON."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.env["pg.publishable.key"].create(
            {"name": "Site", "origins": SITE, "company_id": cls.seller.id}
        )
        cls.fixed_offer.list_price = 20
        cls.bmobile_sku = cls.env["pg.sku"].search(
            [
                ("supplier_id", "=", cls.supplier.id),
                ("country_id.code", "=", "PG"),
                ("operator_id", "!=", cls.sku.operator_id.id),
                ("kind", "=", "topup"),
                ("is_range", "=", False),
            ],
            limit=1,
        )

    def setUp(self):
        super().setUp()
        # As of a page that was opened before the change.
        self.token = self.enter_number()

    # === WHAT IS SHOWN === #

    def offers_json(self, **values):
        """Return the widget's JSON for the number."""
        return self.url_open(
            f"{ROOT}/{self.key.key}/offers",
            json={"number": DELIVERED, "country": "PG", **values},
            headers={"Origin": SITE},
        ).json()

    def offers_page(self):
        return self.get(f"{self.base}/offers", q=self.token)

    def shown(self):
        """Return {offer: price} of the page, checked against the widget's and a quote's."""
        path = "//li[@class='offer']/a"
        links = self.page(self.offers_page()).xpath(path)
        prices = {
            int(link.get("href").rpartition("offer=")[2]): link.xpath(
                "string(.//span[@class='price'])"
            ).removeprefix("You pay ")
            for link in links
        }
        widget = {
            card["id"]: card["price"]
            for group in self.offers_json().get("groups", ())
            for card in group["offers"]
            if not card["is_range"]
        }
        self.assertEqual(prices, widget)
        for offer in self.env["product.template"].browse(prices):
            price = offer._pg_quote().sell_price
            self.assertEqual(prices[offer.id], f"PGK\u00a0{price:,.2f}")
        return prices

    def range_hint(self):
        """Return the bounds of what is paid for any amount."""
        path = f"string(//p[@id='pay-{self.offer.id}-hint'])"
        return " ".join(self.page(self.offers_page()).xpath(path).split())

    def operators(self):
        page = self.page(self.offers_page())
        shown = {int(value) for value in page.xpath("//input[@name='operator']/@value")}
        self.assertEqual(shown, {operator["id"] for operator in self.offers_json()["operators"]})
        return shown

    def countries(self):
        return self.page(self.get(self.base)).xpath("//select[@name='country']/option/@value")

    # === PRICES === #

    def test_price(self):
        self.assertEqual(self.shown(), {self.fixed_offer.id: "PGK\u00a020.00"})
        self.fixed_offer.list_price = 21.5
        self.assertEqual(self.shown(), {self.fixed_offer.id: "PGK\u00a021.50"})

    def test_margin_and_rate(self):
        before = self.range_hint()
        self.offer.pg_margin_percent = 20
        dearer = self.range_hint()
        self.assertNotEqual(before, dearer)
        self.env["res.currency.rate"].create(
            {
                "name": fields.Date.today(),
                "currency_id": self.usd.id,
                "company_id": self.seller.id,
                "rate": 0.2,
            }
        )
        self.assertNotEqual(self.range_hint(), dearer)
        highest = self.offer._pg_quote(send_value=self.sku.send_max).sell_price
        self.assertIn(f"to {highest:,.2f}".removesuffix(".00"), self.range_hint())

    def test_rate_that_makes_it_a_loss(self):
        self.assertIn(self.fixed_offer.id, self.shown())
        self.env["res.currency.rate"].create(
            {
                "name": fields.Date.today(),
                "currency_id": self.usd.id,
                "company_id": self.seller.id,
                "rate": 0.001,
            }
        )
        self.assertNotIn(self.fixed_offer.id, self.shown())

    def test_price_rule(self):
        self.fixed_offer.pg_price_mode = "rules"
        self.offer.pg_price_mode = "rules"
        before, hint = self.shown(), self.range_hint()
        rule = self.env["pg.price.rule"].create(
            {"name": "Dear", "percent": 50, "company_id": self.seller.id}
        )
        self.assertNotEqual(self.shown(), before)
        self.assertNotEqual(self.range_hint(), hint)
        rule.date_to = date.today() - timedelta(days=2)
        self.assertEqual((self.shown(), self.range_hint()), (before, hint))

    def test_price_list(self):
        customer = self.env["res.partner"].create(
            {"name": "Kila", "email": EMAIL, "company_id": self.seller.id}
        )
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Friends",
                "company_id": self.seller.id,
                "currency_id": self.pgk.id,
                "item_ids": [Command.create({"compute_price": "percentage", "percent_price": 5})],
            }
        )
        self.log_in()
        path = "//span[@class='price']/text()"
        prices = [self.page(self.offers_page()).xpath(path)]
        pricelist.pg_customer_ids = customer
        prices.append(self.page(self.offers_page()).xpath(path))
        pricelist.item_ids.percent_price = 10
        prices.append(self.page(self.offers_page()).xpath(path))
        self.assertEqual(prices, [["PGK\u00a020.00"], ["PGK\u00a019.00"], ["PGK\u00a018.00"]])

    # === WHAT IS SOLD === #

    def test_pause_and_resume(self):
        self.fixed_offer.action_pg_pause()
        self.assertFalse(self.shown())
        self.fixed_offer.action_pg_resume()
        self.assertTrue(self.shown())

    def test_archived_at_each_level(self):
        for record in (
            self.fixed_offer, self.fixed_sku, self.sku.operator_id, self.supplier
        ):  # fmt: skip
            with self.subTest(record=record):
                record.active = False
                self.assertFalse(self.shown())
                record.active = True
                self.assertEqual(list(self.shown()), self.fixed_offer.ids)

    def test_operator_with_its_first_and_last_offer(self):
        digicel, bmobile = self.sku.operator_id.id, self.bmobile_sku.operator_id.id
        self.assertEqual(self.operators(), {digicel})
        offer = self.env["product.template"].create(
            {"type": "service", "company_id": self.seller.id, "pg_sku_id": self.bmobile_sku.id}
        )
        self.assertEqual(self.operators(), {digicel, bmobile})
        offer.sale_ok = False
        self.assertEqual(self.operators(), {digicel})

    def test_country_with_its_first_and_last_offer(self):
        fiji = self.env["pg.sku"].search(
            [("supplier_id", "=", self.supplier.id), ("country_id.code", "=", "FJ")], limit=1
        )
        self.assertEqual(self.countries(), ["PG"])
        self.env["product.template"].create(
            {"type": "service", "company_id": self.seller.id, "pg_sku_id": fiji.id}
        )
        self.assertEqual(self.countries(), ["FJ", "PG"])
        # As a sync drops what the supplier no longer sells.
        fiji.active = False
        self.assertEqual(self.countries(), ["PG"])
        answer = self.offers_json(number="+679 701 2345")
        self.assertEqual(answer["error"]["code"], "invalid")

    def test_another_seller_changes_nothing_here(self):
        before = self.shown()
        self.other_fixed_offer.list_price = 99
        self.env["product.template"].create(
            {
                "type": "service",
                "company_id": self.other_seller.id,
                "pg_sku_id": self.bmobile_sku.id,
            }
        )
        self.assertEqual(self.shown(), before)
        self.assertEqual(self.operators(), set(self.sku.operator_id.ids))

    # === WORDS === #

    def test_promotion_starts_and_ends(self):
        promotion = self.env["pg.promotion"].create(
            {
                "name": "Double minutes",
                "code": "double",
                "supplier_id": self.supplier.id,
                "operator_id": self.sku.operator_id.id,
                "bonuses": [{"kind": "%", "quantity": "100", "days": 7}],
            }
        )
        self.assertIn("Double minutes", self.words(self.offers_page()))
        self.assertIn("100 % (7 days)", str(self.offers_json()["groups"]))
        promotion.ends_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertNotIn("Double minutes", self.words(self.offers_page()))
        self.assertNotIn("100 %", str(self.offers_json()["groups"]))
        promotion.write({"ends_at": False, "starts_at": fields.Datetime.now() + timedelta(hours=1)})
        self.assertNotIn("Double minutes", self.words(self.offers_page()))

    def test_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.fixed_offer.name = "Island hello"
        self.fixed_offer.with_context(lang="fr_FR").name = "Bonjour des îles"
        self.assertIn("Island hello", str(self.offers_json(lang="en_US")))
        self.assertIn("Bonjour des îles", str(self.offers_json(lang="fr_FR")))
        self.fixed_offer.with_context(lang="fr_FR").name = "Salut des îles"
        self.assertIn("Salut des îles", str(self.offers_json(lang="fr_FR")))

    # === COST === #

    def test_more_offers_take_no_more_statements(self):
        pages = self.env["pg.storefront"]._for_seller(self.seller)

        def count():
            self.env.invalidate_all()
            self.env.cr.cache.clear()
            before = self.env.cr.sql_log_count
            values = pages._get_offers_values(self.seller, "token", DELIVERED)
            return len(values["groups"][0]["offers"]), self.env.cr.sql_log_count - before

        few, statements = count()
        skus = self.env["pg.sku"].search(
            [
                ("operator_id", "=", self.sku.operator_id.id),
                ("kind", "=", "topup"),
                ("id", "not in", (self.sku + self.fixed_sku).ids),
            ]
        )
        self.env["product.template"].create(
            [{"type": "service", "company_id": self.seller.id, "pg_sku_id": sku.id} for sku in skus]
        )
        many, more_statements = count()
        self.assertGreater(many, few + 1)
        # One asks which sold best, as there are popular ones to pick now.
        self.assertLessEqual(more_statements, statements + 1)
        self.assertLess(more_statements, 30)
