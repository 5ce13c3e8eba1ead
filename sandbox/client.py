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

    # === ACCOUNTS === #

    def health(self):
        """Return {"status": "ok", "accounts": n}."""
        return self._call("GET", "/health")

    def create_account(self, kind, **values):
        """Create an account.

        :param kind: ``dingconnect`` or ``stripe``
        :param values: name, currency, balance, api_key or secret_key, settings
        :return: dict with id and api_key or secret_key
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

    def pay(self, session, outcome="pay", card=None):
        """Click on the hosted page.

        :param session: session id
        :param outcome: pay, decline, cancel, close or expire
        :return: {"url": where the browser is sent or None, "status", "message"}
        """
        values = {"session": session, "outcome": outcome, "card": card}
        return self._call("POST", "/pay", values)

    def refund_in_dashboard(self, account, payment_intent, amount=None):
        """Refund as the merchant does by hand; ``amount`` in minor units, None for all."""
        values = {"payment_intent": payment_intent}
        if amount is not None:
            values["amount"] = amount
        return self._call("POST", self._path(account, "refunds"), values)

    def finish_refund(self, account, refund, outcome):
        """End a refund as ``succeeded`` or ``failed``."""
        return self._call("POST", self._path(account, f"refunds/{refund}"), {"outcome": outcome})

    # === WEBHOOKS === #

    def webhooks(self, account, **switches):
        """Set hold, duplicate, reorder, delay."""
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
