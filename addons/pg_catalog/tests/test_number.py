from odoo.addons.pg_catalog.tools.feed import Feed
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..tools import numbering
from .common import CatalogueCase, operator, sku


@tagged("post_install", "-at_install", "pg")
class TestNumber(CatalogueCase):
    def match(self, raw, country=None, company=None):
        return self.env["pg.operator"]._match_number(company or self.seller, raw, country)

    def test_usual_forms_give_one_number(self):
        for raw in (
            "+675 7000 0000",
            "675 7000 0000",
            "0067570000000",
            "7000 0000",
            "(7000) 00-00",
            " 70000000 ",
            "+67570000000",
        ):
            with self.subTest(raw=raw):
                found = self.match(raw)
                self.assertEqual(found.e164, "+67570000000")
                self.assertEqual(found.digits, "67570000000")
                self.assertEqual(found.country_code, "PG")
                self.assertEqual(found.operators.mapped("code"), ["DCPG"])

    def test_country_of_a_national_number(self):
        self.assertEqual(self.match("0917 000 0000", "PH").e164, "+639170000000")
        self.assertEqual(self.match("700 0000", "fj").e164, "+6797000000")

    def test_bad_numbers_are_refused_with_a_sentence(self):
        for raw, word in (
            ("", "enter a phone number"),
            (None, "enter a phone number"),
            ("hello", "not look like"),
            ("+675", "not look like"),
            ("12", "few or too many"),
            ("+675 700", "few or too many"),
            ("+999 7000 0000", "country code"),
            ("+675 0000 0000", "does not exist"),
            ("7" * 33, "not look like"),
        ):
            with self.subTest(raw=raw), self.refused(UserError, word):
                self.match(raw)

    def test_no_operator_is_no_error(self):
        found = self.match("+4915112345678")
        self.assertFalse(found.operators)
        self.assertEqual(found.country_code, "DE")

    def test_candidates_best_first(self):
        """bmobile's number: the carrier's name ranks first, what the seller sells above all."""
        self.env["pg.operator"].search([("code", "=", "BMPG")]).name = "bmobile Papua New Guinea"
        self.assertEqual(self.match("75000000").operators.mapped("code"), ["BMPG", "DCPG"])
        self.offer("FIX10")
        self.assertEqual(self.match("75000000").operators.mapped("code"), ["DCPG", "BMPG"])
        other = self.match("75000000", company=self.other_seller)
        self.assertEqual(other.operators.mapped("code"), ["BMPG", "DCPG"])

    def test_operators_without_skus_or_of_others_are_not_offered(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.other_seller.id})
        own._apply_feed(Feed(operators=[operator("X")], skus=[sku("XS", operator_code="X")]))
        self.assertEqual(self.match("70000000").operators.mapped("code"), ["DCPG"])
        theirs = self.match("70000000", company=self.other_seller)
        self.assertEqual(set(theirs.operators.mapped("code")), {"DCPG", "X"})
        self.find_sku("XS", own).active = False
        theirs = self.match("70000000", company=self.other_seller)
        self.assertEqual(theirs.operators.mapped("code"), ["DCPG"])

    def test_test_numbers_of_a_test_supplier_only(self):
        """A supplier's test numbers need not be assigned by anybody."""
        with self.assertRaises(UserError):
            self.match("+18760000000")
        self.feed.operators.append(operator("DCJM", country_code="JM", pattern="^1876[0-9]{7}$"))
        self.feed.skus.append(sku("JM", operator_code="DCJM", uat_number="18760000000"))
        self.supplier._apply_feed(self.feed)
        self.assertEqual(self.match("+18760000004").operators.mapped("code"), ["DCJM"])
        self.supplier.environment = "live"
        with self.assertRaises(UserError):
            self.match("+18760000004")

    def test_unsafe_pattern_is_refused(self):
        with self.refused(ValidationError, "cannot be used"):
            self.env["pg.operator"].search([], limit=1).pattern = "^([0-9]+)+$"

    def test_pure_parse(self):
        self.assertEqual(numbering.parse("+67575000000").carrier, "bmobile")
        self.assertFalse(numbering.parse("70000000").is_valid, "Without a country it is no number.")
