from odoo.tests import tagged

from .common import StorefrontCase

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@tagged("post_install", "-at_install", "pg")
class TestEscape(StorefrontCase):
    """Texts of the seller, the supplier and the customer come out as texts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.write({"name": f"Seller {EVIL}", "pg_tagline": EVIL, "phone": EVIL})
        cls.seller.partner_id.write({"email": EVIL, "website": "javascript:alert(3)"})
        cls.fixed_offer.name = cls.offer.name = f"Offer {EVIL}"
        cls.sku.operator_id.write({"name": f"Operator {EVIL}", "short_name": EVIL})
        cls.provider.name = f"Card {EVIL}"

    def assertHarmless(self, response):
        page = self.page(response)
        self.assertFalse(page.xpath("//script[not(@src)] | //img[@onerror] | //*[@onerror]"))
        self.assertFalse(page.xpath("//@href[starts-with(., 'javascript:')]"))
        self.assertNotIn("<script>alert", response.text)

    def test_pages(self):
        token = self.enter_number()
        for response in (
            self.get(self.base),
            self.get(f"{self.base}/offers", q=token),
            self.get(f"{self.base}/review", q=token, offer=self.fixed_offer.id),
            self.get(f"{self.base}/review", q=token, offer=self.offer.id, status=422),
            self.get(f"{self.base}/offers", q=EVIL, status=404),
            self.post(f"{self.base}/number", {"number": EVIL, "country": EVIL}, status=422),
        ):
            self.assertHarmless(response)
        self.assertIn("alert(1)", self.get(self.base).text)

    def test_paying(self):
        fields = self.review()
        self.assertHarmless(
            self.post(f"{self.base}/pay", {**fields, "email": EVIL, "x": EVIL}, status=422)
        )
        self.assertHarmless(self.post(f"{self.base}/pay", fields))
        topup = self.topups()
        self.assertHarmless(self.get(topup._get_status_url()))
        self.pay(topup)
        answer = self.get(f"{topup._get_status_url()}/status").json()
        self.assertNotIn("<script", answer["live"] + answer["actions"])

    def test_brand_colour_cannot_carry_style(self):
        self.env.cr.execute(
            "UPDATE res_company SET pg_brand_color = %s WHERE id = %s",
            ["red;}</style><script>alert(4)</script>", self.seller.id],
        )
        self.env.invalidate_all()
        response = self.get(self.base)
        self.assertHarmless(response)
        self.assertIn("--brand:#0b6e4f;", response.text)
