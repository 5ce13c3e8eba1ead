import json
import secrets
from datetime import timedelta

from odoo import fields
from odoo.addons.pg_topup.tests.common import DELIVERED
from odoo.tests import tagged

from ..tools import widget_release
from .common import LEAKS, StorefrontCase

SITE = "https://shop.example"
ROOT = "/pg/widget/v1"
MAX_KB = 15


class WidgetCase(StorefrontCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.other_key = cls.env["pg.publishable.key"].create(
            [
                {"name": "Site", "origins": SITE, "company_id": company.id}
                for company in (cls.seller, cls.other_seller)
            ]
        )

    def ask(self, path, values=None, status=200, *, key=None, origin=SITE, body=None, **headers):
        """Ask as the widget on a site does; return the JSON, or the error's code."""
        key = key if isinstance(key, str) else (key or self.key).key
        headers = {"Content-Type": "application/json", **headers}
        if origin:
            headers["Origin"] = origin
        response = self.opener.post(
            f"{self.base_url()}{ROOT}/{key}/{path}",
            data=json.dumps(values or {}) if body is None else body,
            headers=headers,
            timeout=30,
            allow_redirects=False,
        )
        self.assertEqual(response.status_code, status, response.text[:400])
        self.assertEqual(response.headers["Vary"], "Origin")
        self.assertNotIn("Access-Control-Allow-Credentials", response.headers)
        self.assertNotIn("session_id", response.cookies)
        for leak in LEAKS:
            self.assertNotIn(leak, response.text)
        self.answered = response
        answer = response.json()
        return answer if status < 400 else answer["error"]["code"]

    def review_values(self, **values):
        return {"number": DELIVERED, "offer_id": self.fixed_offer.id, **values}

    def setUp(self):
        super().setUp()
        self.sessions_before = len(self.sessions())

    def count_sessions(self):
        """Return how many payment pages were opened since the test began."""
        return len(self.sessions()) - self.sessions_before

    def order(self, status=200, **values):
        shown = self.ask("review", self.review_values())
        order = {
            **self.review_values(),
            "price": shown["price_exact"],
            "provider_id": shown["providers"][0]["id"],
            "client_key": secrets.token_hex(12),
            "return_url": f"{SITE}/top-up?a=1#/shop",
            **values,
        }
        return self.ask("order", order, status)


@tagged("post_install", "-at_install", "pg")
class TestWidgetApi(WidgetCase):
    # === WHO MAY ASK === #

    def test_cors_is_exact(self):
        self.ask("config")
        self.assertEqual(self.answered.headers["Access-Control-Allow-Origin"], SITE)
        for origin in ("https://evil.example", "https://shop.example.evil", "null", SITE + ":444",
                       "http://shop.example", None):  # fmt: skip
            self.assertEqual(self.ask("config", None, 403, origin=origin), "origin_refused")
            self.assertNotIn("Access-Control-Allow-Origin", self.answered.headers)

    def test_preflight(self):
        for key, origin, status in (
            (self.key, SITE, 204), (self.key, "https://evil.example", 403),
        ):  # fmt: skip
            response = self.opener.options(
                f"{self.base_url()}{ROOT}/{key.key}/order",
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
                timeout=30,
            )
            self.assertEqual(response.status_code, status)
            allowed = response.headers.get("Access-Control-Allow-Origin")
            self.assertEqual(allowed, SITE if status == 204 else None)

    def test_key_unknown_revoked_or_seller_closed(self):
        self.assertEqual(self.ask("config", None, 404, key="pk_unknown"), "unknown_key")
        self.key.action_revoke()
        self.assertEqual(self.ask("config", None, 404), "unknown_key")
        self.other_seller.pg_is_seller = False
        self.assertEqual(self.ask("config", None, 404, key=self.other_key), "unknown_key")

    def test_day_of_use_is_kept(self):
        self.ask("config")
        self.key.invalidate_recordset()
        self.assertTrue(self.key.last_used_on)

    def test_malformed_and_too_large(self):
        for body in ("", "{", "[]", "null", b"\xff"):
            self.assertEqual(self.ask("offers", None, 400, body=body), "malformed")
        self.assertEqual(self.ask("offers", {"number": "1" * 9000}, 413), "too_large")
        headers = {"Content-Type": "text/plain"}
        self.assertEqual(self.ask("offers", {"number": DELIVERED}, 400, **headers), "malformed")
        for number in ("", "abc", None, 7, "1" * 39, ["x"]):
            self.assertEqual(self.ask("offers", {"number": number}, 422), "invalid")

    def test_rate_limit(self):
        self.env["ir.config_parameter"].set_param("pg_base.rate.widget.read", "2/600")
        self.ask("config")
        self.ask("config")
        self.assertEqual(self.ask("config", None, 429), "too_many_requests")
        self.assertIn(int(self.answered.headers["Retry-After"]), range(590, 601))
        self.assertEqual(self.answered.headers["Access-Control-Allow-Origin"], SITE)

    # === CHOICE === #

    def test_config(self):
        config = self.ask("config", {"colour": "#ff0000", "lang": "xx"})
        self.assertEqual(config["slug"], self.seller.pg_slug)
        self.assertEqual(config["palette"]["brand"], "#ff0000")
        self.assertTrue(config["countries"])
        self.assertEqual(self.ask("config", {"colour": "red;}"})["palette"]["brand"], "#0b6e4f")

    def test_offers_and_review(self):
        found = self.ask("offers", {"number": DELIVERED, "country": "PG"})
        ids = [offer["id"] for group in found["groups"] for offer in group["offers"]]
        self.assertIn(self.fixed_offer.id, ids)
        self.assertNotIn(self.other_fixed_offer.id, ids)
        shown = self.ask("review", self.review_values())
        self.assertEqual(shown["price_exact"], str(self.fixed_offer._pg_quote().sell_price))
        wrong = self.review_values(offer_id=self.other_fixed_offer.id)
        self.assertEqual(self.ask("review", wrong, 422), "invalid")

    def test_promotion_and_wrong_operator_are_told(self):
        moment = fields.Datetime.now()
        self.env["pg.promotion"].create(
            {
                "name": "Double minutes",
                "code": "double",
                "supplier_id": self.supplier.id,
                "operator_id": self.sku.operator_id.id,
                "starts_at": moment - timedelta(days=1),
                "ends_at": moment + timedelta(days=1),
                "bonuses": [{"kind": "%", "quantity": "100", "days": 7}],
            }
        )
        found = self.ask("offers", {"number": DELIVERED})
        cards = {card["id"]: card for group in found["groups"] for card in group["offers"]}
        self.assertEqual(cards[self.fixed_offer.id]["bonus"], "100 % (7 days)")
        shown = self.ask("review", self.review_values())
        self.assertEqual((shown["bonus"], shown["doubt"]), ("100 % (7 days)", ""))
        other = self.env["pg.operator"].search(
            [("country_id.code", "=", "PG"), ("id", "!=", self.sku.operator_id.id)], limit=1
        )
        self.env["pg.operator"]._remember_operator(self.seller, "+67570129999", other)
        shown = self.ask("review", self.review_values(number="+675 7012 9999"))
        self.assertIn(other.name, shown["doubt"])
        self.assertIn(self.sku.operator_id.name, shown["doubt"])

    # === ORDER === #

    def test_sale(self):
        answer = self.order()
        topup = self.topups()
        self.assertEqual(len(topup), 1)
        self.assertEqual((topup.channel, topup.pg_publishable_key_id), ("widget", self.key))
        self.assertEqual(answer["token"], topup.access_token)
        self.assertIn("/stripe/pay/cs_", answer["pay_url"])
        self.assertEqual(self.count_sessions(), 1)
        status = self.ask("status", {"token": answer["token"]})
        self.assertTrue(status["is_payable"])
        self.assertFalse(status["is_paid"])
        self.pay(topup)
        self.dispatch()
        self.env.flush_all()
        status = self.ask("status", {"token": answer["token"]})
        self.assertEqual((status["state"], status["is_paid"]), ("completed", True))
        back = self.get(f"{ROOT}/return/{self.seller.pg_slug}/{topup.access_token}", 303)
        self.assertEqual(
            back.headers["Location"],
            f"{SITE}/top-up?a=1#/shop&pg-topup={topup.access_token}",
        )

    def test_double_click_is_one_order(self):
        first = self.order(client_key="k" * 24)
        self.assertEqual(self.order(client_key="k" * 24), first)
        self.assertEqual((len(self.topups()), self.count_sessions()), (1, 1))
        self.assertEqual(self.order(409, client_key="k" * 24, email="a@b.example"), "conflict")
        self.assertEqual(len(self.topups()), 1)

    def test_the_same_again_is_asked_for(self):
        self.pay(self.topups().browse(self.find(self.order())))
        self.assertEqual(self.order(409), "repeated_order")
        self.assertEqual(len(self.topups()), 1)
        self.order(confirmed="1")
        self.assertEqual(len(self.topups()), 2)

    def find(self, answer):
        return self.topups().filtered(lambda t: t.access_token == answer["token"]).id

    def test_order_refused_stores_nothing(self):
        for status, code, values in (
            (400, "malformed", {"client_key": "short"}), (400, "malformed", {"price": None}),
            (409, "price_changed", {"price": "0.01"}), (422, "invalid", {"provider_id": None}),
            (422, "invalid", {"offer_id": self.other_fixed_offer.id}),
            (422, "invalid", {"number": "+1"}), (422, "invalid", {"email": "nobody"}),
            (403, "origin_refused", {"return_url": "https://evil.example/"}),
            (403, "origin_refused", {"return_url": "javascript:alert(1)"}),
            (403, "origin_refused", {"return_url": f"{SITE}@evil.example/"}),
        ):  # fmt: skip
            self.assertEqual(self.order(status, **values), code, values)
        self.assertFalse(self.topups())
        self.assertEqual(self.count_sessions(), 0)

    def test_order_of_another_seller_and_guessed_tokens(self):
        token = self.order()["token"]
        for path in ("status", "pay"):
            for key, value in ((self.other_key, token), (self.key, "A" * 32), (self.key, None)):
                self.assertEqual(self.ask(path, {"token": value}, 404, key=key), "not_found")
        self.get(f"{ROOT}/return/{self.other_seller.pg_slug}/{token}", 404)

    def test_way_back_only_while_the_site_is_allowed(self):
        token = self.order()["token"]
        topup = self.topups()
        self.key.origins = "https://other.example"
        back = self.get(f"{ROOT}/return/{self.seller.pg_slug}/{token}", 303)
        self.assertTrue(back.headers["Location"].endswith(topup._get_status_url()))


@tagged("post_install", "-at_install", "pg")
class TestWidgetScript(WidgetCase):
    def test_size_and_no_parsing_of_text(self):
        release = widget_release.current()
        self.assertLess(len(release.zipped), MAX_KB * 1024)
        for word in (b"innerHTML", b"eval(", b"new Function", b"document.cookie", b"Storage"):
            self.assertNotIn(word, release.content)

    def test_addresses(self):
        release = self.env["pg.storefront"]._keep_widget_release()
        short = self.get(f"{ROOT}/topup.js")
        fixed = self.get(f"{ROOT}/{release.version}/topup.js")
        self.assertEqual((short.content, fixed.content), (release.content,) * 2)
        self.assertIn("immutable", fixed.headers["Cache-Control"])
        self.assertNotIn("immutable", short.headers["Cache-Control"])
        self.assertEqual(fixed.headers["Access-Control-Allow-Origin"], "*")
        self.get(f"{ROOT}/{'0' * 16}/topup.js", 404)
        self.get(f"{ROOT}/pg-widget-x/topup.js", 404)

    def test_an_older_version_stays(self):
        old = widget_release.Release(b"old();")
        self.env["ir.attachment"].create(
            {
                "name": f"pg-widget-{old.version}.js",
                "raw": old.content,
                "res_model": "pg.storefront",
            }
        )
        answer = self.get(f"{ROOT}/{old.version}/topup.js")
        self.assertEqual(answer.content, old.content)
        self.assertIn("immutable", answer.headers["Cache-Control"])

    def test_embed_page(self):
        manager, viewer = (self.users[self.seller, role] for role in ("manager", "viewer"))
        theirs = self.users[self.other_seller, "manager"]
        path = f"/pg/widget/embed/{self.key.id}"
        for user, status in ((manager, 200), (viewer, 403), (theirs, 404)):
            self.authenticate(user.login, user.login)
            answer = self.get(path, status)
            self.assertEqual(self.key.key in answer.text, status == 200)
        self.key.action_revoke()
        self.authenticate(manager.login, manager.login)
        self.get(path, 404)

    def test_where_the_visitor_came_from(self):
        self.order()
        self.order(confirmed="1", utm={"utm_source": "Radio", "utm_campaign": "Easter", "evil": {}})
        self.order(confirmed="1", utm="nonsense")
        self.assertEqual(
            [(t.utm_source, t.utm_medium, t.utm_campaign) for t in self.topups().sorted("id")],
            [
                (SITE.partition("://")[2], "widget", False),
                ("Radio", False, "Easter"),
                (SITE.partition("://")[2], "widget", False),
            ],
        )
