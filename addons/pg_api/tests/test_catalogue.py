from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase


@tagged("post_install", "-at_install", "pg")
class TestCatalogue(ApiCase):
    # === KEYS === #

    def test_ping_by_role(self):
        for role in ("viewer", "operator", "manager", "admin"):
            values = self.ask("/ping", role=role)
            self.assertEqual(values["role"], role)
            self.assertEqual(values["seller"], {"slug": "test-seller-one", "name": "Seller One"})

    def test_no_key_wrong_key_revoked_key_expired_key(self):
        self.ask("/ping", key=False, status=401)
        self.ask("/ping", key="0" * 40, status=401)
        self.ask("/ping", key="x", status=401)
        self.ask("/ping", key="a\x7f;'--", status=401)
        key = self.make_key(self.users[self.seller, "viewer"])
        self.ask("/ping", key=key)
        Keys = self.env["res.users.apikeys"].sudo()
        Keys.search([("user_id", "=", self.users[self.seller, "viewer"].id)]).unlink()
        self.ask("/ping", key=key, status=401)
        self.ask("/ping", key=self.make_key(self.users[self.seller, "admin"], -1), status=401)

    def test_key_of_a_switched_off_user(self):
        self.users[self.seller, "viewer"].active = False
        self.env.flush_all()
        self.ask("/ping", role="viewer", status=401)

    def test_session_is_no_key(self):
        self.authenticate("admin-test-seller-one", "admin-test-seller-one")
        self.ask("/ping", key=False, status=401)

    def test_role_is_needed(self):
        self.ask("/ping", key=self.clerk_key, status=403)
        self.ask("/topups", key=self.clerk_key, status=403)

    def test_organisation_must_sell(self):
        self.seller.pg_is_seller = False
        self.env.flush_all()
        self.ask("/ping", status=403)
        self.ask("/ping", company=self.other_seller)

    # === WHAT IS NOT THERE === #

    def test_unknown_address_and_method(self):
        self.assertEqual(self.ask("/nothing", status=404)["error"]["code"], "not_found")
        self.ask("/topups/x/y", status=404)
        response = self.opener.delete(f"{self.base_url()}/api/v1/topups", timeout=10)
        self.check(response, "delete", "/topups", 405)
        allowed = {*response.headers["Allow"].split(", ")}
        self.assertEqual(allowed, {"GET", "HEAD", "OPTIONS", "POST"})

    def test_crash_answers_without_traceback(self):
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/api/v1/ping?self=1", headers=self._auth("viewer", None, None)
            )
        error = self.check(response, "get", "/ping", 500)["error"]
        self.assertEqual(error["code"], "internal_error")

    # === CATALOGUE === #

    def test_operators(self):
        values = self.ask("/operators?number=%2B67570123456", role="viewer")
        self.assertEqual((values["number"], values["country"]), ("+67570123456", "PG"))
        self.assertEqual(values["items"][0]["id"], self.sku.operator_id.id)
        local = self.ask("/operators?number=7012%203456")
        self.assertEqual(local, values)

    def test_operators_refused(self):
        for query in ("", "?number=", "?number=abc", "?number=1", f"?number={'1' * 33}",
                      "?number=%2B67570123456&x=1", "?number=%2B6757&number=1"):  # fmt: skip
            self.ask(f"/operators{query}", status=422)

    def test_offers_by_number_and_by_operator(self):
        values = self.ask("/offers?number=%2B67570123456", role="viewer")
        self.assertEqual([item["id"] for item in values["items"]], [self.offer.id])
        item = values["items"][0]
        self.assertTrue(item["is_range"])
        self.assertEqual(item["price"]["currency"], "PGK")
        self.assertEqual(item["send_min"]["currency"], "USD")
        self.assertNotIn("cost", item)
        self.assertEqual(self.ask(f"/offers?operator={self.sku.operator_id.id}"), values)

    def test_offers_of_the_own_company_only(self):
        values = self.ask("/offers?number=%2B67570123456", company=self.other_seller)
        self.assertEqual([item["id"] for item in values["items"]], [self.other_offer.id])

    def test_paused_offers_are_not_shown(self):
        self.offer.sale_ok = False
        self.env.flush_all()
        self.assertEqual(self.ask("/offers?number=%2B67570123456")["items"], [])

    def test_offers_refused(self):
        self.ask("/offers", status=422)
        self.ask(f"/offers?number=%2B67570123456&operator={self.sku.operator_id.id}", status=422)
        self.ask("/offers?operator=x", status=422)
        self.ask("/offers?operator=99999999999", status=422)
        self.ask("/offers?operator=2147483647", status=404)
