from datetime import date

from odoo.tests import tagged

from .account_common import EMAIL, AccountCase
from .common import DELIVERED, REFUSED

OTHER = "ben@example.com"
ALIEN = "+67570123999"


@tagged("post_install", "-at_install", "pg")
class TestAccount(AccountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.pg_notify_sms = True

    def setUp(self):
        super().setUp()
        self.own = self.place(email=EMAIL)
        self.foreign = self.place(email=OTHER)

    # === HISTORY === #

    def test_what_moves_is_watched(self):
        """The page asks for what is under way, and only for that."""
        self.log_in()
        watched = "//li[contains(@class, 'entry')]/@data-live"
        page = self.page(self.get(self.my))
        self.assertEqual(page.xpath(watched), [f"{self.own._get_status_url()}/status"])
        [mark] = page.xpath("//li[@data-live]/@data-mark")
        self.assertEqual(self.get(page.xpath(watched)[0]).json()["mark"], mark)
        self.pay(self.own)
        self.assertNotEqual(self.get(page.xpath(watched)[0]).json()["mark"], mark)
        self.dispatch()
        self.env.flush_all()
        self.assertFalse(self.page(self.get(self.my)).xpath(watched))

    def test_own_only(self):
        self.log_in()
        text = self.words(self.get(self.my))
        self.assertIn(self.own.name, text)
        self.assertNotIn(self.foreign.name, text)
        self.assertNotIn(self.foreign.access_token, self.get(self.my).text)

    def test_filters_and_search(self):
        self.log_in()
        month = f"{self.own.business_date:%Y-%m}"
        for query in (
            {"state": "open"},
            {"q": "70123"},
            {"q": self.own.name},
            {"q": "digicel"},
            {"month": month},
            {"p": "9999"},
            {"state": "nothing-known"},
            {"month": "2026-99"},
        ):
            with self.subTest(query=query):
                self.assertIn(self.own.name, self.words(self.get(self.my, **query)))
        for query in (
            {"state": "delivered"},
            {"q": "99999999"},
            {"q": "%"},
            {"q": "<script>alert(1)</script>"},
            {"month": "1999-01"},
        ):
            with self.subTest(query=query):
                response = self.get(self.my, **query)
                self.assertNotIn(self.own.name, self.words(response))
                self.assertIn("Nothing found", self.words(response))
                self.assertNotIn("<script>alert", response.text)

    def test_a_stranger_who_tops_up_a_customers_number(self):
        """It may be anybody's money: neither in the customer's room nor the customer's credit."""
        customer = self.own.partner_id
        customer.phone = DELIVERED
        orders = self.place() + self.place()
        self.assertEqual(len(orders.partner_id), 1, "One contact of the number")
        self.assertNotEqual(orders.partner_id, customer)
        self.assertFalse(orders.partner_id.email)
        self.pay(orders[0])
        self.assertFalse(orders[0]._can_have_credit())
        self.log_in()
        page = self.get(self.my)
        self.assertIn(self.own.name, self.words(page))
        for order in orders:
            self.assertNotIn(order.name, self.words(page))
            self.assertNotIn(order.access_token, page.text)
            self.get(f"{self.my}/again/{order.id}", status=404)

    def test_send_again_is_confirmed_at_the_review(self):
        self.log_in()
        before = self.topups()
        response = self.get(f"{self.my}/again/{self.own.id}", status=303)
        review = self.get(
            response.headers["Location"].partition("/topup")[1]
            + response.headers["Location"].partition("/topup")[2]
        )
        self.assertIn("+675 7012 3456", self.words(review))
        self.assertEqual(self.topups(), before)

    def test_customer_with_a_code_buys_in_own_name(self):
        self.log_in()
        fields = self.review()
        self.assertEqual(fields["email"], EMAIL)
        before = self.topups()
        self.post(f"{self.base}/pay", {**fields, "email": "", "price": fields["price"]})
        topup = self.topups() - before
        self.assertEqual(topup.partner_id, self.own.partner_id)
        self.assertFalse(self.review(self.other_fixed_offer, base=self.other_base)["email"])

    def test_send_again_of_another_is_not_there(self):
        self.get(f"{self.my}/again/{self.own.id}", status=404)
        self.log_in()
        self.get(f"{self.my}/again/{self.foreign.id}", status=404)
        self.get(f"{self.other_my}/again/{self.own.id}", status=404)
        self.get(f"{self.my}/again/999999999", status=404)

    def test_receipts_of_a_month(self):
        month = f"{self.own.business_date:%Y-%m}"
        self.get(f"{self.my}/receipts.pdf", status=404, month=month)
        self.log_in()
        self.get(f"{self.my}/receipts.pdf", status=404, month=month)
        second = self.place(email=EMAIL)
        self.pay(self.own)
        self.pay(second)
        self.pay(self.foreign)
        response = self.get(f"{self.my}/receipts.pdf", month=month)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertTrue(response.content.startswith(b"%PDF"))
        self.assertEqual(response.content.count(b"/Type /Page\n"), 2)
        for month in ("", "x", "2026-13", "1999-01", "2026-1-1"):
            self.get(f"{self.my}/receipts.pdf", status=404, month=month)

    def test_names_come_out_as_texts(self):
        self.own.operator_id.name = "<script>alert(1)</script>"
        self.own.partner_id.name = "<img src=x onerror=alert(2)>"
        self.log_in()
        for path in (self.my, f"{self.my}/settings", f"{self.my}/delete"):
            response = self.get(path)
            self.assertNotIn("<script>alert", response.text)
            self.assertFalse(self.page(response).xpath("//*[@onerror]"))

    # === CREDIT === #

    def give_credit(self, email=EMAIL):
        """Let a top-up fail whose money goes back as credit; return its customer."""
        self.seller.pg_failure_policy = "credit"
        topup = self.sell(REFUSED, email=email)
        self.dispatch()
        self.refund(topup)
        self.assertGreater(topup.partner_id._pg_credit_balance(self.seller), 0)
        return topup.partner_id

    def test_pay_a_waiting_order_by_credit(self):
        partner = self.give_credit()
        self.log_in()
        self.assertIn("of credit here", self.words(self.get(self.my)))
        path = f"{self.my}/pay/{self.own.id}"
        fields = self.fields(self.get(self.my), f"form[@action='{path}']")
        response = self.post(path, fields, status=303)
        self.assertIn(self.own.access_token, response.headers["Location"])
        self.post(path, fields, status=303)
        self.env.invalidate_all()
        self.assertEqual(self.own.state, "paid")
        self.assertEqual(partner._pg_credit_balance(self.seller), 0)
        another = self.place(email=EMAIL)
        self.post(f"{self.my}/pay/{another.id}", fields, status=422)
        self.assertEqual(another.state, "pending")

    def test_credit_of_another_pays_nothing(self):
        self.give_credit(OTHER)
        self.log_in()
        page = self.get(self.my)
        self.assertNotIn("of credit here", self.words(page))
        fields = self.fields(page, "form[contains(@action, '/logout')]")
        self.post(f"{self.my}/pay/{self.foreign.id}", fields, status=404)
        self.post(f"{self.my}/pay/{self.own.id}", fields, status=422)
        self.post(f"{self.my}/pay/{self.own.id}", {"x": "1"}, status=400)
        self.env.invalidate_all()
        self.assertEqual((self.own + self.foreign).mapped("state"), ["pending", "pending"])

    def test_delete_waits_for_credit(self):
        self.give_credit()
        self.log_in()
        self.form_post(f"{self.my}/delete", {"sure": "1"}, status=422)
        self.env.invalidate_all()
        self.assertEqual(self.own.partner_id.email, EMAIL)

    # === SETTINGS === #

    def test_settings(self):
        self.log_in()
        partner = self.own.partner_id
        self.form_post(f"{self.my}/settings", {"lang": "xx_XX", "email": "0"})
        self.env.invalidate_all()
        self.assertTrue(partner.pg_no_email)
        self.assertFalse(self.foreign.partner_id.pg_no_email)
        self.assertNotEqual(partner.lang, "xx_XX")
        self.pay(self.own)
        self.dispatch()
        self.assertEqual(self.own.notice_ids.mapped("channel"), ["sms"])
        self.form_post(f"{self.my}/settings", {"email": "1", "sms": "0"})
        self.env.invalidate_all()
        self.assertFalse(partner.pg_no_email)
        self.assertTrue(partner.pg_no_sms)

    # === DELETION === #

    def _money(self):
        """Return everything about money that must survive a deletion."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT t.name, t.amount, t.amount_tax, t.cost, t.state, t.paid_at, t.transfer_ref,
                      p.reference, p.amount, p.state, p.provider_reference
                 FROM pg_topup t LEFT JOIN payment_transaction p ON p.pg_topup_id = t.id
                WHERE t.company_id = %s ORDER BY t.id, p.id""",
            [self.seller.id],
        )
        topups = self.env.cr.fetchall()
        self.env.cr.execute(
            "SELECT to_jsonb(e)::text FROM pg_ledger_entry e WHERE company_id = %s ORDER BY id",
            [self.seller.id],
        )
        return topups, self.env.cr.fetchall()

    def test_delete_my_data(self):
        self.pay(self.own)
        self.dispatch()
        self.env["pg.topup.notice"]._cron_send()
        self.log_in()
        before = self._money()
        self.assertTrue(before[1])
        self.form_post(f"{self.my}/delete", {"sure": "0"}, status=422)
        self.assertEqual(self.own.number, DELIVERED)
        response = self.form_post(f"{self.my}/delete", {"sure": "1"}, status=200)
        self.assertIn("deleted", self.words(response))
        self.env.invalidate_all()
        self.assertEqual(self._money(), before)
        own, partner = self.own, self.own.partner_id
        self.assertEqual(own.number, "+675••••3456")
        self.assertFalse(own.email or own.ip or own.user_agent)
        self.assertEqual(partner.name, "Deleted customer")
        self.assertFalse(partner.email or partner.phone)
        self.assertFalse(own.payment_tx_ids.partner_email)
        self.assertFalse(self.env["pg.portal.code"].search([("value", "=", EMAIL)]))
        self.assertTrue(own._render_receipt_pdf().startswith(b"%PDF"))
        self.assertEqual(self.foreign.number, DELIVERED)
        self.assertEqual(self.foreign.partner_id.email, OTHER)
        line = self.env["pg.audit.log"].search([("action", "=", "customer.forgotten")])
        self.assertEqual(len(line), 1)
        self.assertNotIn("kila", f"{line.resource} {line.details}")
        self.get(self.my, status=303)

    def test_delete_waits_for_what_is_under_way(self):
        self.pay(self.own)
        self.log_in()
        self.form_post(f"{self.my}/delete", {"sure": "1"}, status=422)
        self.env.invalidate_all()
        self.assertEqual(self.own.number, DELIVERED)
        self.assertEqual(self.own.partner_id.email, EMAIL)

    def test_other_sellers_data_stays(self):
        theirs = self.place(email=EMAIL, company=self.other_seller, offer=self.other_offer)
        self.log_in()
        self.form_post(f"{self.my}/delete", {"sure": "1"}, status=200)
        self.env.invalidate_all()
        self.assertEqual(theirs.number, DELIVERED)
        self.assertEqual(theirs.partner_id.email, EMAIL)

    def test_month_of_the_list(self):
        self.own.business_date = date(2025, 3, 9)
        self.log_in()
        self.assertIn(self.own.name, self.words(self.get(self.my, month="2025-03")))
