from odoo.tests import tagged

from ..controllers import page
from .common import StorefrontCase


@tagged("post_install", "-at_install", "pg")
class TestOrderPage(StorefrontCase):
    def test_waiting_for_payment(self):
        topup = self.place()
        response = self.get(topup._get_status_url())
        self.assertIn("Waiting for payment", self.words(response))
        self.assertIn(topup.name, self.words(response))
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(len(self.page(response).xpath("//form[@id='payform']")), 1)
        self.assertFalse(self.page(response).xpath("//a[contains(@href, 'receipt.pdf')]"))
        self.get(f"{topup._get_status_url()}/receipt.pdf", status=404)

    def test_refused_payment_is_told(self):
        topup = self.place()
        url = topup._get_status_url()
        self.assertIn("Nothing is charged yet", self.words(self.get(url)))
        before = self.get(f"{url}/status").json()["mark"]
        topup._start_payment(topup._get_payment_providers()[:1])
        topup.payment_tx_ids._set_error("do_not_honor of the gateway")
        words = self.words(self.get(url))
        self.assertIn("The payment did not go through Nothing was charged.", words)
        self.assertNotIn("do_not_honor", words)
        answer = self.get(f"{url}/status").json()
        self.assertNotEqual(answer["mark"], before)
        self.assertTrue(answer["payable"])
        # Trying again is possible, and the words are the usual ones then.
        self.post(f"{url}/pay", self.fields(self.get(url), "form[@id='payform']"))
        self.env.invalidate_all()
        self.assertIn("Nothing is charged yet", self.words(self.get(url)))
        last = topup.payment_tx_ids.sorted("id")[-1:]
        last.with_context(pg_payer_stays=True)._set_canceled()
        self.assertIn("The payment was stopped", self.words(self.get(url)))

    def test_pay_from_the_order(self):
        topup = self.place()
        url = topup._get_status_url()
        fields = self.fields(self.get(url), "form[@id='payform']")
        first = self.post(f"{url}/pay", fields)
        self.post(f"{url}/pay", fields)
        self.assertEqual(len(topup.payment_tx_ids), 1)
        action = self.page(first).xpath("//form[@id='gateway-form']/@action")[0]
        self.assertTrue(action.startswith(self.sandbox_url))
        self.pay(topup)
        response = self.post(f"{url}/pay", fields, status=303)
        self.assertTrue(response.headers["Location"].endswith(url))
        self.assertEqual(len(topup.payment_tx_ids), 1)

    def test_pay_from_the_order_refused(self):
        topup = self.place()
        url = topup._get_status_url()
        fields = self.fields(self.get(url), "form[@id='payform']")
        self.post(f"{url}/pay", {"provider": fields["provider"]}, status=400)
        self.post(f"{url}/pay", {**fields, "provider": "abc"}, status=422)
        self.post(f"{url}/pay", {**fields, "provider": "x" * 20000}, status=413)
        self.get(f"{url}/pay", status=405)
        self.assertFalse(topup.payment_tx_ids)

    def test_delivered(self):
        topup = self.sell()
        self.run_until(topup, "completed")
        response = self.get(topup._get_status_url())
        self.assertIn("Delivered", self.words(response))
        self.assertEqual(len(self.page(response).xpath("//li[@class='is-done']")), 4)
        self.assertFalse(self.page(response).xpath("//form[@method='post'] | //@data-status"))
        self.assertTrue(self.page(response).xpath("//a[contains(., 'Top up again')]"))
        again = self.page(response).xpath("//a[contains(., 'Top up again')]/@href")[0]
        self.assertIn("+675 7012 3456", self.words(self.get(again)))

    def test_receipt(self):
        topup = self.sell()
        response = self.url_open(f"{topup._get_status_url()}/receipt.pdf")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn(topup.name, response.headers["Content-Disposition"])
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertTrue(response.content.startswith(b"%PDF"))

    def test_polling(self):
        topup = self.place()
        url = f"{topup._get_status_url()}/status"
        response = self.get(url)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", response.headers)
        before = response.json()
        self.assertEqual(before["state"], "pending")
        self.assertFalse(before["final"])
        self.assertTrue(before["payable"])
        same = self.get(url, mark=before["mark"]).json()
        self.assertEqual(same, {key: before[key] for key in ("state", "final", "mark")})
        self.pay(topup)
        paid = self.get(url, mark=before["mark"]).json()
        self.assertEqual(paid["state"], "paid")
        self.assertFalse(paid["payable"])
        self.assertIn("receipt.pdf", paid["actions"])
        self.run_until(topup, "completed")
        done = self.get(url, mark=paid["mark"]).json()
        self.assertTrue(done["final"])
        self.assertIn("Delivered", done["live"])

    def test_page_and_polling_agree(self):
        topup = self.place()
        live = self.page(self.get(topup._get_status_url())).xpath("//*[@id='live']")[0]
        answer = self.get(f"{topup._get_status_url()}/status").json()
        self.assertEqual(live.get("data-mark"), answer["mark"])
        self.assertEqual(live.get("data-status"), f"{topup._get_status_url()}/status")

    def test_refunded_says_when_and_where(self):
        topup = self.sell(number="+67570000005")
        self.run_until(topup, "failed")
        words = self.words(self.get(topup._get_status_url()))
        self.assertIn("on its way back through Card", words)
        [now] = self.page(self.get(topup._get_status_url())).xpath("//li[@class='is-now']")
        self.assertIn("Refunded", now.text_content())
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        response = self.get(topup._get_status_url())
        self.assertIn("went back through Card on", self.words(response))
        self.assertFalse(self.page(response).xpath("//li[@class='is-off']"))
        self.assertEqual(len(self.page(response).xpath("//li[@class='is-done']")), 4)
        [bad] = self.page(response).xpath("//li[@class='is-bad']")
        self.assertIn("Not delivered", bad.text_content())

    def test_in_doubt_says_that_the_money_is_safe(self):
        topup = self.sell()
        self.add_fault("lose_answer")
        self.dispatch()
        self.assertEqual(topup.state, "in_doubt")
        words = self.words(self.get(topup._get_status_url()))
        self.assertIn("Your money is safe", words)

    def test_cancelled(self):
        topup = self.place()
        topup.action_cancel()
        response = self.get(topup._get_status_url())
        self.assertIn("Nothing was charged", self.words(response))
        self.assertFalse(self.page(response).xpath("//form[@id='payform']"))

    def test_guessed_token(self):
        topup = self.sell()
        token = topup.access_token
        swapped = token[:-1] + ("A" if token[-1] != "A" else "B")
        for guess in (swapped, token[:-1], token.swapcase(), "a" * 32, "x", "%00" * 20, "a" * 900):
            for rest in ("", "/status", "/receipt.pdf"):
                with self.subTest(guess=guess[:20], rest=rest):
                    self.get(f"{self.base}/order/{guess}{rest}", status=404)

    def test_token_at_another_sellers_address(self):
        topup = self.sell()
        for rest in ("", "/status", "/receipt.pdf"):
            self.get(f"{self.base}/order/{topup.access_token}{rest}")
            self.get(f"{self.other_base}/order/{topup.access_token}{rest}", status=404)

    def test_closed_shop_hides_its_orders(self):
        topup = self.place()
        url = topup._get_status_url()
        self.seller.pg_is_seller = False
        self.get(url, status=404)

    def test_nothing_of_the_supplier_is_shown(self):
        topup = self.sell()
        self.run_until(topup, "completed")
        text = self.get(topup._get_status_url()).text
        self.assertNotIn("DingConnect", text)
        for secret in (topup.supplier_reference, topup.transfer_ref, topup.client_key):
            self.assertNotIn(secret, text)

    def test_limit_of_forms_is_roomy(self):
        body = "&".join(f"{name}={value}" for name, value in self.review().items())
        self.assertLess(len(body) * 4, page.MAX_BODY)
