import re
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml import html
from odoo.addons.pg_topup.tests.common import DELIVERED, RANGE_SKU, REFUSED, TopupCase
from odoo.tests import HttpCase

# What no page may ever show, whatever is sent to it.
LEAKS = ("Traceback (most recent call last)", "odoo.exceptions", "psycopg2", "werkzeug")


class StorefrontCase(HttpCase, TopupCase):
    """The storefront of a seller, asked over real HTTP by a guest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = f"/topup/{cls.seller.pg_slug}"
        cls.other_base = f"/topup/{cls.other_seller.pg_slug}"
        cls.fixed_sku = cls.env["pg.sku"].search(
            [
                ("supplier_id", "=", cls.supplier.id),
                ("operator_id", "=", cls.sku.operator_id.id),
                ("kind", "=", "topup"),
                ("is_range", "=", False),
            ],
            order="send_min",
            limit=1,
        )
        cls.fixed_offer, cls.other_fixed_offer = cls.env["product.template"].create(
            [
                {
                    "type": "service",
                    "company_id": company.id,
                    "pg_sku_id": cls.fixed_sku.id,
                    "pg_margin_percent": 10,
                }
                for company in (cls.seller, cls.other_seller)
            ]
        )

    @classmethod
    def registry_enter_test_mode_cls(cls):
        """Override of `base`: both parents enter the test mode, once is enough."""
        if not cls._registry_patched:
            super().registry_enter_test_mode_cls()

    # === REQUESTS === #

    def get(self, path, status=200, **query):
        """Ask for a page as a browser does; check its status and that nothing leaks."""
        return self._check(self.url_open(self._address(path, query), allow_redirects=False), status)

    def post(self, path, data, status=200, **query):
        return self._check(
            self.url_open(self._address(path, query), data=data, allow_redirects=False), status
        )

    def _address(self, path, query):
        return f"{path}?{urlencode(query)}" if query else path

    def _check(self, response, status):
        self.assertEqual(response.status_code, status, self._reason(response))
        for leak in LEAKS:
            self.assertNotIn(leak, response.text)
        return response

    def _reason(self, response):
        """Return what an unexpected answer says, for whoever reads the failure."""
        return " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", response.text).split())[:600]

    def page(self, response):
        """Return the parsed page."""
        return html.fromstring(response.content)

    def words(self, response):
        """Return what a reader sees of a page, blanks made single."""
        texts = self.page(response).xpath("//title//text() | //body//text()")
        return " ".join(" ".join(texts).split())

    # === STEPS OF A CUSTOMER === #

    def enter_number(self, number=DELIVERED, base=None):
        """Enter a number and return the token that stands for it."""
        response = self.post(f"{base or self.base}/number", {"number": number}, status=303)
        return parse_qs(urlsplit(response.headers["Location"]).query)["q"][0]

    def review(self, offer=None, number=DELIVERED, base=None, **query):
        """Go to the review and return the fields of its form, as a browser would send them."""
        base = base or self.base
        token = self.enter_number(number, base)
        offer = offer or self.fixed_offer
        response = self.get(f"{base}/review", q=token, offer=offer.id, **query)
        return self.fields(response, "form[@method='post']")

    def fields(self, response, xpath):
        """Return the values that a form of a page would send."""
        (form,) = self.page(response).xpath(f"//{xpath}")
        return dict(form.form_values())

    def topups(self):
        self.env.invalidate_all()
        return self.env["pg.topup"].search([("company_id", "in", self.sellers().ids)])

    def sellers(self):
        return self.seller + self.other_seller

    def sessions(self):
        """Return the payment pages that the gateway has opened."""
        return self.sandbox.sessions(self.stripe["id"])


__all__ = ["DELIVERED", "RANGE_SKU", "REFUSED", "StorefrontCase"]
