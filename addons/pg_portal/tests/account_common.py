import re

from odoo.addons.pg_portal.tools.identity import Identity

from .common import StorefrontCase

EMAIL = "kila@example.com"


class AccountCase(StorefrontCase):
    """A customer who logs in by code, over real HTTP; its messages are read from Odoo's queues."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.my = f"/portal/{cls.seller.pg_slug}"
        cls.other_my = f"/portal/{cls.other_seller.pg_slug}"

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM pg_rate_limit")

    # === STEPS === #

    def ask(self, who, my=None, status=303):
        """Ask for a code; return the token of the page that takes it."""
        my = my or self.my
        fields = self.fields(self.get(f"{my}/login"), "form[@method='post']")
        response = self.post(f"{my}/login", {**fields, "who": who}, status=status)
        if status != 303:
            return response
        return response.headers["Location"].partition("?t=")[2]

    def send_codes(self):
        self.env.flush_all()
        self.env["pg.portal.code"]._cron_send()
        self.env.invalidate_all()

    def mails(self, address=EMAIL):
        return self.env["mail.mail"].search([("email_to", "=", address)], order="id")

    def texts(self, number):
        return self.env["sms.sms"].search([("number", "=", number)], order="id")

    def read_code(self, message):
        """Return the code in a message as its reader sees it."""
        body = re.sub(r"<style.*?</style>|<[^>]+>", " ", message[-1:].body_html or "")
        return re.search(r"\b\d{6}\b", body)[0]

    def prove(self, token, code, my=None, status=303):
        my = my or self.my
        fields = self.fields(self.get(f"{my}/code", t=token), "form[@method='post']")
        return self.post(f"{my}/code", {**fields, "code": code}, status=status)

    def log_in(self, who=EMAIL, my=None):
        """Log in by a code that comes by e-mail."""
        token = self.ask(who, my)
        self.send_codes()
        return self.prove(token, self.read_code(self.mails(who)), my)

    def form_post(self, path, data=None, status=303):
        """Send a form of the customer's room, with the token of the page that has it."""
        fields = self.fields(self.get(path), "form[@method='post'][.//button[@data-busy]]")
        return self.post(path, {**fields, **(data or {})}, status=status)

    def logins(self):
        self.env.invalidate_all()
        return self.env["pg.portal.code"].search([])


__all__ = ["EMAIL", "AccountCase", "Identity"]
