import json
from datetime import datetime, timedelta

import jsonschema
from odoo.addons.pg_api.tools import document
from odoo.addons.pg_topup.tests.common import TopupCase
from odoo.tests import HttpCase, new_test_user

# What no answer may ever show, whatever is sent.
LEAKS = ("Traceback", "odoo.exceptions", "psycopg2", "werkzeug", "<html")


class ApiCase(HttpCase, TopupCase):
    """The API, asked over real HTTP with real keys; every answer is held against the document."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {
            (company, role): cls.make_key(user) for (company, role), user in cls.users.items()
        }
        cls.clerk = new_test_user(cls.env, login="clerk", groups="base.group_user")
        cls.clerk_key = cls.make_key(cls.clerk)

    @classmethod
    def registry_enter_test_mode_cls(cls):
        """Override of `base`: both parents enter the test mode, once is enough."""
        if not cls._registry_patched:
            super().registry_enter_test_mode_cls()

    @classmethod
    def make_key(cls, user, days=1):
        """Return a new API key of a user, as the preferences make it."""
        Keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return Keys._generate(None, "test", datetime.now() + timedelta(days=days))

    # === REQUESTS === #

    def ask(self, path, *, role="operator", company=None, key=None, status=200, template=None):
        """GET a path; check status and form of the answer.

        :param key: instead of a role's key; False sends none.
        :param template: the path in the document, when it is not the path itself.
        """
        response = self.url_open(
            f"/api/v1{path}", headers=self._auth(role, company, key), allow_redirects=False
        )
        return self.check(response, "get", template or path.split("?")[0], status)

    def send(
        self,
        body,
        *,
        role="operator",
        company=None,
        key=None,
        status=201,
        order_key="order-1",
        content_type="application/json",
    ):
        """POST an order; the body is JSON made of a dict, or sent as it is."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        headers = {**self._auth(role, company, key), "Content-Type": content_type}
        if order_key is not None:
            headers["Idempotency-Key"] = order_key
        url = f"{self.base_url()}/api/v1/topups"
        response = self.opener.post(url, data=data, headers=headers, timeout=30)
        return self.check(response, "post", "/topups", status)

    def _auth(self, role, company, key):
        if key is False:
            return {}
        key = key or self.keys[company or self.seller, role]
        return {"Authorization": f"Bearer {key}"}

    def check(self, response, method, template, status):
        """Return the JSON of an answer that is as the document says."""
        self.assertEqual(response.status_code, status, response.text[:300])
        self.assertEqual(response.headers["Content-Type"], "application/json; charset=utf-8")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        for leak in LEAKS:
            self.assertNotIn(leak, response.text)
        self.assertNotIn("session_id", response.cookies)
        values = response.json()
        self.check_schema(values, method, template, status)
        return values

    def check_schema(self, values, method, template, status):
        doc = document.load()
        documented = doc["paths"].get(template, {}).get(method, {}).get("responses", {})
        found = documented.get(str(status), {"$ref": "#/components/responses/422"})
        if "$ref" in found:
            found = doc["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
        schema = found["content"]["application/json"]["schema"]
        jsonschema.validate(values, {**schema, "components": doc["components"]})

    # === WHAT IS STORED === #

    def count(self):
        """Return how many top-ups and customers there are."""
        self.env.invalidate_all()
        return self.env["pg.topup"].search_count([]), self.env["res.partner"].search_count([])

    def refused(self, body, status, code=None, **values):
        """Send an order that must be refused and leave nothing behind; return the message."""
        before = self.count()
        error = self.send(body, status=status, **values)["error"]
        self.assertEqual(self.count(), before)
        if code:
            self.assertEqual(error["code"], code)
        return error["message"]

    def order(self, **values):
        """Return the body of a good order, with changes; None takes a field away."""
        body = {"offer_id": self.offer.id, "number": "+67570123456", "send_value": "5.00", **values}
        return {name: value for name, value in body.items() if value is not None}
