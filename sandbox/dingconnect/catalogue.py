"""The catalogue: countries, providers and products, read once from ``catalogue.json``."""

import json
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

from sandbox import jsonx

CENT = Decimal("0.01")
WHOLE_UNITS = set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
# kind: (benefits, redemption mechanism)
KINDS = {
    "airtime": (("Mobile", "Minutes"), "Immediate"),
    "data": (("Mobile", "Data"), "Immediate"),
    "bundle": (("Mobile", "Minutes", "Data"), "Immediate"),
    "voucher": (("Digital Product",), "ReadReceipt"),
    "utility": (("Utility", "Electricity"), "ReadReceipt"),
    "pin": (("Mobile", "Minutes"), "ReadReceipt"),
    "dth": (("TV", "Utility"), "Immediate"),
}
PIN_ACCOUNT = "0000000000"


def round_money(amount, currency):
    """Round half up to the smallest unit that is paid out in a currency."""
    return amount.quantize(Decimal(1) if currency in WHOLE_UNITS else CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Provider:
    """An operator or brand."""

    code: str
    country: str
    name: str
    short: str
    regex: str
    uat: str
    lookup: tuple = ()
    care: str = ""

    @cached_property
    def pattern(self):
        """The compiled rule for account numbers (digits, no plus sign)."""
        return re.compile(self.regex)


@dataclass(frozen=True)
class Product:
    """Something that can be sent; ``send`` in US dollars, ``receive`` in the local currency."""

    sku: str
    provider: Provider
    kind: str
    send: tuple
    receive: tuple
    currency: str
    text: str
    commission: Decimal
    fee: Decimal = Decimal("0.00")
    mode: str = "Instant"
    validity: str = ""
    about: str = ""
    more: str = ""
    tax: tuple = ()
    settings: tuple = ()
    bills: bool = False

    @property
    def is_fixed(self):
        """A fixed product has one price only."""
        return self.send[0] == self.send[1]

    @property
    def is_pin(self):
        """A PIN product is bought for nobody: its account number is ten zeros."""
        return self.kind in ("voucher", "pin")

    @property
    def benefits(self):
        """What the product delivers."""
        return KINDS[self.kind][0]

    @property
    def redemption(self):
        """How the customer gets it."""
        return KINDS[self.kind][1]


@dataclass
class Catalogue:
    """Everything that can be asked about; the same for all accounts but for the currency.

    ``written`` keeps the JSON text of what is asked for whole.
    """

    raw: dict
    providers: dict = field(default_factory=dict)
    products: dict = field(default_factory=dict)
    written: dict = field(default_factory=dict)
    _countries: dict = field(default_factory=dict)

    @classmethod
    def read(cls, path=None):
        """Read the data file beside this module, or another one of the same form."""
        path = Path(path or Path(__file__).with_name("catalogue.json"))
        catalogue = cls(json.loads(path.read_text(encoding="utf-8")))
        for row in catalogue.raw["providers"]:
            values = {**row, "lookup": tuple(row["lookup"])}
            catalogue.providers[row["code"]] = Provider(**values)
        for row in catalogue.raw["products"]:
            catalogue.products[row["sku"]] = catalogue._product(row)
        return catalogue

    def _product(self, row):
        provider = self.providers[row["provider"]]
        country = self.country(provider.country)
        values = {
            "sku": row["sku"],
            "provider": provider,
            "kind": row["kind"],
            "send": tuple(map(Decimal, row["send"])),
            "receive": tuple(map(Decimal, row["receive"])),
            "currency": row.get("currency") or country["currency"],
            "text": row["text"],
            "commission": Decimal(row["commission"]),
            "fee": Decimal(row.get("fee", "0.00")),
            "tax": tuple(row.get("tax", ())),
            "settings": tuple(map(tuple, row.get("settings", ()))),
            "bills": row.get("bills", False),
        }
        texts = {k: row[k] for k in ("mode", "validity", "about", "more") if k in row}
        return Product(**values, **texts)

    def country(self, iso):
        """Return the raw country record, or None."""
        if len(self._countries) != len(self.raw["countries"]):
            self._countries = {c["iso"]: c for c in self.raw["countries"]}
        return self._countries.get(iso)

    def items(self, kind, account, things, wire):
        """Return (thing, JSON text of its wire form) of all things; written once per currency.

        :param wire: function (account, thing) → dict
        """
        key = kind, account.currency
        if key not in self.written:
            self.written[key] = [(t, jsonx.dumps(wire(account, t))) for t in things]
        return self.written[key]

    def rate(self, currency):
        """Return how many units of an account currency one US dollar costs."""
        return Decimal(self.raw["per_usd"].get(currency, "1"))
