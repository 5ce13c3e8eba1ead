import re
from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .account_common import AccountCase

MAIL = "lina@lae-reload.example"
PASSWORD = "seven green parrots"


@tagged("post_install", "-at_install", "pg")
class TestSell(AccountCase):
    def setUp(self):
        super().setUp()
        self.set_mode("open")
        self.companies = self.count("res.company")
        self.people = self.count("res.users")

    def set_mode(self, mode):
        self.env["ir.config_parameter"].set_param("pg_portal.signup", mode)

    def count(self, model):
        self.env.invalidate_all()
        return self.env[model].with_context(active_test=False).search_count([])

    def test_no_other_door(self):
        """Odoo's free sign-up would make users whose address nobody has proven."""
        self.get("/web/signup", status=404)
        login = self.get("/web/login")
        self.assertNotIn("/web/signup", login.text)
        self.assertIn('href="/sell"', login.text)
        self.assertIn("/web/reset_password", login.text)
        fields = self.fields(login, "form[@method='post']")
        forged = {"login": MAIL, "name": "Lina", "password": PASSWORD, "confirm_password": PASSWORD}
        self.post("/web/signup", {**fields, **forged}, status=404)
        self.assertEqual(self.count("res.users"), self.people)

    def sign_up(self, status=303, **values):
        fields = self.fields(self.get("/sell"), "form[@method='post']")
        typed = {
            "company": "Lae Reload",
            "email": MAIL,
            "country": "PG",
            "currency": "PGK",
            "terms": "1",
            **values,
        }
        return self.post("/sell", {**fields, **typed}, status=status)

    def send(self):
        self.env.flush_all()
        self.env["pg.seller.signup"]._cron_send()
        self.env.invalidate_all()

    def signups(self):
        self.env.invalidate_all()
        return self.env["pg.seller.signup"].search([])

    def link(self, mail=MAIL):
        """Return the token of the link in the last mail."""
        return re.search(r"/sell/confirm\?t=([\w-]+)", self.mails(mail)[-1:].body_html)[1]

    def confirm(self, token, status=200, **values):
        fields = self.fields(self.get("/sell/confirm", t=token), "form[@method='post']")
        typed = {"name": "Lina Kora", "password": PASSWORD, **values}
        return self.post("/sell/confirm", {**fields, **typed}, status=status)

    def assertNothingMade(self):
        self.assertEqual(self.count("res.company"), self.companies)
        self.assertEqual(self.count("res.users"), self.people)

    # === THE WAY IN === #

    def test_from_form_to_login(self):
        self.sign_up()
        self.assertNothingMade()
        self.send()
        self.assertNothingMade()
        self.assertEqual(self.signups().state, "mailed")
        token = self.link()
        self.assertIn("lae-reload", self.get("/sell/confirm", t=token).text)
        self.assertIn("ready", self.words(self.confirm(token)))
        company = self.env["res.company"].search([("pg_slug", "=", "lae-reload")])
        self.assertEqual(company.currency_id.name, "PGK")
        self.assertEqual(company.pg_tz, "Pacific/Port_Moresby")
        self.assertFalse(self.env["product.template"].search([("company_id", "=", company.id)]))
        gateways = self.env["payment.provider"].search([("company_id", "=", company.id)])
        self.assertTrue(gateways)
        self.assertEqual(set(gateways.mapped("state")), {"disabled"})
        user = self.env["res.users"].search([("login", "=", MAIL)])
        self.assertEqual(user.company_ids, company)
        self.assertTrue(user.has_group("pg_base.group_admin"))
        self.assertFalse(user.has_group("pg_base.group_platform_admin"))
        self.assertFalse(user.has_group("base.group_system"))
        self.assertNotIn(company, self.env.ref("base.public_user").company_ids)
        self.assertEqual(self.count("res.company"), self.companies + 1)
        self.assertEqual(self.count("res.users"), self.people + 1)
        self.get("/topup/lae-reload")
        self.authenticate(MAIL, PASSWORD)
        self.get("/odoo")

    def test_link_counts_once(self):
        self.sign_up()
        self.send()
        token = self.link()
        fields = self.fields(self.get("/sell/confirm", t=token), "form[@method='post']")
        self.confirm(token)
        again = {**fields, "name": "Lina", "password": PASSWORD, "slug": "second"}
        self.post("/sell/confirm", again, status=404)
        self.get("/sell/confirm", t=token, status=404)
        self.assertEqual(self.count("res.company"), self.companies + 1)

    def test_link_too_late_or_made_up(self):
        self.sign_up()
        self.send()
        token = self.link()
        self.signups().expires_at = now() - timedelta(seconds=1)
        self.env.flush_all()
        for text in (token, "", "x", "x" * 43, "' OR 1=1 --"):
            self.get("/sell/confirm", t=text, status=404)
        self.assertNothingMade()

    def test_known_address_gets_no_hint_on_the_page(self):
        new_test_user(self.env, login=MAIL, groups="base.group_portal")
        known = self.sign_up()
        fresh = self.sign_up(email="other@example.com")
        self.assertEqual(known.headers["Location"], fresh.headers["Location"])
        self.send()
        self.assertEqual(set(self.signups().mapped("state")), {"void", "mailed"})
        self.assertNotIn("confirm", self.mails(MAIL).body_html)
        self.assertIn("/web/login", self.mails(MAIL).body_html)

    def test_two_sign_ups_of_one_address(self):
        self.sign_up()
        self.sign_up()
        self.send()
        tokens = [re.search(r"\?t=([\w-]+)", mail.body_html)[1] for mail in self.mails(MAIL)]
        self.assertEqual(len(set(tokens)), 2)
        self.confirm(tokens[0])
        self.confirm(tokens[1], status=422, slug="another")
        self.assertEqual(self.count("res.company"), self.companies + 1)
        self.assertEqual(self.count("res.users"), self.people + 1)

    def test_taken_shop_address(self):
        self.sign_up()
        self.send()
        response = self.confirm(self.link(), status=422, slug=self.seller.pg_slug)
        self.assertIn("taken", self.words(response))
        self.assertNothingMade()
        self.confirm(self.link(), slug="free-one")

    # === REFUSED === #

    def test_bad_forms_store_nothing(self):
        for values in (
            {"company": ""},
            {"company": "x"},
            {"company": "y" * 81},
            {"company": "<b>Shop</b>"},
            {"company": "Win at https://evil.example"},
            {"email": "nobody"},
            {"email": "1"},
            {"email": "a@b.c\r\nBcc: x@y.z"},
            {"country": "ZZ"},
            {"currency": "ABC"},
            {"terms": ""},
            {"country": "1 OR 1=1"},
        ):
            with self.subTest(values=values):
                response = self.sign_up(status=422, **values)
                self.assertNotIn("<b>Shop</b>", response.text)
        self.post("/sell", {"company": "x" * 20000}, status=413)
        self.post("/sell", {"company": "Lae", "email": MAIL}, status=400)
        self.assertFalse(self.signups())

    def test_robot(self):
        self.sign_up(pot="http://spam.example")
        self.assertFalse(self.signups())

    def test_bad_rest(self):
        self.sign_up()
        self.send()
        token = self.link()
        for values in (
            {"password": "short"},
            {"password": "aaaaaaaaaaaa"},
            {"password": "x" * 129},
            {"password": "lae reload 2026"},
            {"slug": "Has Blank"},
            {"slug": "-a"},
            {"slug": ""},
            {"slug": "../admin"},
            {"name": "<script>alert(1)</script>"},
            {"name": ""},
        ):
            with self.subTest(values=values):
                response = self.confirm(token, status=422, **values)
                self.assertNotIn("<script>alert", response.text)
        self.assertNothingMade()

    def test_limits(self):
        for _turn in range(3):
            self.sign_up()
        self.sign_up(status=429)
        for turn in range(6):
            self.sign_up(email=f"n{turn}@example.com")
        self.sign_up(status=429, email="n9@example.com")
        self.assertEqual(len(self.signups()), 9)

    # === APPROVAL === #

    def test_approval(self):
        self.set_mode("approval")
        self.sign_up()
        self.send()
        token = self.link()
        fields = self.fields(self.get("/sell/confirm", t=token), "form[@method='post']")
        self.post("/sell/confirm", {**fields, "name": "L", "slug": "x", "password": PASSWORD})
        self.assertNothingMade()
        request = self.signups()
        self.assertEqual(request.state, "review")
        for role in ("viewer", "admin"):
            with self.assertRaises(AccessError):
                self.as_user(request, role).action_approve()
        self.assertEqual(request.state, "review")
        request.with_user(self.env.ref("base.user_admin")).action_approve()
        self.assertEqual(request.decided_by_id, self.env.ref("base.user_admin"))
        with self.assertRaises(UserError):
            request.action_refuse()
        self.assertNothingMade()
        self.send()
        self.confirm(self.link())
        self.assertEqual(self.count("res.company"), self.companies + 1)
        self.assertEqual(request.state, "done")

    def test_refusal(self):
        self.set_mode("approval")
        self.sign_up()
        self.send()
        token = self.link()
        fields = self.fields(self.get("/sell/confirm", t=token), "form[@method='post']")
        self.post("/sell/confirm", fields)
        self.signups().action_refuse()
        self.send()
        self.assertEqual(len(self.mails(MAIL)), 2)
        self.get("/sell/confirm", t=token, status=404)
        self.assertNothingMade()

    def test_closed(self):
        fields = self.fields(self.get("/sell"), "form[@method='post']")
        self.set_mode("closed")
        self.assertIn("closed", self.words(self.get("/sell")))
        self.post("/sell", {**fields, "company": "Lae", "email": MAIL, "terms": "1"})
        self.assertFalse(self.signups())

    def test_login_page(self):
        self.assertIn("/sell", self.get("/web/login").text)
        self.assertIn("/web/reset_password", self.get("/web/login").text)
