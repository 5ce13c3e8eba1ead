"""The three gateways of the demo seller, seen from the payer's and the merchant's side."""

import json
import re
from decimal import Decimal


class Gateway:
    """One gateway: how its payer pays, and what its account saw."""

    kind = label = shelf = None

    def __init__(self, platform, seller="Island Mobile"):
        self.platform = platform
        self.sandbox = platform.sandbox
        [self.account] = [a for a in self.sandbox.accounts(self.kind) if a["name"] == seller]

    # === PAYER === #

    def transaction(self, order):
        """Return the newest payment of an order."""
        [row, *_older] = self.platform.sql(
            "SELECT x.* FROM payment_transaction x JOIN pg_topup t ON t.id = x.pg_topup_id"
            " WHERE t.access_token = %s ORDER BY x.id DESC",
            order.token,
        )
        return row

    def read(self, tx):
        [row] = self.platform.sql("SELECT * FROM payment_transaction WHERE id = %s", tx["id"])
        return row

    def approve(self, order):
        """Pay, and close the browser; return the payment."""
        tx = self.transaction(order)
        self.sandbox.pay(tx["pg_checkout_ref"], "close")
        return tx

    def return_url(self, order, tx):
        """Return where the payer's browser would be sent."""
        raise AssertionError("each gateway has its own")

    # === ACCOUNT === #

    def events(self, tx):
        """Return the ids of the events about a payment that our webhook hears, oldest first."""
        tx = self.read(tx)
        ids = filter(None, (tx["reference"], tx["pg_checkout_ref"], tx["pg_payment_ref"]))
        names = re.compile("|".join(re.escape(name) for name in ids))
        return [
            event["id"]
            for event in self.sandbox.events(self.account)
            if names.search(json.dumps(event)) and self._is_heard(event)
        ]

    def _is_heard(self, event):
        return bool(self.sandbox.signed_event(self.account, event["id"]))

    def deliveries(self, events):
        """Return the attempts to deliver events that were answered."""
        rows = self.sandbox.deliveries(self.account)
        return [row for row in rows if row["event"] in events and row["status"]]

    def takings(self, tx):
        """Return the rows of money that was taken for a payment."""
        rows = getattr(self.sandbox, self.shelf)(self.account)
        return [row for row in rows if tx["reference"] in json.dumps(row) and self._is_taken(row)]

    def _is_taken(self, row):
        return row["status"] in ("succeeded", "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")

    def count_money_taken(self, tx):
        return len(self.takings(tx))

    def paid(self, tx):
        """Return what was taken, as the gateway writes it."""
        [row] = self.takings(tx)
        return self._amount(row)

    def refunded(self, tx):
        """Return the sum of what went back."""
        [row] = self.takings(tx)
        mine = [r for r in self.sandbox.refunds(self.account) if row["id"] in json.dumps(r)]
        return sum((self._amount(refund) for refund in mine), Decimal(0))

    def _amount(self, row):
        return Decimal(str(row["amount"]))


class Stripe(Gateway):
    kind, label, shelf = "stripe", "Card", "payment_intents"

    def return_url(self, order, tx):
        base = f"{self.platform.base_url}/payment/stripe_checkout/return"
        return f"{base}?reference={tx['reference']}&session_id={tx['pg_checkout_ref']}"


class PayPal(Gateway):
    kind, label, shelf = "paypal", "PayPal", "captures"

    def return_url(self, order, tx):
        base = f"{self.platform.base_url}/payment/paypal_orders/return"
        return f"{base}?reference={tx['reference']}&token={tx['pg_checkout_ref']}&PayerID=X"

    def _amount(self, row):
        return Decimal(row["amount"]["value"])


class Pgpay(Gateway):
    kind, label, shelf = "pgpay", "PGPay", "payments"

    def approve(self, order):
        customer = self.platform.customer()
        page = customer._page("GET", order.pay_url)
        [form] = [f for f in page.forms if "/start/" in (f.action or "")]
        form.fields["channel"], form.fields["number"] = "cellmoni", "7000 1234"
        customer._submit(form)
        return super().approve(order)

    def return_url(self, order, tx):
        return order.pay_url


GATEWAYS = {"stripe_checkout": Stripe, "paypal_orders": PayPal, "pgpay": Pgpay}
