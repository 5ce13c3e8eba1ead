from odoo.addons.pg_base.tests.common import BaseCase
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..tools import origins

GOOD = {
    "https://shop.example": "https://shop.example",
    " https://Shop.Example/page?x=1#y ": "https://shop.example",
    "shop.example": "https://shop.example",
    "https://shop.example:443": "https://shop.example",
    "https://shop.example:8443/": "https://shop.example:8443",
    "http://localhost:3000": "http://localhost:3000",
    "http://127.0.0.1:8080/a": "http://127.0.0.1:8080",
    "https://bücher.example": "https://xn--bcher-kva.example",
}
BAD = ("", None, 7, "*", "null", "https://*.example.com", "http://shop.example", "ftp://a.example",
       "javascript:alert(1)", "https://a.example@evil.example", "https://", "https://a b.example",
       "https://a.example\\@b.example", "https://a.example:99999", "https://-a.example",
       "x" * 3000)  # fmt: skip


@tagged("post_install", "-at_install", "pg")
class TestPublishableKey(BaseCase):
    def make(self, role="manager", company=None, **values):
        Key = self.as_user(self.env["pg.publishable.key"], role, company)
        return Key.create({"name": "Site", "origins": "https://shop.example", **values})

    def lines(self, key):
        return (
            self.env["pg.audit.log"]
            .search([("res_model", "=", key._name), ("res_id", "=", key.id)], order="id")
            .mapped("action")
        )

    def test_origins(self):
        for typed, origin in GOOD.items():
            self.assertEqual(origins.parse(typed), origin, typed)
        for typed in BAD:
            self.assertIsNone(origins.parse(typed), typed)

    def test_make_change_revoke(self):
        key = self.make(origins="shop.example\nhttps://SHOP.example/x  http://localhost:1")
        self.assertEqual(key.origins, "https://shop.example\nhttp://localhost:1")
        self.assertRegex(key.key, r"\Apk_[\w-]{24}\Z")
        key.write({"name": "New", "origins": "https://new.example"})
        self.assertTrue(key.sudo()._allows("https://new.example"))
        for origin in ("https://shop.example", "https://new.example.evil", "", None, "null"):
            self.assertFalse(key.sudo()._allows(origin))
        Key = self.env["pg.publishable.key"]
        self.assertEqual(Key._from_key(key.key), key)
        key.action_revoke()
        key.action_revoke()
        self.assertFalse(Key._from_key(key.key))
        with self.assertRaises(UserError):
            key.action_embed()
        self.assertEqual(
            self.lines(key),
            ["website_key.created", "website_key.changed", "website_key.revoked"],
        )

    def test_replace_keeps_the_old_one_working(self):
        key = self.make()
        new = self.env["pg.publishable.key"].browse(key.action_replace()["res_id"])
        self.assertNotEqual(new.key, key.key)
        self.assertEqual((new.origins, new.company_id), (key.origins, self.seller))
        self.assertEqual(len(new._from_key(new.key) + new._from_key(key.key)), 2)

    def test_bad_sites_are_refused(self):
        for typed in ("", "*", "https://shop.example\nhttp://shop.example",
                      "\n".join(f"https://s{n}.example" for n in range(21))):  # fmt: skip
            with self.assertRaises(ValidationError):
                self.make(origins=typed)
        self.assertFalse(
            self.env["pg.publishable.key"].search([("company_id", "=", self.seller.id)])
        )

    def test_roles(self):
        self.make("admin")
        for role in ("viewer", "operator"):
            with self.assertRaises(AccessError):
                self.make(role)
            with self.assertRaises(AccessError):
                self.as_user(self.env["pg.publishable.key"], role).search([])

    def test_other_company(self):
        key = self.make()
        known = self.env["pg.publishable.key"].browse(key.id)
        theirs = self.as_user(known, "manager", self.other_seller)
        self.assertFalse(theirs.search([]))
        for refused in (theirs.action_revoke, lambda: theirs.write({"name": "x"})):
            with self.assertRaises(AccessError):
                refused()
        with self.assertRaises(AccessError):
            self.make(company_id=self.other_seller.id)
        self.assertFalse(key.revoked_at)

    def test_system_fields_are_not_for_people(self):
        key = self.make()
        for values in ({"key": "pk_mine"}, {"revoked_at": False}, {"last_used_on": False}):
            with self.assertRaises(AccessError):
                key.write(values)
        with self.assertRaises(AccessError):
            self.make(key="pk_mine")
        with self.assertRaises(AccessError):
            key.unlink()

    def test_only_for_sellers(self):
        self.seller.sudo().write({"pg_is_seller": False})
        with self.assertRaises(ValidationError):
            self.make()
