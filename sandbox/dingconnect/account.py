"""A DingConnect distributor: balance, transfers and switches."""

import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from sandbox.accounts import Account, Refused
from sandbox.dingconnect.catalogue import Catalogue
from sandbox.dingconnect.full import full_catalogue

CATALOGUE = Catalogue.read()
OPEN_STATES = ("Submitted", "Processing", "Cancelling")
FIRST_REFERENCE = 863784492
# what a test agent may ask so often a day, all together
LIMITED = {"GetProviders", "GetAccountLookup", "GetProducts", "SendTransfer", "GetPromotions"}


def stamp(moment):
    """Write a Unix time as DingConnect does: ISO 8601, UTC, with Z."""
    return datetime.fromtimestamp(float(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class DingAccount(Account):
    """One distributor. Amounts are Decimal in the account currency."""

    kind = "dingconnect"
    credential_name = "api_key"
    credential_prefix = "ding_test_"
    DEFAULTS = {
        "prevent_duplicates": False,
        "completed_spelling": False,
        "extra_fields": False,
        "test_agent": False,
        "check_operator": False,
        "batch_seconds": 3.0,
        "batch_outcome": "Complete",
        "max_take": 100,
        "sends_per_number": 0,
        "sends_seconds": 360.0,
        "fx_drift": "1",
        "providers_down": {},
        "full_catalogue": False,
        "daily_limit": 100,
        "token_seconds": 3600,
    }
    _last_reference = FIRST_REFERENCE

    def __init__(self, store, head):
        super().__init__(store, head)
        self.currency = self.currency or "USD"
        self.balance = Decimal(head.get("balance", "1000.00"))
        self.transfers = []
        self.open = []
        self.by_reference = defaultdict(list)
        self.sends = defaultdict(list)
        self.asked = Counter()
        self.client_id = head.get("client_id") or f"client_{self.id}"
        self.client_secret = head.get("client_secret") or f"{self.credential}_secret"

    @property
    def catalogue(self):
        """What this account can sell: the small catalogue, or the one of real size."""
        return full_catalogue() if self.settings["full_catalogue"] else CATALOGUE

    def product(self, sku):
        """Return what was sold under a code, also before the catalogue was changed."""
        return self.catalogue.products.get(sku) or full_catalogue().products[sku]

    def check_call(self, name):
        from sandbox.dingconnect.routes import METHODS

        known = {known.lower() for known, _function in METHODS.values()}
        if name.lower() not in known | {"token"}:
            raise Refused(f"on: DingConnect has no method {name}.")

    def is_over_daily_limit(self, method):
        """Count a call of a test agent; say whether it is beyond the agent's limit of the day."""
        if not self.settings["test_agent"] or method not in LIMITED:
            return False
        today = time.strftime("%Y-%m-%d", time.gmtime())
        self.asked[today] += 1
        return self.asked[today] > self.settings["daily_limit"]

    @classmethod
    def new_head(cls, values):
        head = super().new_head(values)
        if head["currency"] and head["currency"] not in CATALOGUE.raw["per_usd"]:
            known = ", ".join(CATALOGUE.raw["per_usd"])
            raise Refused(f"A dingconnect account is in one of: {known}.")
        head["balance"] = str(cls.parse_balance(values.get("balance") or "1000.00"))
        return head

    @staticmethod
    def parse_balance(value):
        """Read an amount from a control request.

        :raise Refused: when it is no number
        """
        try:
            return Decimal(str(value)).quantize(Decimal("0.01"))
        except InvalidOperation:
            raise Refused("balance must be a number.") from None

    def head(self):
        return {
            **super().head(),
            "balance": str(self.balance),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def load(self):
        for transfer in self.store.all("transfer", self.id):
            self._remember(transfer)
            number = int(transfer["transfer_ref"])
            DingAccount._last_reference = max(DingAccount._last_reference, number)

    def _remember(self, transfer):
        self.transfers.append(transfer)
        self.by_reference[transfer["distributor_ref"]].append(transfer)
        if transfer["state"] in OPEN_STATES:
            self.open.append(transfer)

    @staticmethod
    def next_reference():
        """Return a fresh TransferRef: a growing decimal string."""
        DingAccount._last_reference += 1
        return str(DingAccount._last_reference)

    def add(self, transfer):
        """Store a new transfer and take its money."""
        self.balance -= transfer["cost"]
        self._remember(transfer)
        self.write(transfer)

    def write(self, transfer):
        """Write one transfer and the balance through to the store."""
        self.store.put("transfer", self.id, transfer["transfer_ref"], transfer)
        self.save()

    def finish(self, transfer, state, now=None):
        """End an open transfer; a failed or cancelled one gives its money back."""
        transfer["state"] = state
        transfer["completed_at"] = now or time.time()
        if state != "Complete":
            self.balance += transfer["cost"]
            transfer["cost"] = Decimal("0.00")
        if state == "Failed":
            transfer["errors"] = [["ProviderError", "ProviderUnknownError"]]
        self.open.remove(transfer)
        self.write(transfer)

    def settle(self):
        """End what is due. Called before every look at the account."""
        now = time.time()
        for transfer in [t for t in self.open if t["due_at"] <= now]:
            self.finish(transfer, self.settings["batch_outcome"], transfer["due_at"])

    def executed(self):
        """Return the transfers that moved value or still may: all but the refused ones."""
        self.settle()
        return [t for t in self.transfers if t["state"] not in ("Failed",)]

    def describe(self):
        self.settle()
        return {
            **super().describe(),
            "balance": self.balance,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "transfers": len(self.executed()),
        }
