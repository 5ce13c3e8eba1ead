from decimal import Decimal as D

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from ..const import DEFAULT_MARGIN
from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestOffer(CatalogueCase):
    # === PRICE AND MARGIN === #

    def test_margin_makes_the_price(self):
        offer = self.offer("FIX10", pg_margin_percent=12.5)
        self.assertEqual(offer.pg_cost, 10.0)
        self.assertEqual(offer.list_price, 11.25)
        self.assertEqual(offer.pg_margin_percent, 12.5)
        self.assertEqual(offer.name, "Digicel SKU FIX10")
        self.assertEqual((offer.type, offer.purchase_ok), ("service", False))

    def test_price_makes_the_margin(self):
        offer = self.offer("FIX10", list_price=12)
        self.assertEqual(offer.pg_margin_percent, 20.0)
        offer.list_price = 13
        self.assertEqual(offer.pg_margin_percent, 30.0)
        offer.pg_margin_percent = 5
        self.assertEqual(offer.list_price, 10.5)

    def test_without_either_the_default_margin(self):
        self.assertEqual(self.offer("FIX10").pg_margin_percent, float(DEFAULT_MARGIN))

    def test_range_keeps_its_margin(self):
        offer = self.offer("RANGE", pg_margin_percent=10)
        self.assertEqual((offer.pg_cost, offer.list_price), (4.0, 4.4))
        offer.list_price = 5
        self.assertEqual(offer.pg_margin_percent, 25.0)
        self.assertEqual(offer._pg_quote(send_value=D("10")).sell_price, D("50.00"))

    def test_rate_moves_cost_and_margin(self):
        offer = self.offer("FIX10", list_price=12)
        self.set_rate(self.seller, "0.20", "2021-01-01")
        self.env.invalidate_all()
        self.assertEqual(offer.pg_cost, 12.5)
        self.assertEqual(offer.pg_margin_percent, -4.0)
        self.assertIn("under today's cost", offer.pg_problem)
        with self.refused(UserError, "not available"):
            offer._pg_quote()

    def test_form_shows_price_and_margin_of_each_other(self):
        offer = self.offer("FIX10", list_price=12)
        with Form(offer, "pg_catalog.pg_offer_view_form") as form:
            form.list_price = 15
            self.assertEqual(form.pg_margin_percent, 50.0)
            form.pg_margin_percent = 25
            self.assertEqual(form.list_price, 12.5)
        self.assertEqual(offer.list_price, 12.5)

    # === CONSTRAINTS === #

    def test_under_cost_is_refused(self):
        with self.refused(ValidationError, "under cost: it costs 10.00 PGK"):
            self.offer("FIX10", list_price=9.99)
        offer = self.offer("FIX10", list_price=10)
        with self.refused(ValidationError, "under cost"):
            offer.list_price = 9.99
        for code in ("FIX20", "RANGE"):
            with self.refused(UserError, "cannot be negative"):
                self.offer(code, pg_margin_percent=-1)

    @mute_logger("odoo.sql_db")
    def test_one_offer_a_sku(self):
        self.offer("FIX10")
        self.offer("FIX10", self.other_seller)
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.offer("FIX10")

    def test_no_rate_no_price(self):
        self.env["res.currency.rate"].search([("currency_id", "=", self.usd.id)]).unlink()
        with self.refused(UserError, "no exchange rate between USD and PGK"):
            self.offer("FIX10")

    def test_sku_of_another_seller_is_refused(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.other_seller.id})
        own._apply_feed(self.feed)
        theirs = self.find_sku("FIX10", own)
        with self.assertRaises(UserError):
            self.env["product.template"].create(
                {"pg_sku_id": theirs.id, "company_id": self.seller.id, "list_price": 20}
            )

    def test_other_products_are_left_alone(self):
        product = self.env["product.template"].create({"name": "Chair"})
        self.assertFalse(product.pg_is_offer)
        self.assertEqual((product.list_price, product.pg_cost, product.pg_problem), (1, 0, False))
        product.list_price = 0
        with self.assertRaises(UserError):
            product._pg_quote()

    # === QUOTES === #

    def test_fixed_quote(self):
        offer = self.offer("FIX10", list_price=12, pg_tax_percent=10)
        quote = offer._pg_quote()
        self.assertEqual(quote.offer_id, offer.id)
        self.assertEqual(quote.sku_id, self.find_sku("FIX10").id)
        self.assertEqual(quote.supplier_id, self.supplier.id)
        self.assertEqual(quote.operator_id, offer.pg_operator_id.id)
        self.assertEqual((quote.sell_price, quote.currency), (D("12.00"), "PGK"))
        self.assertEqual((quote.cost, quote.fx_rate), (D("10.00"), D(4)))
        self.assertEqual(quote.tax, D("1.09"))
        self.assertEqual((quote.send_value, quote.send_currency), (D("2.5"), "USD"))
        self.assertEqual((quote.receive_value, quote.receive_currency), (D(10), "PGK"))
        self.assertEqual(offer._pg_quote(send_value=D("2.50")), quote)
        with self.refused(UserError, "fixed amount"):
            offer._pg_quote(send_value=D("2.51"))

    def test_range_quotes(self):
        offer = self.offer("RANGE", pg_margin_percent=12.5)
        quote = offer._pg_quote(send_value=D("10.00"))
        self.assertEqual((quote.sell_price, quote.cost), (D("45.00"), D("40.00")))
        self.assertEqual(quote.receive_value, D("35.00"))
        quote = offer._pg_quote(receive_value=D("50"))
        self.assertEqual((quote.send_value, quote.cost), (D("14.29"), D("57.16")))
        self.assertEqual(quote.sell_price, D("64.31"))
        self.assertGreaterEqual(quote.receive_value, D(50))

    def test_range_bounds(self):
        offer = self.offer("RANGE")
        for send in ("1", "75"):
            self.assertEqual(offer._pg_quote(send_value=D(send)).send_value, D(send))
        for values in (
            {"send_value": D("0.99")},
            {"send_value": D("75.01")},
            {"receive_value": D("3.49")},
            {"receive_value": D("262.51")},
            {"send_value": D("NaN")},
            {"send_value": D("-5")},
        ):
            with self.subTest(**values), self.refused(UserError, "amount between"):
                offer._pg_quote(**values)
        with self.refused(UserError, "choose an amount"):
            offer._pg_quote()
        with self.refused(UserError, "two decimals"):
            offer._pg_quote(send_value=D("10.001"))

    def test_fee_is_part_of_the_cost(self):
        self.env.cr.execute("UPDATE pg_sku SET distributor_fee = 0.5 WHERE code = 'FIX10'")
        self.env.invalidate_all()
        self.assertEqual(self.offer("FIX10", pg_margin_percent=0)._pg_quote().cost, D("12.00"))

    def test_what_is_not_on_sale_is_not_quoted(self):
        offer = self.offer("FIX10")
        for record, name in (
            (offer, "active"),
            (offer, "sale_ok"),
            (offer.pg_sku_id, "active"),
            (offer.pg_operator_id, "active"),
            (self.supplier, "active"),
        ):
            with self.subTest(record=record, name=name):
                record[name] = False
                self.assertFalse(self.offers())
                with self.refused(UserError, "no longer available"):
                    offer._pg_quote()
                record[name] = True
                self.assertEqual(self.offers(), offer)

    def offers(self):
        operator = self.env["pg.operator"].with_context(active_test=False)
        operator = operator.search([("code", "=", "DCPG")])
        return self.env["product.template"]._pg_offers(self.seller, operator)

    def test_offers_are_ordered_and_own(self):
        self.offer("FIX20")
        self.offer("FIX10")
        self.offer("FIX10", self.other_seller)
        self.offer("BM10")
        self.assertEqual(self.offers().mapped("pg_sku_id.code"), ["FIX10", "FIX20"])

    def test_list_needs_few_queries(self):
        offers = self.offer("FIX10") + self.offer("FIX20") + self.offer("RANGE")
        offers.mapped("pg_cost")
        self.env.invalidate_all()
        with self.assertQueryCount(14):
            offers.mapped("pg_cost")
            offers.mapped("pg_margin_percent")

    def test_pause_and_resume(self):
        offer = self.offer("FIX10")
        offer.action_pg_pause()
        self.assertFalse(offer.sale_ok)
        offer.action_pg_resume()
        self.assertTrue(offer.sale_ok)
