"""The catalogue at its real size: 17,600 SKUs, 4,051 operators, 220 countries.

Everything is made by counting, never by chance, so each start serves the same. The small
catalogue is part of it. Sizes and shapes of codes are those of a real account; the brands beyond
the well-known ones, the prices and the texts are invented in the right form.
"""

import json
import zlib
from collections import Counter, defaultdict
from decimal import Decimal
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path

from sandbox.dingconnect.catalogue import CENT, Catalogue, Product, Provider, round_money

OPERATORS = 4051
NETWORKS = 602
NETWORK_COUNTRIES = 146
RANGES = 271
RANGES_BY_NAME = 180
FIXED_BY_NAME = 604
HEX_SHARE = 525  # per thousand of the brands
REGION_SHARE = 260  # per thousand of the codes that are numbers
SKUS = {
    "voucher": 12790,
    "airtime": 2525,
    "data": 855,
    "bundle": 682,
    "pin": 654,
    "dth": 56,
    "utility": 38,
}
MOBILE = ("airtime", "data", "bundle")
LARGEST = {"PK": 333, "MX": 242, "US": 170, "ES": 167}
PROMOTIONS = 120
BRANDS = ("Roblox", "Razer Gold", "App Store & iTunes", "PUBG Mobile", "Swype Global")
LADDER = tuple(map(Decimal, "0.79 1.15 2 2.86 3.5 5 7.5 10 12 15 20 25 30 40 50 75 100".split()))
SHARE = Decimal("0.92")  # of the exchange rate that arrives
PREFIX_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WORLD = Path(__file__).with_name("world.json")


def _pick(text, size):
    """Return a number below ``size`` that belongs to a text, the same each time."""
    return zlib.crc32(text.encode()) % size


@lru_cache(maxsize=1)
def full_catalogue():
    """Return the catalogue; made at the first call."""
    return _Builder(Catalogue.read()).build()


class _Builder:
    """Adds to the small catalogue what is missing to the real size."""

    def __init__(self, catalogue):
        self.catalogue = catalogue
        world = json.loads(WORLD.read_text(encoding="utf-8"))
        self.mobiles = {c["iso"]: c.pop("mobile") for c in world["countries"]}
        for country in world["countries"]:
            length = len(country["prefix"]) + len(self.mobiles[country["iso"]])
            country.update(min=length, max=length)
        catalogue.raw["countries"] += world["countries"]
        for name in ("per_usd", "currencies"):
            catalogue.raw[name] = {**world[name], **catalogue.raw[name]}
        self.added = world["countries"]
        self.have = Counter(p.kind for p in catalogue.products.values())
        self.named = {"range": 0, "fixed": 0}

    def build(self):
        """Return the filled catalogue."""
        networks = self._add_networks()
        brands = self._add_brands()
        self._add_mobile(networks)
        self._add_of_brands(brands)
        self._add_promotions(networks)
        return self.catalogue

    # === OPERATORS === #

    def _add_networks(self):
        """Add the mobile operators; return {country: its new ones}."""
        known = {p.provider.code for p in self.catalogue.products.values() if p.kind in MOBILE}
        wanted = NETWORK_COUNTRIES - len({self.catalogue.providers[c].country for c in known})
        others = [c for c in self.added if c["iso"] not in LARGEST]
        step = len(others) / (wanted - len(LARGEST))
        spread = [others[int(i * step)] for i in range(wanted - len(LARGEST))]
        chosen = [c for c in self.added if c["iso"] in LARGEST] + spread
        networks = defaultdict(list)
        for country in islice(cycle(chosen), NETWORKS - len(known)):
            networks[country["iso"]].append(None)
        for country in chosen:
            count = len(networks[country["iso"]])
            networks[country["iso"]] = [self._network(country, i, count) for i in range(count)]
        return networks

    def _network(self, country, index, count):
        iso, mobile = country["iso"], self.mobiles[country["iso"]]
        lead = country["prefix"] + mobile[0]
        digits = [d for d in range(10) if d % count == index]
        uat = f"{country['prefix']}{mobile[:-1]}0"
        regex = f"^{country['prefix']}([0-9]{{{len(mobile)}}})$"
        if index % 3 == 2:
            ranges = "".join(map(str, digits))
            regex = f"^{lead}[{ranges}][0-9]{{{len(mobile) - 2}}}$"
            uat = f"{lead}{digits[0]}{'0' * (len(mobile) - 2)}"
        return self._provider(
            self._short_code(iso, index),
            iso,
            f"Network {index + 1} {country['name']}",
            f"Network {index + 1}",
            regex,
            uat,
            tuple(f"{lead}{d}" for d in digits),
        )

    def _add_brands(self):
        """Add gift cards, billers and the like; return them in order."""
        missing = OPERATORS - len(self.catalogue.providers)
        brands = []
        for index, country in enumerate(islice(cycle(self.catalogue.raw["countries"]), missing)):
            serial = index // len(self.catalogue.raw["countries"])
            name = BRANDS[serial] if serial < len(BRANDS) else f"Brand {serial + 1}"
            iso, text = country["iso"], f"{name}{country['iso']}"
            if _pick(text, 1000) < HEX_SHARE:
                code = f"{zlib.crc32(text.encode()) & 0xFFFFFF:06X}{iso}"
            else:
                code = self._short_code(iso, 100 + serial)
            full_name = f"{name} {country['name']}"
            uat = country["prefix"] + "0" * max(country["min"] - len(country["prefix"]), 7)
            brands.append(self._provider(code, iso, full_name, name, "^[0-9]{7,15}$", uat))
        return brands

    def _short_code(self, iso, serial):
        """Return two signs and the country, not taken yet."""
        size = len(PREFIX_SIGNS)
        for number in range(serial * 37, serial * 37 + size * size):
            code = PREFIX_SIGNS[number // size % size] + PREFIX_SIGNS[number % size] + iso
            if code not in self.catalogue.providers:
                return code
        raise ValueError(f"no code is left in {iso}")

    def _provider(self, *values):
        provider = Provider(*values)
        self.catalogue.providers[provider.code] = provider
        return provider

    # === SKUS === #

    def _add_mobile(self, networks):
        """Add airtime, data and bundles: a range for each of the first networks, then the rest."""
        kinds = Counter({kind: SKUS[kind] - self.have[kind] for kind in MOBILE})
        ranges = RANGES - sum(
            not p.is_fixed for p in self.catalogue.products.values() if p.kind == "airtime"
        )
        in_turn = [n for row in _rows(networks.values()) for n in row]
        for network in in_turn[:ranges]:
            self._mobile(network, "airtime", 0, True)
        kinds["airtime"] -= ranges
        done = Counter(network.country for network in in_turn[:ranges])
        places = self._places(networks, done, kinds.total())
        for serial, (network, kind) in enumerate(zip(places, _mixed(kinds), strict=True), 1):
            self._mobile(network, kind, serial, False)

    def _places(self, networks, done, total):
        """Return the network of each further SKU: the largest countries first, the rest evenly."""
        places = []
        for iso, size in LARGEST.items():
            places += islice(cycle(networks[iso]), size - done[iso])
        others = [row for iso, row in networks.items() if iso not in LARGEST]
        in_turn = [n for row in _rows(others) for n in row]
        return places + list(islice(cycle(in_turn), total - len(places)))

    def _mobile(self, network, kind, serial, is_range):
        country = self.catalogue.country(network.country)
        rate = Decimal(self.catalogue.raw["per_usd"][country["currency"]]) * SHARE
        low = LADDER[_pick(f"{network.code}{serial}", len(LADDER) - 3)]
        send = (low, low * 40) if is_range else (low, low)
        send = tuple(amount.quantize(CENT) for amount in send)
        receive = tuple(round_money(amount * rate, country["currency"]) for amount in send)
        amounts = receive if is_range else receive[:1]
        text = f"{country['currency']} {' - '.join(map(str, amounts))}"
        days = (1, 7, 28, 30)[serial % 4] if kind != "airtime" else 0
        if days:
            text = f"{1 + serial % 20} GB {days} days"
        sku = self._mobile_sku(network, kind, serial, is_range, receive[0])
        about = {"airtime": "Airtime credit.", "data": f"**{text}**", "bundle": f"Calls and {text}"}
        self._product(
            sku, network, kind, send, receive, country["currency"], text, about[kind], days
        )

    def _mobile_sku(self, network, kind, serial, is_range, amount):
        """Name an airtime SKU in words as long as the real account has such names."""
        name = f"{network.country}_{network.code[:-2]}_TopUp"
        if is_range and self.named["range"] < RANGES_BY_NAME:
            self.named["range"] += 1
            return name
        name = f"{name}_{amount}"
        taken = is_range or kind != "airtime" or name in self.catalogue.products
        if not taken and self.named["fixed"] < FIXED_BY_NAME:
            self.named["fixed"] += 1
            return name
        return self._numbered_sku(network, serial, is_range)

    def _numbered_sku(self, provider, serial, with_region=False):
        region = _pick(f"{provider.code}/{serial}", 1000) < REGION_SHARE or with_region
        stem = provider.code + (provider.country if region else "")
        number = 10000 + (serial * 7919 + _pick(provider.code, 80000)) % 89999
        while f"{stem}{number}" in self.catalogue.products:
            number += 1
        return f"{stem}{number}"

    def _add_of_brands(self, brands):
        """Add vouchers to every brand, PINs, television and power to some."""
        few = {"pin": brands[5::9], "dth": brands[7::120], "utility": brands[11::150]}
        for kind in ("voucher", "pin", "dth", "utility"):
            missing = SKUS[kind] - self.have[kind]
            rows = islice(cycle(few.get(kind, brands)), missing)
            for serial, brand in enumerate(rows, 1):
                face = LADDER[(serial // len(brands) + _pick(brand.code, 12)) % len(LADDER)]
                face = face.quantize(CENT)
                send = (face * Decimal("1.06")).quantize(CENT)
                text = f"{brand.short} {face} USD"
                about = f"{brand.short}, worth {face} USD."
                sku = self._numbered_sku(brand, serial)
                self._product(sku, brand, kind, (send, send), (face, face), "USD", text, about, 0)

    def _product(self, sku, provider, kind, send, receive, currency, text, about, days):
        self.catalogue.products[sku] = Product(
            sku=sku,
            provider=provider,
            kind=kind,
            send=send,
            receive=receive,
            currency=currency,
            text=text,
            commission=Decimal(_pick(provider.code, 9) + 2) / 100,
            validity=f"P{days}D" if days else "",
            about=about,
            more="How to use it: follow the steps in the message." if days else "",
            settings=(("MeterId", "Number of the meter", True),) if kind == "utility" else (),
        )

    # === PROMOTIONS === #

    def _add_promotions(self, networks):
        chosen = [row[0] for row in networks.values()][:PROMOTIONS]
        self.catalogue.raw["promotions"] += [
            {
                "provider": network.code,
                "country": network.country,
                "start": "2026-01-01T00:00:00Z",
                "end": "9999-12-31T23:59:59.9999999Z",
                "minimum": "5.00",
                "validity": "P7D",
                "key": f"PROMO_{network.code}_1",
                "headline": f"{network.short}: twice the credit",
                "terms": "The bonus is valid for 7 days.",
                "bonus": ["x", "2", 7],
            }
            for network in chosen
        ]


def _rows(lists):
    """Yield the first of each list, then the second of each, and so on."""
    lists = [row for row in lists if row]
    for index in range(max(map(len, lists))):
        yield [row[index] for row in lists if index < len(row)]


def _mixed(counts):
    """Yield each key as often as it counts, spread evenly."""
    places = [
        ((index + 0.5) / count, key) for key, count in counts.items() for index in range(count)
    ]
    for _place, key in sorted(places):
        yield key
