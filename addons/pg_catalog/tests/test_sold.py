from odoo.addons.pg_catalog.tools.feed import Feed
from odoo.tests import tagged

from .common import CatalogueCase, operator, sku


@tagged("post_install", "-at_install", "pg")
class TestSold(CatalogueCase):
    """What a seller sells, found by one statement each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Operator = cls.env["pg.operator"]
        cls.feed.operators.append(operator("DCFJ", country_code="FJ", pattern="^679[0-9]{7}$"))
        cls.feed.skus += [sku("FJ10", operator_code="DCFJ"), sku("CODE", kind="voucher")]
        cls.supplier._apply_feed(cls.feed)

    def sold(self, company=None, country="PG", **options):
        found = self.Operator._find_sold(company or self.seller, country, **options)
        return found.mapped("code")

    def countries(self, company=None, **options):
        found = self.Operator._find_sold_countries(company or self.seller, **options)
        return sorted(found.mapped("code"))

    def test_operators_of_a_country_in_order(self):
        self.assertEqual(self.sold(), [])
        self.offer("BM10")
        self.offer("FIX10")
        self.offer("FJ10")
        self.assertEqual(self.sold(), ["BMPG", "DCPG"])
        self.Operator.search([("code", "=", "DCPG")]).sequence = 1
        self.assertEqual(self.sold(), ["DCPG", "BMPG"])
        self.assertEqual(self.sold(country="FJ"), ["DCFJ"])
        self.assertEqual(self.sold(country="XX"), [])
        self.assertEqual(self.sold(self.other_seller), [])

    def test_kinds(self):
        self.offer("CODE")
        self.assertEqual(self.sold(kinds=("topup",)), [])
        self.assertEqual(self.sold(kinds=("topup", "voucher")), ["DCPG"])
        self.assertEqual(self.countries(kinds=("topup",)), [])
        digicel = self.Operator.search([("code", "=", "DCPG")])
        offers = self.env["product.template"]._pg_offers
        self.assertFalse(offers(self.seller, digicel, ("topup",)))
        self.assertEqual(len(offers(self.seller, digicel)), 1)
        self.assertFalse(offers(self.seller, self.Operator))

    def test_countries(self):
        self.offer("FIX10")
        self.offer("FJ10")
        self.assertEqual(self.countries(), ["FJ", "PG"])
        self.assertEqual(self.countries(country_code="FJ"), ["FJ"])
        self.assertEqual(self.countries(country_code="TO"), [])
        self.assertEqual(self.countries(self.other_seller), [])

    def test_what_cannot_be_sold_now(self):
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
                self.assertEqual((self.sold(), self.countries()), ([], []))
                record[name] = True
                self.assertEqual((self.sold(), self.countries()), (["DCPG"], ["PG"]))

    def test_a_country_follows_its_operator(self):
        self.offer("FIX10")
        self.Operator.search([("code", "=", "DCPG")]).country_id = self.env.ref("base.to")
        self.assertEqual(self.countries(), ["TO"])
        self.assertEqual((self.sold(), self.sold(country="TO")), ([], ["DCPG"]))

    def test_an_operator_without_a_country_serves_all(self):
        worldwide = operator("WORLD", country_code="", pattern="^[0-9]{8,15}$")
        feed = Feed(operators=[worldwide], skus=[sku("WW", operator_code="WORLD")])
        supplier = self.env["pg.supplier"].create({"name": "World", "company_id": False})
        supplier._apply_feed(feed)
        found = self.Operator._match_number(self.seller, "+67570000000")
        self.assertEqual(found.operators.mapped("code"), ["DCPG", "WORLD"])
        self.assertEqual(
            self.Operator._match_number(self.seller, "+4915112345678").operators.mapped("code"),
            ["WORLD"],
        )

    def test_quotes_of_many_read_the_rates_once(self):
        offers = self.offer("FIX10") + self.offer("FIX20") + self.offer("BM10")
        alone = [offer._pg_quote() for offer in offers]
        pricer = self.seller._pg_get_pricer()
        first = offers[0]._pg_quote(pricer=pricer)
        with self.assertQueryCount(0):
            others = [offer._pg_quote(pricer=pricer) for offer in offers[1:]]
        self.assertEqual([first, *others], alone)
