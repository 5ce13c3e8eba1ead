from odoo.fields import Command
from odoo.tests import tagged

from .account_common import EMAIL, AccountCase


@tagged("post_install", "-at_install", "pg")
class TestPricelist(AccountCase):
    """A customer who is logged in sees and pays the prices of its price list; nobody else does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.available_currency_ids = [Command.clear()]
        cls.fixed_offer.list_price = 20
        cls.customer = cls.env["res.partner"].create(
            {"name": "Kila", "email": EMAIL, "company_id": cls.seller.id}
        )

    def give(self, currency, **item):
        item = item or {"compute_price": "percentage", "percent_price": 5}
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Secret group",
                "company_id": self.seller.id,
                "currency_id": currency.id,
                "item_ids": [Command.create(item)],
            }
        )
        pricelist.pg_customer_ids = self.customer
        return pricelist

    def offers_page(self):
        token = self.enter_number("+67570123456", self.base)
        return self.get(f"{self.base}/offers", q=token)

    def test_a_guest_sees_the_offers_prices(self):
        self.give(self.usd)
        self.assertIn("PGK\u00a020", self.words_of(self.offers_page()))
        self.assertEqual(self.review()["price"], "20.00")

    def words_of(self, response):
        return " ".join(self.page(response).xpath("//body//text()"))

    def test_from_the_offers_to_the_order(self):
        pricelist = self.give(self.usd)
        self.log_in()
        page = self.offers_page()
        self.assertIn("USD\u00a04.75", self.words_of(page))
        self.assertNotIn("Secret group", page.text, "How a seller calls its groups is its own")
        fields = self.review()
        self.assertEqual((fields["price"], fields["currency"]), ("4.75", "USD"))
        self.post(f"{self.base}/pay", {**fields, "email": EMAIL})
        (topup,) = self.topups()
        self.assertEqual((topup.amount, topup.currency_id), (4.75, self.usd))
        self.assertEqual((topup.pricelist_id, topup.partner_id), (pricelist, self.customer))
        self.assertEqual(topup.payment_tx_ids.currency_id, self.usd)

    def test_an_amount_that_is_typed(self):
        self.give(self.usd)
        self.log_in()
        answer = self.get(f"{self.base}/quote", offer=self.offer.id, pay="10.45").json()
        self.assertIn("USD\u00a010.45", answer["text"])
        fields = self.review(self.offer, pay="10.45")
        self.post(f"{self.base}/pay", {**fields, "email": EMAIL})
        (topup,) = self.topups()
        self.assertEqual((str(topup.amount), topup.currency_id), (answer["pay"], self.usd))

    def test_a_price_seen_in_one_currency_is_never_charged_in_another(self):
        """The same figure: 20 kina on the reviewed page, 20 dollars after the login."""
        self.give(self.usd, compute_price="fixed", fixed_price=20)
        fields = self.review()
        self.assertEqual((fields["price"], fields["currency"]), ("20.00", "PGK"))
        opened = len(self.sessions())
        self.log_in()
        fields["csrf_token"] = self.review()["csrf_token"]
        response = self.post(f"{self.base}/pay", {**fields, "email": EMAIL}, status=422)
        self.assertIn("price has changed", self.words(response))
        self.assertFalse(self.topups())
        self.assertEqual(len(self.sessions()), opened)

    def test_at_another_seller_it_is_a_stranger(self):
        self.give(self.usd)
        self.log_in()
        token = self.enter_number("+67570123456", self.other_base)
        page = self.get(f"{self.other_base}/offers", q=token)
        self.assertNotIn("USD", self.words_of(page))
