from odoo.tests import tagged

from .common import DELIVERED, StorefrontCase


@tagged("post_install", "-at_install", "pg")
class TestPay(StorefrontCase):
    def setUp(self):
        super().setUp()
        self.opened = len(self.sessions())

    def assertNothingPlaced(self):
        self.assertFalse(self.topups())
        self.assertEqual(len(self.sessions()), self.opened)

    def test_pay_leads_to_the_gateway(self):
        response = self.post(f"{self.base}/pay", {**self.review(), "email": "ana@example.com"})
        (topup,) = self.topups()
        self.assertEqual(topup.state, "pending")
        self.assertEqual(topup.number, DELIVERED)
        self.assertEqual(topup.email, "ana@example.com")
        self.assertEqual(topup.offer_id, self.fixed_offer)
        self.assertEqual(topup.channel, "storefront")
        self.assertEqual(topup.company_id, self.seller)
        (form,) = self.page(response).xpath("//form[@id='gateway-form']")
        self.assertTrue(form.get("action").startswith(f"{self.sandbox_url}/stripe/pay/"))
        self.assertTrue(self.page(response).xpath("//button[@form='gateway-form']"))
        self.assertIn(f"form-action 'self' {self.sandbox_url}", self._policy(response))
        self.assertEqual(len(self.sessions()), self.opened + 1)

    def _policy(self, response):
        return response.headers["Content-Security-Policy"]

    def test_pay_a_chosen_amount(self):
        self.post(f"{self.base}/pay", self.review(self.offer, receive="25"))
        (topup,) = self.topups()
        quote = self.offer._pg_quote(receive_value=25)
        self.assertEqual(topup.amount, float(quote.sell_price))
        self.assertEqual(topup.receive_value, float(quote.receive_value))

    def test_same_click_twice_is_one_order(self):
        fields = self.review()
        first = self.post(f"{self.base}/pay", fields)
        second = self.post(f"{self.base}/pay", fields)
        (topup,) = self.topups()
        self.assertEqual(len(topup.payment_tx_ids), 1)
        self.assertEqual(len(self.sessions()), self.opened + 1)
        action = "//form[@id='gateway-form']/@action"
        self.assertEqual(self.page(first).xpath(action), self.page(second).xpath(action))

    def test_the_same_again_is_placed_once_it_is_confirmed(self):
        self.post(f"{self.base}/pay", self.review())
        (first,) = self.topups()
        self.pay(first)
        opened = len(self.sessions())
        fields = self.review()
        response = self.post(f"{self.base}/pay", fields, status=422)
        self.assertEqual((self.topups(), len(self.sessions())), (first, opened))
        (tick,) = self.page(response).xpath("//input[@name='confirmed']")
        self.assertFalse(tick.get("checked"), "The customer ticks it")
        again = {**self.fields(response, "form[@method='post']"), "confirmed": tick.get("value")}
        self.post(f"{self.base}/pay", again)
        self.assertEqual(len(self.topups()), 2)
        self.assertEqual(len(self.sessions()), opened + 1)

    def test_same_key_for_another_order_is_refused(self):
        fields = self.review()
        self.post(f"{self.base}/pay", fields)
        response = self.post(
            f"{self.base}/pay", {**fields, "email": "late@example.com"}, status=422
        )
        (topup,) = self.topups()
        self.assertFalse(topup.email)
        again = self.fields(response, "form[@method='post']")
        self.assertEqual(again["email"], "late@example.com")
        self.assertNotEqual(again["client_key"], fields["client_key"])

    def test_click_after_payment_shows_the_order(self):
        fields = self.review()
        self.post(f"{self.base}/pay", fields)
        (topup,) = self.topups()
        self.pay(topup)
        response = self.post(f"{self.base}/pay", fields, status=303)
        self.assertTrue(response.headers["Location"].endswith(topup._get_status_url()))
        self.assertEqual(len(topup.payment_tx_ids), 1)

    def test_never_another_price_than_shown(self):
        fields = self.review()
        self.fixed_offer.list_price = self.fixed_offer.list_price * 2
        response = self.post(f"{self.base}/pay", fields, status=422)
        self.assertNothingPlaced()
        self.assertIn("The price has changed", self.words(response))
        new = self.fields(response, "form[@method='post']")
        self.assertEqual(float(new["price"]), self.fixed_offer.list_price)
        for forged in ("0.01", "", "abc", "NaN", "-1"):
            self.post(f"{self.base}/pay", {**new, "price": forged}, status=422)
        self.assertNothingPlaced()
        self.post(f"{self.base}/pay", new)
        self.assertEqual(self.topups().amount, self.fixed_offer.list_price)

    def test_bad_mail_is_kept_and_explained(self):
        fields = self.review()
        for email in ("no mail", "a" * 300 + "@example.com"):
            response = self.post(f"{self.base}/pay", {**fields, "email": email}, status=422)
            self.assertTrue(self.page(response).xpath("//*[@role='alert']"))
            kept = self.page(response).xpath("//input[@name='email']/@value")[0]
            self.assertTrue(email.startswith(kept))
        self.assertNothingPlaced()

    def test_without_csrf_token(self):
        fields = self.review()
        del fields["csrf_token"]
        self.post(f"{self.base}/pay", fields, status=400)
        self.post(f"{self.base}/pay", {**fields, "csrf_token": "forged"}, status=400)
        self.assertNothingPlaced()

    def test_get_does_not_pay(self):
        self.get(f"{self.base}/pay", status=405, **self.review())
        self.assertNothingPlaced()

    def test_malformed_input(self):
        fields = self.review()
        pay = f"{self.base}/pay"
        for change in (
            {"offer": "abc"},
            {"offer": self.other_fixed_offer.id},
            {"offer": "9" * 30},
            {"q": "x"},
            {"q": ""},
            {"q": self.enter_number(base=self.other_base)},
        ):
            with self.subTest(change=change):
                self.post(pay, {**fields, **change}, status=404)
        for change in ({"provider": "abc"}, {"provider": "9" * 30}, {"provider": ""}):
            with self.subTest(change=change):
                self.post(pay, {**fields, **change}, status=422)
        self.assertEqual(len(self.sessions()), self.opened)

    def test_gateway_of_another_seller(self):
        foreign = self._set_up_provider(self.other_seller)
        self.post(f"{self.base}/pay", {**self.review(), "provider": foreign.id}, status=422)
        self.assertFalse(self.topups().payment_tx_ids)
        self.assertEqual(len(self.sessions()), self.opened)

    def test_another_sellers_storefront(self):
        self.post(f"{self.other_base}/pay", self.review(), status=404)
        self.assertNothingPlaced()

    def test_too_large_body(self):
        self.post(f"{self.base}/pay", {**self.review(), "email": "x" * 20000}, status=413)
        self.assertNothingPlaced()

    def test_gateway_out_of_order(self):
        fields = self.review()
        self.sandbox.add_fault(self.stripe["id"], "POST /v1/checkout/sessions", "http_500", 9)
        self.addCleanup(self.sandbox.clear_faults, self.stripe["id"])
        response = self.post(f"{self.base}/pay", fields, status=422)
        self.assertTrue(self.page(response).xpath("//*[@role='alert']//p/text()"))
        self.sandbox.clear_faults(self.stripe["id"])
        again = self.fields(response, "form[@method='post']")
        self.post(f"{self.base}/pay", again)
        self.assertEqual(len(self.topups()), 1)
