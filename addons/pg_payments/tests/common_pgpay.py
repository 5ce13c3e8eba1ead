"""Sellers with accounts at the sandbox's PGPay and PGecom."""

import json
from urllib.parse import urlencode

from .common import GatewayCase

NUMBER = "7000 1234"
MASKED = "+675••••1234"


class FreshAccountCase(GatewayCase):
    """A fresh account at the sandbox for each test, so that counts are its own."""

    kind = None

    def setUp(self):
        super().setUp()
        account = self.sandbox.create_account(self.kind)
        self.addCleanup(self.sandbox.delete_account, account)
        self.sandbox.hold_webhooks(account)
        self.account = account
        self.provider = self._set_up_provider(self.seller, account)


class PgpayCase(FreshAccountCase):
    """A seller with a fresh account at the sandbox's PGPay.

    Events are held back there and posted by the tests: the sandbox may not call a test.
    """

    kind = "pgpay"
    method_ref = "pg_payments.payment_method_pgpay_cellmoni"

    @classmethod
    def _set_up_provider(cls, company, account):
        provider = cls.find_provider(company, "pgpay")
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "pg_client_id": account["key_id"],
                "pg_secret_key": account["secret"],
                "pg_webhook_secret": account["webhook_secret"],
                "pg_api_base": cls.sandbox.pgpay_url,
            }
        )
        return provider

    # === PAYMENTS === #

    def create_open_tx(self, channel="cellmoni", number=NUMBER, **values):
        """Return a transaction whose payer was asked."""
        tx = self.create_tx(**values)
        tx._pg_start(channel, number)
        return tx

    def create_paid_tx(self, **values):
        """Return a transaction that is paid and known to be."""
        tx = self.create_open_tx(**values)
        self.pay(tx, "approve")
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "done", tx.state_message)
        return tx

    def find_payment(self, tx):
        rows = self.sandbox.payments(self.account)
        return next(row for row in rows if row["metadata"].get("odoo_ref") == tx.reference)

    # === PAGE === #

    def get_page_url(self, tx, action=""):
        path = f"/payment/pgpay/approve/{action and action + '/'}{tx.reference}"
        return f"{path}?{urlencode({'access_token': tx._pg_make_page_token()})}"

    def open_page(self, tx):
        """Open the payer's page; return its text."""
        self.env.flush_all()
        answer = self.url_open(self.get_page_url(tx))
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 200)
        return answer.text

    def post_page(self, tx, action, follow=True, **values):
        """Send a form of the payer's page."""
        self.env.flush_all()
        answer = self.url_open(
            f"/payment/pgpay/approve/{action}/{tx.reference}",
            data={"access_token": tx._pg_make_page_token(), **values},
            allow_redirects=follow,
        )
        self.env.invalidate_all()
        return answer

    # === NEWS === #

    def find_event(self, kind, tx=None, account=None):
        """Return the id of the newest event of a type, about a transaction where one is given."""
        for event in reversed(self.sandbox.events(account or self.account)):
            text = json.dumps(event["data"]["object"])
            if event["type"] == kind and (not tx or (tx.pg_checkout_ref or tx.reference) in text):
                return event["id"]
        raise AssertionError(f"The sandbox has no event {kind}")

    def sign(self, event_id, account=None, age=0):
        """Return (body, headers) as PGPay sends an event."""
        (row,) = self.sandbox.signed_event(account or self.account, event_id, age)
        return row["body"], row["headers"]

    def post_event(self, event_id, *, provider=None, account=None, age=0):
        """Post an event as the gateway does: raw signed bytes."""
        return self.post_raw(*self.sign(event_id, account, age), provider=provider)

    def post_raw(self, body, headers, provider=None):
        raw = body if isinstance(body, bytes) else body.encode()
        self.env.flush_all()
        answer = self.url_open(
            f"/payment/pgpay/webhook/{(provider or self.provider).id}",
            data=raw,
            headers={"Content-Type": "application/json", **headers},
        )
        self.env.invalidate_all()
        return answer


class PgecomCase(FreshAccountCase):
    """A seller in gourdes with a fresh account at the sandbox's PGecom."""

    kind = "pgecom"
    method_ref = "pg_payments.payment_method_pgpay_pgecom"

    @classmethod
    def set_up_account(cls):
        cls.htg = cls.env.ref("base.HTG")
        cls.htg.active = True

    @classmethod
    def _set_up_provider(cls, company, account):
        provider = cls.find_provider(company, "pgpay")
        provider.write(
            {
                "pg_profile": "pgecom",
                "state": "test",
                "is_published": True,
                "pg_client_id": account["user_id"],
                "pg_secret_key": account["api_token"],
                "pg_api_base": cls.sandbox.pgecom_url,
            }
        )
        return provider

    def create_tx(self, amount=55.0, provider=None, currency=None, **values):
        """Return a new transaction, in gourdes unless told."""
        return super().create_tx(amount, provider, currency or self.htg, **values)

    def find_order(self, tx):
        rows = self.sandbox.orders(self.account)
        return next(row for row in rows if row["orderId"] == tx.pg_checkout_ref)

    def post_notice(self, tx, status="completed", provider=None):
        """Post what PGecom posts: nothing proves it."""
        body = {
            "orderId": tx.pg_checkout_ref,
            "status": status,
            "transactionId": tx.pg_checkout_ref,
            "currency": "htg",
            "token": "x.y.z",
        }
        self.env.flush_all()
        answer = self.url_open(
            f"/payment/pgpay/webhook/{(provider or self.provider).id}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return answer
