from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.tests import new_test_user, tagged

from .account_common import EMAIL, AccountCase
from .common import DELIVERED

EVIL = "<script>alert(1)</script>@example.com"


@tagged("post_install", "-at_install", "pg")
class TestLoginCode(AccountCase):
    def test_by_mail(self):
        topup = self.place(email=EMAIL)
        self.get(self.my, status=303)
        response = self.log_in()
        self.assertTrue(response.headers["Location"].endswith(self.my))
        self.assertIn(topup.name, self.words(self.get(self.my)))
        self.assertEqual(len(self.mails()), 1)

    def test_by_sms(self):
        topup = self.place()
        token = self.ask("7012 3456")
        self.send_codes()
        text = self.texts(DELIVERED)
        self.assertEqual(len(text), 1)
        self.assertIn(self.seller.name, text.body)
        self.prove(token, f" {text.body[:3]} {text.body[3:6]} ")
        self.assertIn(topup.name, self.words(self.get(self.my)))

    def test_code_is_stored_nowhere(self):
        self.place(email=EMAIL)
        self.ask(EMAIL)
        self.send_codes()
        code = self.read_code(self.mails())
        self.env.cr.execute("SELECT to_jsonb(c)::text FROM pg_portal_code c ORDER BY id DESC")
        self.assertNotIn(code, self.env.cr.fetchone()[0].replace(self.logins()[:1].token, ""))
        self.assertNotIn(code, self.mails().subject)

    def test_stranger_sees_the_same_and_gets_nothing(self):
        self.place(email=EMAIL)
        pages = []
        for who in (EMAIL, "nobody@example.com"):
            pages.append(self.words(self.get(f"{self.my}/code", t=self.ask(who))))
        self.send_codes()
        self.assertEqual(*pages)
        self.assertFalse(self.mails("nobody@example.com"))
        self.assertEqual(self.logins().mapped("state"), ["void", "sent"])
        void = self.logins()[0]
        self.prove(void.token, "000000", status=422)

    def test_code_counts_once_and_for_its_login_only(self):
        self.place(email=EMAIL)
        token = self.ask(EMAIL)
        self.send_codes()
        code = self.read_code(self.mails())
        other = self.ask(EMAIL)
        self.prove(other, code, status=422)
        self.prove(token, code)
        self.prove(token, code, status=422)

    def test_sixth_try_is_not_looked_at(self):
        self.place(email=EMAIL)
        token = self.ask(EMAIL)
        self.send_codes()
        code = self.read_code(self.mails())
        wrong = "111111" if code != "111111" else "222222"
        for _turn in range(5):
            self.prove(token, wrong, status=422)
        self.prove(token, code, status=422)
        self.assertEqual(self.logins()[0].tries, 5)
        self.assertFalse(self.logins()[0].used_at)
        self.get(self.my, status=303)

    def test_too_late(self):
        self.place(email=EMAIL)
        token = self.ask(EMAIL)
        self.send_codes()
        self.logins()[0].expires_at = now() - timedelta(seconds=1)
        self.env.flush_all()
        self.prove(token, self.read_code(self.mails()), status=422)

    def test_asking_too_often(self):
        for _turn in range(4):
            self.ask("nobody@example.com")
        response = self.ask("nobody@example.com", status=429)
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertEqual(len(self.logins()), 4)
        self.ask(EMAIL)

    def test_one_address_asks_for_many(self):
        for turn in range(20):
            self.ask(f"n{turn}@example.com")
        self.ask("n20@example.com", status=429)
        self.assertEqual(len(self.logins()), 20)

    def test_nonsense_is_refused_and_stores_nothing(self):
        for who in ("", " ", "abc", "@", "1", EVIL, "x" * 300, "kila@example.com\r\nBcc: a@b.c"):
            with self.subTest(who=who):
                response = self.ask(who, status=422)
                self.assertNotIn("<script>alert", response.text)
        self.post(f"{self.my}/login", {"who": "x" * 20000}, status=413)
        self.assertFalse(self.logins())
        for token in ("", "x", "x" * 100, "../../etc"):
            self.prove(token, "123456", status=422)
        fields = self.fields(self.get(f"{self.my}/code"), "form[@method='post']")
        for code in ("", "12345", "1234567", "abcdef", "１２３４５６"):
            self.post(f"{self.my}/code", {**fields, "code": code}, status=422)

    def test_forged_request_is_refused(self):
        self.place(email=EMAIL)
        self.post(f"{self.my}/login", {"who": EMAIL}, status=400)
        self.assertFalse(self.logins())
        self.log_in()
        for path in ("settings", "delete", "logout"):
            self.post(f"{self.my}/{path}", {"sure": "1"}, status=400)
        self.get(self.my)

    def test_session_is_new_and_of_one_seller(self):
        mine = self.place(email=EMAIL)
        theirs = self.place(email=EMAIL, company=self.other_seller, offer=self.other_offer)
        before = self.opener.cookies.get("session_id")
        self.log_in()
        self.assertNotEqual(self.opener.cookies.get("session_id"), before)
        text = self.words(self.get(self.my))
        self.assertIn(mine.name, text)
        self.assertNotIn(theirs.name, text)
        self.get(self.other_my, status=303)
        self.log_in(my=self.other_my)
        self.assertIn(theirs.name, self.words(self.get(self.other_my)))
        self.form = self.fields(self.get(self.my), "form[@method='post']")
        self.post(f"{self.my}/logout", self.form, status=303)
        self.get(self.my, status=303)
        self.get(self.other_my)

    def test_it_is_no_login_at_odoo(self):
        self.place(email=EMAIL)
        self.log_in()
        self.assertIn("/web/login", self.get("/my/topups", status=303).headers["Location"])

    def test_staff_has_no_such_door(self):
        boss = new_test_user(
            self.env,
            login="boss",
            email="boss@example.com",
            groups="pg_base.group_admin",
            company_id=self.seller.id,
            company_ids=[(6, 0, self.seller.ids)],
        )
        boss.partner_id.company_id = self.seller
        token = self.ask("boss@example.com")
        self.send_codes()
        self.assertFalse(self.mails("boss@example.com"))
        self.prove(token, "000000", status=422)

    def test_odoos_own_login_works_beside(self):
        ana = new_test_user(
            self.env,
            login="ana-portal",
            groups="base.group_portal",
            company_id=self.seller.id,
            company_ids=[(6, 0, self.seller.ids)],
        )
        own = self.place(partner=ana.partner_id)
        foreign = self.place(email=EMAIL)
        self.authenticate("ana-portal", "ana-portal")
        text = self.words(self.get(self.my))
        self.assertIn(own.name, text)
        self.assertNotIn(foreign.name, text)

    def test_open_redirect(self):
        for target in ("//evil.example", "https://evil.example/x", "/\\evil.example"):
            response = self.get("/web/login", redirect=target)
            self.assertNotIn("Location", response.headers)
        page = self.page(
            self.get(f"{self.my}/login", redirect="//evil.example", next="//e.example")
        )
        self.assertFalse(page.xpath("//a[contains(@href, 'evil') or contains(@href, 'e.example')]"))

    def test_nobody_reads_codes(self):
        self.place(email=EMAIL)
        self.ask(EMAIL)
        login = self.logins()[0]
        for role in ("viewer", "admin"):
            self.assertFalse(self.as_user(login, role).has_access("read"))
