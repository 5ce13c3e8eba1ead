import json
from urllib.parse import urlsplit

from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install", "pg")
class TestTopups(ApiCase):
    # === PLACE === #

    def test_place(self):
        topups, partners = self.count()
        values = self.send(self.order(email="Mary@example.com"))
        self.assertEqual(self.count(), (topups + 1, partners + 1))
        topup = self.env["pg.topup"].search([("name", "=", values["order"])])
        self.assertEqual(topup.company_id, self.seller)
        self.assertEqual(
            (topup.state, topup.channel, topup.client_key), ("pending", "api", "api:order-1")
        )
        self.assertEqual(topup.email, "mary@example.com")
        self.assertEqual(topup.ip, "127.0.0.1")
        self.assertEqual(values["price"], {"amount": "22.00", "currency": "PGK"})
        self.assertEqual(values["send"], {"amount": "5.00", "currency": "USD"})
        url = urlsplit(values["status_url"])
        self.assertTrue(url.scheme and url.netloc)
        self.assertEqual(url.path, topup._get_status_url())

    def test_place_by_role(self):
        for number, role in enumerate(("operator", "manager", "admin")):
            self.send(self.order(), role=role, order_key=f"role-{number}")
        self.refused(self.order(), 403, "forbidden", role="viewer")
        self.refused(self.order(), 403, "forbidden", key=self.clerk_key)

    def test_place_without_or_with_a_dead_key(self):
        self.refused(self.order(), 401, "unauthorized", key=False)
        self.refused(self.order(), 401, "unauthorized", key="0" * 40)
        key = self.make_key(self.users[self.seller, "operator"])
        Keys = self.env["res.users.apikeys"].sudo()
        Keys.search([("user_id", "=", self.users[self.seller, "operator"].id)]).unlink()
        self.refused(self.order(), 401, "unauthorized", key=key)

    def test_twice_is_once(self):
        first = self.send(self.order())
        before = self.count()
        for _time in range(3):
            self.assertEqual(self.send(self.order(), status=200), first)
        # The same order, written otherwise.
        again = self.send(self.order(number="7012 3456", send_value=5), status=200)
        self.assertEqual(again, first)
        self.assertEqual(self.count(), before)

    def test_same_key_other_order(self):
        first = self.send(self.order())
        for change in (
            {"send_value": "6.00"},
            {"number": "+67570123457"},
            {"email": "a@example.com"},
        ):
            self.refused(self.order(**change), 409, "idempotency_conflict")
        self.assertEqual(self.send(self.order(), status=200), first)

    def test_same_key_of_another_company_is_another_order(self):
        first = self.send(self.order())
        second = self.send(self.order(offer_id=self.other_offer.id), company=self.other_seller)
        self.assertNotEqual(first["order"], second["order"])

    def test_the_same_again_needs_a_word(self):
        order = self.send(self.order())["order"]
        self.pay(self.env["pg.topup"].search([("name", "=", order)]))
        before = self.count()
        self.refused(self.order(), 409, "repeated_order", order_key="order-2")
        self.refused(self.order(confirmed="yes"), 422, order_key="order-2")
        self.assertEqual(self.count(), before)
        # The word does not make it another order.
        second = self.send(self.order(confirmed=True), order_key="order-2")
        self.assertNotEqual(second["order"], order)
        self.assertEqual(self.send(self.order(), status=200, order_key="order-2"), second)

    def test_key_of_a_storefront_is_not_met(self):
        self.place(client_key="order-1")
        self.send(self.order())

    # === REFUSED === #

    def test_malformed(self):
        for body in ("", "{", "[]", "null", '{"offer_id": NaN}', '{"a": 1, "a": 1}', b"\xff\xfe"):
            self.refused(body, 400, "malformed")
        self.refused(self.order(), 400, "malformed", content_type="text/plain")
        self.refused("offer_id=1", 400, content_type="application/x-www-form-urlencoded")

    def test_key_of_the_order_is_needed(self):
        for key in (None, "a" * 61, "a b"):
            self.refused(self.order(), 400, "idempotency_key", order_key=key)

    def test_too_large(self):
        body = json.dumps(self.order(number="1" * 65536))
        self.refused(body, 413, "too_large")
        self.refused(body, 413, content_type="application/x-www-form-urlencoded")

    def test_unknown_fields(self):
        for field in ("amount", "price", "state", "company_id", "client_key", "x" * 500):
            self.refused(self.order(**{field: 1}), 422, "unknown_field")

    def test_wrong_fields(self):
        wrong = (
            {"offer_id": None}, {"number": None}, {"offer_id": "one"}, {"offer_id": True},
            {"offer_id": 2**31}, {"number": 67570123456}, {"number": "+675\0"}, {"number": "abc"},
            {"number": ""}, {"send_value": "-5"}, {"send_value": "1e2"}, {"send_value": "0"},
            {"send_value": "5.001"}, {"send_value": 1000000}, {"send_value": None},
            {"email": "nobody"}, {"email": ""}, {"number": "+6797012345"},
        )  # fmt: skip
        for change in wrong:
            self.refused(self.order(**change), 422)

    def test_offer_of_another_company_and_no_offer(self):
        product = self.env["product.template"].create({"name": "Chair"})
        for offer in (self.other_offer, product):
            message = self.refused(self.order(offer_id=offer.id), 422)
            self.assertEqual(message, "There is no such offer.")
        self.assertEqual(self.refused(self.order(offer_id=2147483647), 422), message)

    def test_limit_is_per_key_and_stores_nothing(self):
        self.env["ir.config_parameter"].set_param("pg_base.rate.api.order", "2/600")
        self.send(self.order())
        self.send(self.order(), status=200)
        self.refused(self.order(number="+67570123457"), 429, "too_many_requests", order_key="new")
        # Reading, and another key, are counted apart.
        self.ask("/topups")
        self.send(self.order(number="+67570123458"), role="manager", order_key="other")

    def test_limit_says_when_to_go_on(self):
        self.env["ir.config_parameter"].set_param("pg_base.rate.api.read", "1/600")
        self.ask("/ping")
        response = self.url_open("/api/v1/ping", headers=self._auth("operator", None, None))
        self.assertEqual(response.status_code, 429)
        self.assertIn(int(response.headers["Retry-After"]), range(590, 601))

    # === FOLLOW === #

    def test_follow_to_the_end(self):
        order = self.send(self.order())["order"]
        topup = self.env["pg.topup"].search([("name", "=", order)])
        self.pay(topup)
        self.dispatch()
        self.env.flush_all()
        values = self.ask(f"/topups/{order}", role="viewer", template="/topups/{order}")
        self.assertEqual((values["state"], values["refund"]), ("completed", "none"))
        self.assertEqual(values["transfer_ref"], topup.transfer_ref)
        self.assertTrue(values["paid_at"] and values["completed_at"])
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_address_of_the_customer_only_for_who_may_place(self):
        order = self.send(self.order())["order"]
        path, template = f"/topups/{order}", "/topups/{order}"
        self.assertIn("status_url", self.ask(path, template=template))
        self.assertNotIn("status_url", self.ask(path, role="viewer", template=template))

    def test_topup_of_another_company_is_not_there(self):
        order = self.send(self.order())["order"]
        template = "/topups/{order}"
        other = self.ask(
            f"/topups/{order}", company=self.other_seller, status=404, template=template
        )
        none = self.ask("/topups/T-ZZZZ-ZZZZ", status=404, template=template)
        self.assertEqual(other, none)

    def test_user_of_two_companies_sees_the_main_one(self):
        user = self.users[self.seller, "operator"]
        user.company_ids += self.other_seller
        mine = self.send(self.order())["order"]
        self.send(self.order(offer_id=self.other_offer.id), company=self.other_seller)
        orders = [item["order"] for item in self.ask("/topups")["items"]]
        self.assertEqual(orders, [mine])

    def test_list_in_pages(self):
        orders = [self.send(self.order(), order_key=f"list-{n}")["order"] for n in range(5)]
        self.send(self.order(offer_id=self.other_offer.id), company=self.other_seller)
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            page = self.ask(f"/topups?limit=2{cursor and '&cursor=' + cursor}", role="viewer")
            seen += [item["order"] for item in page["items"]]
            cursor, pages = page["next_cursor"], pages + 1
        self.assertEqual((seen, pages), (orders[::-1], 3))
        self.assertEqual(len(self.ask("/topups")["items"]), 5)
        self.assertIsNone(self.ask("/topups?limit=5")["next_cursor"])

    def test_list_refused(self):
        for query in ("limit=0", "limit=101", "limit=x", "limit=-1", "cursor=x", "cursor=",
                      "offset=2", "limit=1&limit=2"):  # fmt: skip
            self.ask(f"/topups?{query}", status=422)
