from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import BaseCase


@tagged("post_install", "-at_install", "pg")
class TestCompany(BaseCase):
    def test_slug_is_found_only_for_sellers(self):
        Company = self.env["res.company"]
        self.assertEqual(Company._pg_from_slug("test-seller-one"), self.seller)
        self.seller.pg_is_seller = False
        self.assertFalse(Company._pg_from_slug("test-seller-one"))

    def test_slug_from_an_address_may_be_anything(self):
        for slug in ("", "UPPER", "a b", "../etc", "-x", "x" * 500, None, 7, "%", "test_seller"):
            self.assertFalse(self.env["res.company"]._pg_from_slug(slug), slug)

    def test_slug_must_be_clean(self):
        for slug in ("Has Space", "UPPER", "-edge", "edge-", "a/b"):
            with self.assertRaises(ValidationError):
                self.seller.pg_slug = slug
        self.assertEqual(self.env["res.company"].browse(self.seller.id).pg_slug, "test-seller-one")

    def test_seller_needs_a_slug(self):
        with self.assertRaises(ValidationError):
            self.seller.pg_slug = False

    @mute_logger("odoo.sql_db")
    def test_slug_is_unique(self):
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.other_seller.pg_slug = "test-seller-one"
            self.env.flush_all()

    def test_roles_are_a_ladder(self):
        has = {
            role: sum(
                user.has_group(f"pg_base.group_{name}")
                for name in ("viewer", "operator", "manager", "admin", "platform_admin")
            )
            for (company, role), user in self.users.items()
            if company == self.seller
        }
        self.assertEqual(has, {"viewer": 1, "operator": 2, "manager": 3, "admin": 4})
