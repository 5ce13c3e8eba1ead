from decimal import Decimal as D

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestPricelistCustomer(CatalogueCase):
    """Who buys by a price list, and who may say so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retailers, cls.others = cls.env["product.pricelist"].create(
            [
                {
                    "name": "Retailers",
                    "company_id": company.id,
                    "currency_id": cls.pgk.id,
                    "item_ids": [
                        Command.create({"compute_price": "percentage", "percent_price": 10})
                    ],
                }
                for company in (cls.seller, cls.other_seller)
            ]
        )
        cls.shared = cls.env["product.pricelist"].create(
            {"name": "Shared", "company_id": False, "currency_id": cls.usd.id}
        )
        cls.customer, cls.second, cls.foreign = cls.env["res.partner"].create(
            [
                {"name": name, "company_id": company.id}
                for name, company in (
                    ("Kila", cls.seller),
                    ("Vagi", cls.seller),
                    ("Foreign", cls.other_seller),
                )
            ]
        )

    def give(self, pricelist, partners, role="manager"):
        self.as_user(pricelist, role).pg_customer_ids = [Command.set(partners.ids)]
        self.env.invalidate_all()

    def test_customers_are_named_on_the_price_list(self):
        self.give(self.retailers, self.customer + self.second)
        for partner in self.customer + self.second:
            self.assertEqual(partner._pg_get_pricelist(self.seller), self.retailers)
            self.assertFalse(partner._pg_get_pricelist(self.other_seller))
        self.give(self.retailers, self.second)
        self.assertFalse(self.customer._pg_get_pricelist(self.seller))
        self.assertEqual(
            self.as_user(self.retailers, "viewer").pg_customer_ids.ids, self.second.ids
        )

    def test_a_customer_has_one_price_list(self):
        second_list = self.retailers.copy({"name": "Wholesale"})
        self.give(self.retailers, self.customer)
        self.give(second_list, self.customer)
        self.assertEqual(self.customer._pg_get_pricelist(self.seller), second_list)
        self.assertFalse(self.retailers.pg_customer_ids)

    def test_nobody_has_one_by_default(self):
        """Odoo falls back on the first price list there is; who was given none pays the offers."""
        self.assertFalse(self.customer._pg_get_pricelist(self.seller))
        self.assertFalse(self.env["res.partner"]._pg_get_pricelist(self.seller))

    def test_archived_or_of_another_seller_counts_as_none(self):
        self.give(self.retailers, self.customer)
        self.retailers.active = False
        self.assertFalse(self.customer._pg_get_pricelist(self.seller))
        self.customer.with_company(self.seller).specific_property_product_pricelist = self.others
        self.assertFalse(self.customer._pg_get_pricelist(self.seller))
        self.customer.with_company(self.seller).specific_property_product_pricelist = self.shared
        self.assertEqual(self.customer._pg_get_pricelist(self.seller), self.shared)

    def test_managers_keep_their_own(self):
        created = self.as_user(self.env["product.pricelist"], "manager").create(
            {
                "name": "Mine",
                "currency_id": self.usd.id,
                "item_ids": [Command.create({"compute_price": "percentage", "percent_price": 5})],
            }
        )
        self.assertEqual(created.company_id, self.seller)
        self.as_user(created, "manager").item_ids.percent_price = 6
        self.as_user(created, "manager").unlink()
        self.assertFalse(created.exists())

    def test_who_may_not(self):
        for role in ("viewer", "operator"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.give(self.retailers, self.customer, role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.env["product.pricelist"], role).create({"name": "Mine"})
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.retailers.item_ids, role).percent_price = 90
        for role in ("manager", "admin"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.shared, role).name = "Ours"
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.env["product.pricelist"], role).create(
                    {"name": "For all", "company_id": False}
                )
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.give(self.shared, self.customer, role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(self.others, role).read(["name"])
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.give(self.retailers, self.foreign, role)
        self.env.invalidate_all()
        self.assertEqual(self.retailers.item_ids.percent_price, 10)
        for partner in self.customer + self.foreign:
            for company in (self.seller, self.other_seller):
                self.assertFalse(partner._pg_get_pricelist(company))

    # === WHAT THEY PAY === #

    def test_an_amount_to_spend_is_in_the_customers_currency(self):
        offer = self.offer("RANGE", pg_margin_percent=25)
        in_dollars = self.env["product.pricelist"].create(
            {"name": "USD", "company_id": self.seller.id, "currency_id": self.usd.id}
        )
        # One dollar sent costs one dollar; with 25 % on it, 10 dollars buy 8.
        quote = offer._pg_quote_for_pay(D(10), in_dollars)
        self.assertEqual((quote.send_value, quote.sell_price), (D(8), D("10.00")))
        self.assertEqual((quote.currency, quote.pricelist_id), ("USD", in_dollars.id))
        with self.refused(UserError, "between 1.25 and 93.75 USD"):
            offer._pg_quote_for_pay(D("1.24"), in_dollars)

    def test_a_discount_buys_more_for_the_same_money(self):
        offer = self.offer("RANGE", pg_margin_percent=25)
        plain, cheaper = (
            offer._pg_quote_for_pay(D(45)),
            offer._pg_quote_for_pay(D(45), self.retailers),
        )
        self.assertEqual((plain.send_value, cheaper.send_value), (D(9), D(10)))
        self.assertEqual((plain.sell_price, cheaper.sell_price), (D(45), D(45)))
