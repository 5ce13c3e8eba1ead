"""A small synchronous client of the control API, on the standard library alone."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request


class SandboxError(Exception):
    """The control API refused; the text says why."""


class SandboxClient:
    """Drives one running sandbox. An account is given as its id or as the dict of creation."""

    def __init__(self, base_url, timeout=30):
        """:param base_url: such as ``http://127.0.0.1:8190``"""
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout

    @property
    def dingconnect_url(self):
        """Base URL for a DingConnect client."""
        return f"{self.base_url}/dingconnect"

    @property
    def stripe_url(self):
        """API base for a Stripe client."""
        return f"{self.base_url}/stripe"

    @property
    def paypal_url(self):
        """API base for a PayPal client."""
        return f"{self.base_url}/paypal"

    @property
    def pgpay_url(self):
        """API base for a PGPay client; the signed path begins after it, at ``/v1``."""
        return f"{self.base_url}/pgpay"

    @property
    def twilio_url(self):
        """What stands here for https://api.twilio.com."""
        return f"{self.base_url}/twilio"

    @property
    def pgecom_url(self):
        """Base URL for a PGecom client; calls are below ``/api``."""
        return f"{self.base_url}/pgecom"

    def paypal_root_certificate(self):
        """Return the root that signed the certificate of PayPal's events here, as PEM."""
        url = f"{self.base_url}/_control/paypal/ca"
        with urllib.request.urlopen(url, timeout=self.timeout) as answer:
            return answer.read().decode()

    # === ACCOUNTS === #

    def health(self):
        """Return {"status": "ok", "accounts": n}."""
        return self._call("GET", "/health")

    def create_account(self, kind, **values):
        """Create an account.

        :param kind: ``dingconnect``, ``stripe``, ``paypal``, ``pgpay`` or ``pgecom``
        :param values: name, currency, balance, settings, and a credential of one's own choice
        :return: dict with id and api_key; secret_key; client_id and client_secret; or key_id,
            secret and webhook_secret; user_id and api_token
        """
        return self._call("POST", "/accounts", {"kind": kind, **values})

    def accounts(self, kind=None):
        """Return all accounts, of one kind when asked."""
        items = self._call("GET", "/accounts")["items"]
        return [item for item in items if kind in (None, item["kind"])]

    def account(self, account):
        """Return an account with its balance, settings and waiting faults."""
        return self._call("GET", self._path(account))

    def update(self, account, *, name=None, balance=None, **settings):
        """Change name, balance or settings."""
        values = {"settings": settings}
        values.update({k: v for k, v in (("name", name), ("balance", balance)) if v is not None})
        return self._call("POST", self._path(account), values)

    def delete_account(self, account):
        """Forget an account and everything in it."""
        return self._call("DELETE", self._path(account))

    # === FAULTS === #

    def add_fault(self, account, on, fault, times=1, **options):
        """Queue a fault.

        :param on: method name (``SendTransfer``) or call (``POST /v1/refunds``)
        :param options: seconds, when, code, context, status, amount
        """
        values = {"on": on, "fault": fault, "times": times, **options}
        return self._call("POST", self._path(account, "faults"), values)

    def faults(self, account):
        """Return the faults still waiting."""
        return self._items(account, "faults")

    def clear_faults(self, account):
        """Drop the faults still waiting."""
        self._call("DELETE", self._path(account, "faults"))

    # === WHAT HAPPENED === #

    def transfers(self, account, refused_too=False):
        """Return the executed transfers, oldest first; the refused ones too when asked."""
        return self._items(account, "transfers", **({"all": 1} if refused_too else {}))

    def sms(self, number=None):
        """Return the text messages that were taken, oldest first; those to a number when asked."""
        query = f"?{urllib.parse.urlencode({'number': number})}" if number else ""
        return self._call("GET", f"/sms{query}")["items"]

    def calls(self, account, method=None):
        """Return the calls received, oldest first."""
        return self._items(account, "calls", **({"method": method} if method else {}))

    def sessions(self, account):
        """Return the Checkout sessions, oldest first."""
        return self._items(account, "sessions")

    def payment_intents(self, account):
        """Return the payment intents, oldest first."""
        return self._items(account, "payment_intents")

    def charges(self, account):
        """Return the charges, oldest first."""
        return self._items(account, "charges")

    def orders(self, account):
        """Return the orders of PayPal or PGecom, oldest first."""
        return self._items(account, "orders")

    def captures(self, account):
        """Return PayPal's captures, oldest first."""
        return self._items(account, "captures")

    def payments(self, account):
        """Return PGPay's payments, oldest first."""
        return self._items(account, "payments")

    def disputes(self, account):
        """Return the disputes, oldest first."""
        return self._items(account, "disputes")

    def refunds(self, account):
        """Return the refunds, oldest first."""
        return self._items(account, "refunds")

    def events(self, account):
        """Return the events, oldest first."""
        return self._items(account, "events")

    def deliveries(self, account):
        """Return the attempts to deliver events, oldest first."""
        return self._items(account, "deliveries")

    # === PAYER AND MERCHANT === #

    def pay(self, session, outcome="pay", **values):
        """Click on a page of a payer.

        :param session: id of what is paid: Stripe's session, PayPal's order, PGPay's payment
        :param outcome: Stripe: pay, decline, cancel, close, expire (and ``card=``);
            PayPal: pay, close, decline, echeck, cancel, expire (and ``email=`` of who pays);
            PGPay: pay, close, reject, pin, otp, funds, timeout, cancel, expire, settle, or the
            code of a failure;
            PGecom (order id or token): pay, close, decline, cancel
        :return: {"url": where the browser is sent or None, "status", "message"}
        """
        return self._call("POST", "/pay", {"session": session, "outcome": outcome, **values})

    def refund_in_dashboard(self, account, payment, amount=None):
        """Refund as the merchant does by hand.

        :param payment: Stripe's intent or charge; PayPal's capture or order; PGPay's payment
        :param amount: minor units; at PayPal a decimal number; None for all
        """
        name = "charge" if str(payment).startswith("ch_") else "payment_intent"
        values = {name if self._kind(account) == "stripe" else "payment": payment}
        if amount is not None:
            values["amount"] = amount
        return self._call("POST", self._path(account, "refunds"), values)

    def finish_refund(self, account, refund, outcome):
        """End a refund.

        :param outcome: succeeded or failed; at PayPal in capitals: COMPLETED, FAILED, CANCELLED
        """
        return self._end(account, "refunds", refund, outcome)

    def finish_capture(self, account, capture, outcome, amount=None):
        """End a pending capture at PayPal, or take a completed one back from the seller.

        :param outcome: COMPLETED, DENIED or DECLINED (two names of one thing), or REVERSED
        :param amount: how much is taken back, a decimal number; None for what is left
        """
        values = {} if amount is None else {"amount": amount}
        return self._end(account, "captures", capture, outcome, **values)

    def finish_payment(self, account, payment, outcome, code=None):
        """End a payment at PGPay that the payer approved, or take one back.

        :param outcome: succeeded or failed (of one that is processing), expired, reversed
        :param code: why it failed
        """
        return self._end(account, "payments", payment, outcome, code=code)

    def rotate_webhook_secret(self, account, finish=False):
        """Begin or finish a change of PGPay's webhook secret; return the account.

        In between, deliveries carry two signatures.
        """
        values = {"finish": finish}
        return self._call("POST", self._path(account, "webhook_secret"), values)

    def reverse_approval(self, account, order):
        """Give an approval that was not captured back at once, instead of after 3 hours."""
        return self._end(account, "orders", order, "REVERSED")

    def dispute(self, account, payment, reason=None):
        """Open a dispute as the payer or the bank does; return it.

        :param payment: Stripe's payment intent or charge; PayPal's capture or order; PGPay's
            payment, which is reversed (PGPay has no disputes)
        """
        values = {"payment": payment, "reason": reason}
        return self._call("POST", self._path(account, "disputes"), values)

    def finish_dispute(self, account, dispute, outcome):
        """End a dispute as ``won`` or ``lost`` for the merchant."""
        return self._end(account, "disputes", dispute, outcome)

    def _end(self, account, shelf, key, outcome, **values):
        path = self._path(account, f"{shelf}/{urllib.parse.quote(key)}")
        return self._call("POST", path, {"outcome": outcome, **values})

    def _kind(self, account):
        return (account if isinstance(account, dict) else self.account(account))["kind"]

    # === WEBHOOKS === #

    def webhooks(self, account, **switches):
        """Set hold, duplicate, reorder, delay (seconds), drop (how many events get lost)."""
        return self._call("POST", self._path(account, "webhooks"), switches)

    def hold_webhooks(self, account):
        """Keep events back until they are released."""
        return self.webhooks(account, hold=True)

    def release_webhooks(self, account):
        """Send what was held and stop holding; return how many events."""
        return self._call("POST", self._path(account, "webhooks/release"))["released"]

    def send_event(self, account, event, times=1):
        """Deliver an event again, ``times`` times at once."""
        return self._call("POST", self._path(account, f"events/{event}/send"), {"times": times})

    def signed_event(self, account, event, age=0):
        """Return an event as it is sent, signed anew, for those who deliver it themselves.

        :param age: seconds ago at which it seems to be signed
        :return: {"endpoint", "url", "headers", "body"}, once for each endpoint that listens
        """
        return self._items(account, f"events/{event}/signed", age=int(age))

    def wait_delivered(self, account, kind, count=1, timeout=10):
        """Wait until events of a type were taken (2xx) ``count`` times; return those attempts.

        :raise SandboxError: when that does not happen in ``timeout`` seconds
        """
        end = time.monotonic() + timeout
        while True:
            rows = [
                d
                for d in self.deliveries(account)
                if d["type"] == kind and d["status"] and 200 <= d["status"] < 300
            ]
            if len(rows) >= count:
                return rows
            if time.monotonic() > end:
                raise SandboxError(f"{kind}: {len(rows)} of {count} deliveries in {timeout} s")
            time.sleep(0.05)

    # === TRANSPORT === #

    @staticmethod
    def _path(account, rest=""):
        reference = account["id"] if isinstance(account, dict) else account
        return f"/accounts/{reference}" + (f"/{rest}" if rest else "")

    def _items(self, account, rest, **query):
        text = "?" + urllib.parse.urlencode(query) if query else ""
        return self._call("GET", self._path(account, rest) + text)["items"]

    def _call(self, verb, path, values=None):
        request = urllib.request.Request(
            f"{self.base_url}/_control{path}",
            method=verb,
            data=None if values is None else json.dumps(values, default=str).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            raise SandboxError(f"{error.code}: {text[:300]}") from None
