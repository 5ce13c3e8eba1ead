import base64
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import StorefrontCase

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install", "pg")
class TestWidened(StorefrontCase):
    """Pictures, promotions, both sides of an amount, undo, receipt page, limits."""

    def promote(self, **values):
        now = fields.Datetime.now()
        return self.env["pg.promotion"].create(
            {
                "name": "Double minutes",
                "code": "double",
                "supplier_id": self.supplier.id,
                "operator_id": self.sku.operator_id.id,
                "starts_at": now - timedelta(days=1),
                "ends_at": now + timedelta(days=1),
                "bonuses": [{"kind": "%", "quantity": "100", "days": 7}],
                **values,
            }
        )

    # === PICTURES === #

    def test_logo_of_an_operator_that_is_sold(self):
        operator = self.sku.operator_id
        path = f"{self.base}/operator/{operator.id}/logo"
        self.get(path, status=404)
        operator.sudo().logo = base64.b64encode(PIXEL)
        answer = self.get(path)
        self.assertEqual(answer.headers["Content-Type"], "image/png")
        self.assertIn("immutable", answer.headers["Cache-Control"])
        page = self.page(self.get(f"{self.base}/offers", q=self.enter_number()))
        self.assertIn(path, page.xpath("//label[@class='chip']//img/@src")[0])

    def test_pictures_of_nobody_elses(self):
        stranger = self.env["pg.operator"].search(
            [("id", "not in", (self.offer + self.fixed_offer).pg_operator_id.ids)], limit=1
        )
        stranger.sudo().logo = base64.b64encode(PIXEL)
        for odd in (stranger.id, 0, "x", "9" * 20):
            self.get(f"{self.base}/operator/{odd}/logo", status=404)
        self.provider.image_128 = base64.b64encode(PIXEL)
        self.get(f"{self.base}/gateway/{self.provider.id}/icon")
        self.get(f"{self.other_base}/gateway/{self.provider.id}/icon", status=404)
        self.provider.is_published = False
        self.get(f"{self.base}/gateway/{self.provider.id}/icon", status=404)

    # === PROMOTIONS === #

    def test_running_promotion_is_shown_where_it_counts(self):
        self.promote(minimum_send=0)
        response = self.get(f"{self.base}/offers", q=self.enter_number())
        self.assertIn("They get 100 % (7 days) extra", self.words(response))
        self.assertEqual(len(self.page(response).xpath("//span[@class='bonus']")), 1)
        review = self.get(f"{self.base}/review", q=self.enter_number(), offer=self.fixed_offer.id)
        self.assertIn("Promotion + 100 % (7 days)", self.words(review))

    def test_promotion_that_does_not_count(self):
        promotion = self.promote(minimum_send=10**6)
        response = self.get(f"{self.base}/offers", q=self.enter_number())
        self.assertFalse(self.page(response).xpath("//span[@class='bonus']"))
        promotion.ends_at = fields.Datetime.now() - timedelta(hours=1)
        response = self.get(f"{self.base}/offers", q=self.enter_number())
        self.assertNotIn("Double minutes", self.words(response))

    def test_texts_of_a_promotion_come_out_as_texts(self):
        self.promote(name=EVIL, dates=EVIL, terms=f"<p>{EVIL}Terms</p>")
        response = self.get(f"{self.base}/offers", q=self.enter_number())
        page = self.page(response)
        self.assertFalse(page.xpath("//script[not(@src)] | //*[@onerror]"))
        self.assertIn("alert(1)", self.words(response))

    # === AMOUNTS === #

    def test_either_side_of_an_amount(self):
        path = f"{self.base}/quote"
        by_receive = self.get(path, offer=self.offer.id, receive="25").json()
        by_pay = self.get(path, offer=self.offer.id, pay=by_receive["pay"]).json()
        self.assertEqual(by_pay, by_receive)
        more = self.get(path, offer=self.offer.id, pay="40").json()
        self.assertLessEqual(float(more["pay"]), 40)
        self.assertGreater(float(more["pay"]), 39.9)
        for wrong in ("0.01", "999999", "abc", "-3"):
            self.assertEqual(list(self.get(path, offer=self.offer.id, pay=wrong).json()), ["error"])
        self.assertEqual(list(self.get(path, offer=self.fixed_offer.id).json())[0], "text")

    def test_pay_what_one_wants_to_spend(self):
        self.post(f"{self.base}/pay", self.review(self.offer, pay="40"))
        (topup,) = self.topups()
        by_receive = self.offer._pg_quote(receive_value=25)
        self.assertEqual(self.offer._pg_quote_for_pay(by_receive.sell_price), by_receive)
        self.assertTrue(39.9 < topup.amount <= 40)

    # === ORDER === #

    def test_undo_in_time_and_too_late(self):
        self.seller.pg_undo_seconds = 30
        topup = self.sell()
        url = topup._get_status_url()
        fields_ = self.fields(self.get(url), "form[@id='undoform']")
        self.assertGreater(self.get(f"{url}/status").json()["undo"], 0)
        self.post(f"{url}/undo", {"x": "1"}, status=400)
        self.assertEqual(topup.state, "paid")
        self.post(f"{url}/undo", fields_, status=303)
        self.env.invalidate_all()
        self.assertEqual((topup.state, topup.is_undone), ("failed", True))
        self.assertFalse(self.transfers(topup))
        late = self.sell(number="+67570123457")
        late.undo_until = fields.Datetime.now() - timedelta(seconds=1)
        late_url = late._get_status_url()
        page = self.get(late_url)
        self.assertTrue(self.page(page).xpath("//form[@id='undoform'][@hidden]"))
        answer = self.post(
            f"{late_url}/undo", self.fields(page, "form[@id='undoform']"), status=422
        )
        self.assertIn("too late", self.words(answer))
        self.env.invalidate_all()
        self.assertEqual(late.state, "paid")

    def test_receipt_page(self):
        topup = self.place()
        url = f"{topup._get_status_url()}/receipt"
        self.get(url, status=404)
        self.pay(topup)
        words = self.words(self.get(url))
        for part in (topup.name, "+675 7012 3456", self.seller.name, "Total paid"):
            self.assertIn(part, words)
        payment = topup.payment_tx_id
        self.assertIn(payment.gateway_receipt or payment.provider_reference, words)
        self.get(url.replace(self.base, self.other_base), status=404)

    def test_expired(self):
        topup = self.place()
        topup.action_cancel()
        self.assertIn("Cancelled", self.words(self.get(topup._get_status_url())))
        topup.cancelled_at = topup.create_date + timedelta(hours=25)
        self.assertIn("Expired", self.words(self.get(topup._get_status_url())))

    # === FILES === #

    def test_style_and_script_are_small_and_kept(self):
        page = self.page(self.get(self.base))
        for address in page.xpath("//link[@rel='stylesheet']/@href | //script/@src"):
            answer = self.get(address)
            self.assertEqual(answer.headers["Content-Encoding"], "gzip")
            self.assertIn("immutable", answer.headers["Cache-Control"])
            self.assertLess(int(answer.headers["Content-Length"]), 8000)
            self.assertNotIn("Set-Cookie", answer.headers)
            other = self.get(address.split("?")[0], v="other")
            self.assertNotIn("immutable", other.headers["Cache-Control"])
        for odd in ("none.js", "portal.py", "..%2f__manifest__.py", "x" * 300):
            self.get(f"/pg_portal/src/{odd}", status=404)

    # === LIMITS === #

    def test_too_often(self):
        self.env["ir.config_parameter"].set_param("pg_base.rate.storefront.number", "2/60")
        for _turn in range(2):
            self.enter_number()
        answer = self.post(f"{self.base}/number", {"number": "7012 3456"}, status=429)
        self.assertTrue(int(answer.headers["Retry-After"]) > 0)
        self.assertIn("One moment", self.words(answer))
