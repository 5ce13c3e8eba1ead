from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import StorefrontCase


@tagged("post_install", "-at_install", "pg")
class TestPortal(StorefrontCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana, cls.ben = (
            new_test_user(
                cls.env,
                login=login,
                groups="base.group_portal",
                company_id=cls.seller.id,
                company_ids=[Command.set(cls.seller.ids)],
            )
            for login in ("ana-portal", "ben-portal")
        )

    def test_own_topups_only(self):
        own = self.place(partner=self.ana.partner_id)
        foreign = self.place(partner=self.ben.partner_id)
        self.authenticate("ana-portal", "ana-portal")
        response = self.get("/my/topups")
        self.assertIn(own.name, response.text)
        self.assertIn(own._get_status_url(), response.text)
        self.assertIn("Waiting for payment", self.words(response))
        self.assertNotIn(foreign.name, response.text)
        self.assertNotIn(foreign.access_token, response.text)

    def test_guest_is_sent_to_the_login(self):
        response = self.get("/my/topups", status=303)
        self.assertIn("/web/login", response.headers["Location"])

    def test_home_leads_to_the_list(self):
        self.authenticate("ana-portal", "ana-portal")
        self.assertIn("/my/topups", self.get("/my").text)

    def test_pages_of_the_list(self):
        self.place(partner=self.ana.partner_id)
        self.authenticate("ana-portal", "ana-portal")
        self.get("/my/topups/page/1")
        self.get("/my/topups/page/99999")
        self.get("/my/topups/page/abc", status=404)

    def test_filters_and_search(self):
        own = self.place(partner=self.ana.partner_id)
        foreign = self.place(partner=self.ben.partner_id)
        self.authenticate("ana-portal", "ana-portal")
        found = (
            {"filterby": "open"}, {"search": own.name}, {"search": "7012 3456"},
            {"search": "digicel", "filterby": "open"}, {"filterby": "nonsense"},
        )  # fmt: skip
        for query in found:
            with self.subTest(query=query):
                words = self.words(self.get("/my/topups", **query))
                self.assertIn(own.name, words)
                self.assertNotIn(foreign.name, words)
        for query in ({"filterby": "delivered"}, {"search": foreign.name}, {"search": "%"}):
            with self.subTest(query=query):
                words = self.words(self.get("/my/topups", **query))
                self.assertNotIn(own.name, words)
                self.assertIn("Nothing found", words)

    def test_again_and_receipt(self):
        own = self.place(partner=self.ana.partner_id)
        self.authenticate("ana-portal", "ana-portal")
        again = f"/portal/{self.seller.pg_slug}/again/{own.id}"
        page = self.page(self.get("/my/topups"))
        self.assertTrue(page.xpath(f"//a[@href='{again}']"))
        self.assertFalse(page.xpath("//a[contains(@href, 'receipt.pdf')]"))
        self.assertIn("/review?q=", self.get(again, status=303).headers["Location"])
        self.pay(own)
        [receipt] = self.page(self.get("/my/topups")).xpath("//a[contains(@href, '.pdf')]/@href")
        self.assertEqual(self.get(receipt).headers["Content-Type"], "application/pdf")
        self.authenticate("ben-portal", "ben-portal")
        self.get(again, status=404)

    def test_customer_buys_in_own_name(self):
        self.authenticate("ana-portal", "ana-portal")
        self.post(f"{self.base}/pay", self.review())
        self.assertEqual(self.topups().partner_id, self.ana.partner_id)

    def test_rights_by_rpc(self):
        own = self.place(partner=self.ana.partner_id)
        foreign = self.place(partner=self.ben.partner_id)
        Topup = self.env["pg.topup"].with_user(self.ana)
        self.assertEqual(Topup.search([]), own.with_user(self.ana))
        self.assertEqual(own.with_user(self.ana).read(["name"])[0]["name"], own.name)
        with self.assertRaises(AccessError):
            foreign.with_user(self.ana).read(["name"])
        with self.assertRaises(AccessError):
            own.with_user(self.ana).write({"email": "x@example.com"})
        with self.assertRaises(AccessError):
            Topup.create({})

    def test_costs_and_keys_stay_hidden(self):
        own = self.place(partner=self.ana.partner_id).with_user(self.ana)
        for field in ("cost", "margin", "supplier_id", "access_token", "client_key", "ip"):
            with self.subTest(field=field), self.assertRaises(AccessError):
                own.read([field])
        with self.assertRaises(AccessError):
            own.search([("cost", ">", 0)])
        operator = self.as_user(own, "operator")
        self.assertGreater(operator.read(["cost"])[0]["cost"], 0)

    def test_open_storefront(self):
        action = self.seller.action_pg_open_storefront()
        self.assertEqual(action["url"], self.base)
        self.get(action["url"])
