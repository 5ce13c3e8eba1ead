from odoo.tests import tagged

from .common import DELIVERED, StorefrontCase

# The whole first visit, page, style and script together.
MAX_FIRST_LOAD = 60 * 1024


@tagged("post_install", "-at_install", "pg")
class TestStorefront(StorefrontCase):
    # === NUMBER === #

    def test_start_shows_the_seller(self):
        self.seller.write({"pg_tagline": "Minutes for the islands", "phone": "+675 320 0000"})
        response = self.get(self.base)
        self.assertIn("Seller One", self.words(response))
        self.assertIn("Minutes for the islands", self.words(response))
        self.assertIn("tel:+6753200000", response.text)
        options = self.page(response).xpath("//select[@name='country']/option")
        self.assertEqual([option.get("value") for option in options], ["PG"])
        self.assertNotIn("DingConnect", response.text)

    def test_start_begins_with_the_sellers_country(self):
        manila = self.env["pg.sku"].search(
            [("supplier_id", "=", self.supplier.id), ("country_id.code", "=", "PH")], limit=1
        )
        self.env["product.template"].create(
            {"type": "service", "company_id": self.seller.id, "pg_sku_id": manila.id}
        )
        chosen = "//select[@name='country']/option[@selected]/@value"
        self.assertEqual(self.page(self.get(self.base)).xpath(chosen), ["PG"])
        self.assertEqual(self.page(self.get(self.base, country="PH")).xpath(chosen), ["PH"])
        self.assertEqual(self.page(self.get(self.base, country="XX")).xpath(chosen), ["PG"])

    def test_unknown_seller(self):
        company = self.env["res.company"].create({"name": "No shop", "pg_slug": "no-shop"})
        self.assertFalse(company.pg_is_seller)
        for slug in ("nobody-here", company.pg_slug, "A" * 300, "%00", "'"):
            for path in ("", "/offers", "/review", "/quote", f"/order/{'a' * 32}"):
                with self.subTest(slug=slug, path=path):
                    self.get(f"/topup/{slug}{path}", status=404)

    def test_unknown_seller_post(self):
        self.post("/topup/nobody-here/number", {"number": DELIVERED}, status=404)
        self.post("/topup/nobody-here/number", {"number": DELIVERED, "x": "1"}, status=404)

    def test_first_load_is_light(self):
        response = self.get(self.base)
        page = self.page(response)
        parts = page.xpath("//link[@rel='stylesheet']/@href") + page.xpath("//script/@src")
        self.assertEqual(len(parts), 2)
        weight = len(response.content)
        for part in parts:
            self.assertIn("?v=", part)
            asset = self.get(part)
            self.assertIn("max-age", asset.headers["Cache-Control"])
            weight += len(asset.content)
        self.assertLess(weight, MAX_FIRST_LOAD)

    def test_headers_forbid_what_is_not_ours(self):
        response = self.get(self.base)
        policy = response.headers["Content-Security-Policy"]
        nonce = self.page(response).xpath("//style/@nonce")[0]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("script-src 'self';", policy)
        self.assertIn(f"style-src 'self' 'nonce-{nonce}';", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertFalse(self.page(response).xpath("//*[@style] | //script[not(@src)]"))
        self.assertNotIn(nonce, self.get(self.base).text)

    def test_number_in_any_form_goes_on_without_showing_itself(self):
        for number in (DELIVERED, "7012 3456", "00675 7012-3456", "(+675) 70123456 "):
            with self.subTest(number=number):
                response = self.post(
                    f"{self.base}/number", {"number": number, "country": "PG"}, status=303
                )
                self.assertNotIn("70123456", response.headers["Location"])
                token = response.headers["Location"].split("q=")[1]
                pages = self.env["pg.storefront"]._for_seller(self.seller)
                self.assertEqual(pages._open_number(self.seller, token), DELIVERED)

    def test_bad_number_is_kept_and_explained(self):
        for number in ("", "12", "no number", "9" * 500, "+675\x0070", "<b>7</b>"):
            with self.subTest(number=number):
                response = self.post(f"{self.base}/number", {"number": number}, status=422)
                self.assertTrue(self.page(response).xpath("//*[@role='alert']//p/text()"))
        response = self.post(f"{self.base}/number", {"number": "12 ab"}, status=422)
        self.assertEqual(self.page(response).xpath("//input[@name='number']/@value"), ["12 ab"])

    def test_number_of_a_country_without_offers(self):
        response = self.post(f"{self.base}/number", {"number": "+679 701 2345"}, status=422)
        self.assertIn("Fiji", self.words(response))

    def test_too_large_body_is_refused(self):
        self.post(f"{self.base}/number", {"number": "7" * 20000}, status=413)

    def test_seller_without_offers(self):
        (self.offer + self.fixed_offer).sale_ok = False
        self.assertIn("Nothing on sale right now", self.words(self.get(self.base)))

    # === OFFERS === #

    def test_offers_of_the_likely_operator(self):
        response = self.get(f"{self.base}/offers", q=self.enter_number())
        self.assertIn("+675 7012 3456", self.words(response))
        chosen = self.page(response).xpath("//input[@name='operator'][@checked]/@value")
        self.assertEqual(chosen, [str(self.sku.operator_id.id)])
        prices = self.page(response).xpath("//span[@class='price']/text()")
        quote = self.fixed_offer._pg_quote()
        self.assertEqual(prices, [f"PGK\u00a0{quote.sell_price:,.2f}"])
        self.assertEqual(len(self.page(response).xpath("//form[@data-quote]")), 1)

    def test_operator_can_be_changed(self):
        other_sku = self.env["pg.sku"].search(
            [
                ("supplier_id", "=", self.supplier.id),
                ("country_id.code", "=", "PG"),
                ("operator_id", "!=", self.sku.operator_id.id),
                ("kind", "=", "topup"),
                ("is_range", "=", False),
            ],
            limit=1,
        )
        self.env["product.template"].create(
            {"type": "service", "company_id": self.seller.id, "pg_sku_id": other_sku.id}
        )
        token = self.enter_number()
        chosen = "//input[@name='operator'][@checked]/@value"
        all_of_them = "//input[@name='operator']/@value"
        response = self.get(f"{self.base}/offers", q=token, operator=other_sku.operator_id.id)
        self.assertEqual(self.page(response).xpath(chosen), [str(other_sku.operator_id.id)])
        self.assertEqual(
            set(self.page(response).xpath(all_of_them)),
            {str(self.sku.operator_id.id), str(other_sku.operator_id.id)},
        )
        for odd in ("0", "-1", "abc", "9" * 30, "1' OR 1=1"):
            response = self.get(f"{self.base}/offers", q=token, operator=odd)
            self.assertEqual(self.page(response).xpath(chosen), [str(self.sku.operator_id.id)])

    def test_token_of_a_number_is_bound_to_its_storefront(self):
        token = self.enter_number()
        self.get(f"{self.base}/offers", q=token)
        self.get(f"{self.other_base}/offers", q=token, status=404)
        for bad in ("", "x", token[:-2], "A" * len(token), "ü" * 40, "9" * 5000, "\x00"):
            with self.subTest(token=bad[:20]):
                self.get(f"{self.base}/offers", q=bad, status=404)

    def test_quote_while_typing(self):
        path = f"{self.base}/quote"
        answer = self.get(path, offer=self.offer.id, receive="25").json()
        quote = self.offer._pg_quote(receive_value=25)
        self.assertIn(f"PGK\u00a0{quote.sell_price:,.2f}", answer["text"])
        for amount in ("", "0", "-5", "abc", "1e9", "NaN", "9" * 40, "999999", "\x00"):
            with self.subTest(amount=amount):
                answer = self.get(path, offer=self.offer.id, receive=amount).json()
                self.assertEqual(list(answer), ["error"])
        self.get(path, offer=self.other_offer.id, receive="25", status=404)
        self.get(path, offer="x", receive="25", status=404)

    # === REVIEW === #

    def test_review_shows_the_price_and_the_gateway(self):
        token = self.enter_number()
        response = self.get(f"{self.base}/review", q=token, offer=self.fixed_offer.id)
        words, quote = self.words(response), self.fixed_offer._pg_quote()
        self.assertIn(f"You pay PGK {quote.sell_price:,.2f}", words)
        self.assertIn("+675 7012 3456", words)
        self.assertEqual(
            self.page(response).xpath("//input[@name='provider']/@value"), [str(self.provider.id)]
        )
        again = self.get(f"{self.base}/review", q=token, offer=self.fixed_offer.id)
        key = "//input[@name='client_key']/@value"
        self.assertNotEqual(self.page(response).xpath(key), self.page(again).xpath(key))
        self.assertFalse(self.topups())

    def test_review_of_an_amount(self):
        token = self.enter_number()
        response = self.get(f"{self.base}/review", q=token, offer=self.offer.id, receive="25")
        quote = self.offer._pg_quote(receive_value=25)
        self.assertIn(f"You pay PGK {quote.sell_price:,.2f}", self.words(response))
        for amount in ("", "0", "1000000", "x"):
            with self.subTest(amount=amount):
                response = self.get(
                    f"{self.base}/review", q=token, offer=self.offer.id, receive=amount, status=422
                )
                self.assertTrue(self.page(response).xpath("//*[@role='alert']//p/text()"))

    def test_review_of_what_is_not_sold_here(self):
        token = self.enter_number()
        product = self.env["product.template"].create(
            {"name": "Chair", "company_id": self.seller.id}
        )
        for offer in (self.other_fixed_offer.id, product.id, 0, -3, "abc", "9" * 12, ""):
            with self.subTest(offer=offer):
                self.get(f"{self.base}/review", q=token, offer=offer, status=404)

    def test_link_tells_where_the_customer_came_from(self):
        self.get(self.base, utm_source="Facebook", utm_campaign="x" * 500)
        form = self.review()
        self.post(f"{self.base}/pay", {**form, "email": "kila@example.com"})
        topup = self.topups()
        self.assertEqual((topup.utm_source, topup.utm_campaign), ("Facebook", "x" * 64))
        self.assertEqual(topup.partner_id.pg_utm_source, "Facebook")
