from decimal import Decimal as D

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestPricelist(CatalogueCase):
    """Customer groups and further currencies through Odoo's price lists."""

    @classmethod
    def pricelist(cls, currency=None, company=None, **item):
        """Return a price list with one rule for everything."""
        return cls.env["product.pricelist"].create(
            {
                "name": "Group",
                "company_id": (company or cls.seller).id,
                "currency_id": (currency or cls.pgk).id,
                "item_ids": [Command.create(item)] if item else False,
            }
        )

    def test_rules_agree_with_odoos_own_price_lists(self):
        offer = self.offer("FIX10", list_price=20)
        for item in (
            {"compute_price": "percentage", "percent_price": 12.5},
            {"compute_price": "fixed", "fixed_price": 15.35},
            {"compute_price": "formula", "price_discount": 20, "price_surcharge": 0.25},
            {"compute_price": "formula", "price_discount": 7, "price_round": 0.5},
            {"compute_price": "formula", "price_discount": 30, "price_max_margin": 2},
            {},
        ):
            for currency in (self.pgk, self.usd):
                with self.subTest(currency=currency.name, **item):
                    pricelist = self.pricelist(currency, **item)
                    odoo = pricelist.with_company(self.seller)._get_product_price(offer, 1.0)
                    quote = offer.with_company(self.seller)._pg_quote(pricelist=pricelist)
                    self.assertEqual(quote.currency, currency.name)
                    self.assertEqual(quote.sell_price, round(D(str(odoo)), 2))
                    self.assertEqual(quote.pricelist_id, pricelist.id)

    def test_discount_is_exact(self):
        offer = self.offer("FIX10", list_price=20, pg_tax_percent=10)
        pricelist = self.pricelist(compute_price="percentage", percent_price=7.5)
        quote = offer._pg_quote(pricelist=pricelist)
        self.assertEqual((quote.sell_price, quote.tax), (D("18.50"), D("1.68")))
        self.assertEqual((quote.cost, quote.fx_rate), (D("10.00"), D(4)))
        self.assertEqual(offer._pg_quote().sell_price, D("20.00"))

    def test_markup_on_cost_takes_the_cost_of_the_day(self):
        offer = self.offer("RANGE", pg_margin_percent=50)
        pricelist = self.pricelist(compute_price="formula", base="standard_price", price_markup=5)
        quote = offer._pg_quote(send_value=D(10), pricelist=pricelist)
        self.assertEqual((quote.cost, quote.sell_price), (D("40.00"), D("42.00")))

    def test_another_currency(self):
        offer = self.offer("FIX10", list_price=14)
        quote = offer._pg_quote(pricelist=self.pricelist(self.usd))
        self.assertEqual((quote.sell_price, quote.cost), (D("3.50"), D("2.50")))
        self.assertEqual((quote.currency, quote.fx_rate), ("USD", D(1)))

    def test_a_fixed_price_is_not_for_ranges(self):
        offer = self.offer("RANGE", pg_margin_percent=10)
        pricelist = self.pricelist(compute_price="fixed", fixed_price=5)
        quote = offer._pg_quote(send_value=D(10), pricelist=pricelist)
        self.assertEqual(quote.sell_price, D("44.00"))

    def test_price_lists_on_price_lists(self):
        offer = self.offer("FIX10", list_price=20)
        base = self.pricelist(self.usd, compute_price="percentage", percent_price=10)
        pricelist = self.pricelist(
            compute_price="formula",
            base="pricelist",
            base_pricelist_id=base.id,
            price_surcharge=1,
        )
        self.assertEqual(offer._pg_quote(pricelist=pricelist).sell_price, D("19.00"))

    def test_never_under_cost(self):
        offer = self.offer("FIX10", list_price=12)
        for percent, is_sold in ((16, True), (17, False)):
            pricelist = self.pricelist(compute_price="percentage", percent_price=percent)
            if is_sold:
                self.assertEqual(offer._pg_quote(pricelist=pricelist).sell_price, D("10.08"))
                continue
            with self.refused(UserError, "not available"):
                offer._pg_quote(pricelist=pricelist)

    def test_no_rate_no_price(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].search([("currency_id", "=", self.usd.id)]).unlink()
        self.set_rate(self.seller, "0.25")
        offer = self.offer("FIX10", list_price=12)
        self.env["res.currency.rate"].search([("currency_id", "=", self.usd.id)]).unlink()
        self.env.invalidate_all()
        with self.refused(UserError, "no exchange rate"):
            offer._pg_quote(pricelist=self.pricelist(euro))
