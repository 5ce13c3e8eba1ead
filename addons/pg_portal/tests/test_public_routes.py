"""Every public address of this addon, as Odoo itself finds them, against rubbish."""

import io
from urllib.parse import quote, urlencode

from odoo.tests import tagged

from .account_common import EMAIL, AccountCase

EVIL = "<script>alert(1)</script>"
SITE = "https://shop.example"
# What stands in an address where a word is expected.
ODD_WORDS = (
    "x",
    "../../etc/passwd",
    "%00",
    "%ff%fe",
    EVIL,
    "9" * 300,
    "-1",
    "' OR 1=1 --",
    "é" * 40,
)
# What is sent as the value of every field.
ODD_VALUES = (
    "", "\x00", EVIL, "-1", "1e309", "NaN", "[]", "9" * 3000, "' OR 1=1 --", "\u202e\u2028",
)  # fmt: skip
FIELDS = (
    "q", "number", "country", "operator", "offer", "receive", "pay", "price", "provider", "email",
    "client_key", "confirmed", "mark", "t", "who", "code", "state", "month", "p", "act",
    "recipient", "name", "lang", "sms", "sure", "saved", "company", "currency", "terms", "slug",
    "password", "pot", "v", "page", "filterby", "search", "nonsense",
)  # fmt: skip
# What a request of a stranger could leave behind.
TABLES = (
    "pg_topup", "payment_transaction", "pg_portal_code", "pg_seller_signup", "pg_recipient",
    "pg_publishable_key", "res_partner", "res_users", "res_company", "mail_mail", "sms_sms",
    "pg_ledger_entry", "ir_attachment",
)  # fmt: skip
WAYS = {"GET", "POST"}


@tagged("post_install", "-at_install", "pg")
class TestPublicRoutes(AccountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # How often one may ask is tested elsewhere.
        for bucket in (
            "storefront.number", "storefront.pay", "portal.code_ip", "portal.try_ip", "sell.ip",
            "sell.link", "widget.read", "widget.order", "widget.status",
        ):  # fmt: skip
            cls.env["ir.config_parameter"].set_param(f"pg_base.rate.{bucket}", "100000/60")
        cls.key = cls.env["pg.publishable.key"].create(
            {"name": "Site", "origins": SITE, "company_id": cls.seller.id}
        )

    def setUp(self):
        super().setUp()
        self.topup = self.place(email=EMAIL)

    def rules(self):
        """Return (address, methods) of each route of this addon that a stranger may ask for."""
        routes, found = self.env["ir.http"]._generate_routing_rules(["pg_portal"], None), {}
        for url, endpoint in routes:
            if endpoint.routing["auth"] in ("public", "none"):
                found.setdefault(url, set()).update(WAYS & set(endpoint.routing["methods"] or WAYS))
        self.assertGreater(len(found), 30)
        return list(found.items())

    def address(self, rule, word="", **known):
        """Return an address of a rule: what is known is right, the rest is a word."""
        for name, kind in (
            ("slug", "string"), ("token", "string"), ("pk", "string"), ("operator", "string"),
            ("provider", "string"), ("version", "string"), ("name", "string"),
        ):  # fmt: skip
            rule = rule.replace(f"<{kind}:{name}>", known.get(name) or quote(word, safe="%"))
        return rule.replace("<int:topup_id>", known.get("topup_id", "999999999"))

    def right(self):
        """Return right values of what stands in addresses."""
        return {
            "slug": self.seller.pg_slug,
            "token": self.topup.access_token,
            "pk": self.key.key,
            "topup_id": str(self.topup.id),
            "operator": str(self.sku.operator_id.id),
            "provider": str(self.provider.id),
        }

    def counts(self):
        self.env.flush_all()
        self.env.cr.execute(
            " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in TABLES)
        )
        return dict(self.env.cr.fetchall())

    def ask(self, method, path, **options):
        """Ask, from a site that the widget allows; the answer is no fault of ours and shows none
        of our inside.
        """
        headers = {"Origin": SITE, **options.pop("headers", {})}
        answer = self.opener.request(
            method,
            self.base_url() + path,
            headers=headers,
            timeout=30,
            allow_redirects=False,
            **options,
        )
        what = f"{method} {path[:120]} → {answer.status_code}"
        self.assertLess(answer.status_code, 500, what)
        for leak in ("Traceback (most recent call last)", "odoo.exceptions", "psycopg2"):
            self.assertNotIn(leak, answer.text, what)
        self.assertNotIn(EVIL, answer.text, what)
        self.assertNotRegex(answer.headers.get("Location", ""), r"^(https?:)?//(?!127\.0\.0\.1)")
        return answer

    def test_odd_words_in_the_address(self):
        before = self.counts()
        for rule, methods in self.rules():
            for word in ODD_WORDS if "<" in rule else ():
                for method in methods:
                    path = self.address(rule, word)
                    answer = self.ask(method, path)
                    self.assertIn(answer.status_code, range(400, 500), f"{method} {path[:120]}")
        self.assertEqual(self.counts(), before)

    def test_odd_values_of_all_fields(self):
        right, before = self.right(), self.counts()
        for rule, methods in self.rules():
            path = self.address(rule, "x", **right)
            for value in ODD_VALUES:
                query = urlencode(dict.fromkeys(FIELDS, value[:200]))
                if "GET" in methods:
                    self.ask("GET", f"{path}?{query}")
                if "POST" in methods:
                    answer = self.ask("POST", path, data=dict.fromkeys(FIELDS, value))
                    self.assertIn(answer.status_code, range(400, 500), path)
        self.assertEqual(self.counts(), before)

    def test_odd_values_from_our_own_page(self):
        """The same with the token against forged requests, and files where words are expected."""
        right, before = self.right(), self.counts()
        token = self.fields(self.get(f"{self.my}/login"), "form[@method='post']")["csrf_token"]
        for rule, methods in self.rules():
            if "POST" not in methods or rule.endswith(("/logout", "/login")):
                continue
            path = self.address(rule, "x", **right)
            for value in ODD_VALUES:
                data = {**dict.fromkeys(FIELDS, value), "csrf_token": token}
                answer = self.ask("POST", path, data=data)
                self.assertIn(answer.status_code, [303, *range(400, 500)], path)
            files = {name: ("a.txt", io.BytesIO(b"x"), "text/plain") for name in FIELDS}
            self.ask("POST", path, data={"csrf_token": token}, files=files)
        self.assertEqual(self.counts(), before)

    def test_bodies_that_are_too_large_or_broken(self):
        right, before = self.right(), self.counts()
        for rule, methods in self.rules():
            path = self.address(rule, "x", **right)
            if "POST" not in methods:
                self.assertEqual(self.ask("POST", path, data="x").status_code, 405, path)
                continue
            answer = self.ask("POST", path, data={"x": "y" * 40_000})
            self.assertIn(answer.status_code, (400, 413), path)
            for kind in ("application/json", "multipart/form-data; boundary=x", "text/xml", ""):
                answer = self.ask(
                    "POST", path, data=b"\xff\x00{--x", headers={"Content-Type": kind}
                )
                self.assertIn(answer.status_code, range(400, 500), f"{path} {kind}")
        self.assertEqual(self.counts(), before)

    def test_other_methods(self):
        for rule, _methods in self.rules():
            for method in ("PUT", "DELETE", "PATCH"):
                answer = self.ask(method, self.address(rule, "x", **self.right()))
                self.assertIn(answer.status_code, (400, 404, 405), rule)
