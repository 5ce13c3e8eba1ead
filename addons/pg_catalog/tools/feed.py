"""What a supplier feeds → rows to write; one bad item is named and left out, the rest goes on."""

from dataclasses import dataclass, field
from decimal import Decimal

from ..const import KINDS, MAX_RECEIVE_VALUE, MAX_SEND_VALUE, REDEMPTIONS
from ..ports import CatalogueFault
from .bulk import BulkTable
from .patterns import UnsafePattern, compile_pattern

KIND_KEYS = {key for key, _label in KINDS}
REDEMPTION_KEYS = {key for key, _label in REDEMPTIONS}
MAX_CODE_LENGTH = 64
MAX_NAME_LENGTH = 500

OPERATORS = BulkTable(
    "pg_mobile_operator",
    {
        "name": "varchar",
        "short_name": "varchar",
        "company_id": "int4",
        "country_id": "int4",
        "pattern": "varchar",
        "logo_url": "varchar",
        "care_number": "varchar",
        "region_codes": "varchar",
        "payment_types": "varchar",
    },
)

SKUS = BulkTable(
    "pg_sku",
    {
        "name": "jsonb",
        "description": "jsonb",
        "company_id": "int4",
        "operator_id": "int4",
        "country_id": "int4",
        "kind": "varchar",
        "is_range": "bool",
        "send_min": "numeric(18,4)",
        "send_max": "numeric(18,4)",
        "send_currency_id": "int4",
        "receive_min": "numeric(18,4)",
        "receive_max": "numeric(18,4)",
        "receive_net_min": "numeric(18,4)",
        "receive_net_max": "numeric(18,4)",
        "receive_currency_id": "int4",
        "distributor_fee": "numeric(18,4)",
        "customer_fee": "numeric(18,4)",
        "commission_rate": "numeric(18,6)",
        "tax_rate": "numeric(18,6)",
        "tax_name": "varchar",
        "is_instant": "bool",
        "redemption": "varchar",
        "benefits": "varchar",
        "validity_iso": "varchar",
        "region_code": "varchar",
        "payment_types": "varchar",
        "uat_number": "varchar",
        "additional_information": "text",
        "setting_definitions": "jsonb",
        "bill_required": "bool",
    },
    translated={"name", "description"},
)


class BadItem(ValueError):
    """The item cannot be taken; says why."""


@dataclass
class Feed:
    """All that was fetched from a supplier before anything is written."""

    operators: list = field(default_factory=list)
    skus: list = field(default_factory=list)
    texts: list = field(default_factory=list)


@dataclass
class Lookups:
    """What names in a feed stand for in this database.

    :param dict currencies: ISO code → id. :param dict countries: ISO code → id.
    :param dict operators: operator code → (id, country id).
    :param dict texts: text key → {lang: (name, description)}.
    """

    company_id: int | None
    currencies: dict
    countries: dict
    operators: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)


def read_items(items, to_row, lookups):
    """Turn a stream into rows.

    :param to_row: :func:`operator_row` or :func:`sku_row`.
    :return: (rows, seen codes, skipped as a list of (code, reason)). A code that is seen but
        skipped keeps the row it had.
    """
    rows, seen, skipped = [], set(), []
    for item in items:
        try:
            _check_code(item, seen)
            rows.append({"code": item.code, **to_row(item, lookups)})
        except BadItem as error:
            skipped.append((item.code, str(error)))
        if item.code:
            seen.add(item.code)
    return rows, seen, skipped


def _check_code(item, seen):
    if isinstance(item, CatalogueFault):
        raise BadItem(item.reason)
    if not item.code or len(item.code) > MAX_CODE_LENGTH:
        raise BadItem("The code is missing or too long")
    if item.code in seen:
        raise BadItem("The code comes twice")


def operator_row(item, lookups):
    """Return the columns of an operator.

    :raise BadItem: no name, an unknown country, a pattern that is broken or unsafe.
    """
    country = lookups.countries.get(item.country_code)
    # XG stands for everywhere in some feeds.
    if not country and item.country_code not in ("", "XG"):
        raise BadItem(f"Unknown country {item.country_code}")
    try:
        if item.pattern:
            compile_pattern(item.pattern)
    except UnsafePattern as error:
        raise BadItem(str(error)) from None
    return {
        "name": _name(item.name),
        "short_name": item.short_name or None,
        "company_id": lookups.company_id,
        "country_id": country or None,
        "pattern": item.pattern or None,
        "logo_url": item.logo_url if item.logo_url.startswith("https://") else None,
        "care_number": item.care_number or None,
        "region_codes": ",".join(item.region_codes) or None,
        "payment_types": ",".join(item.payment_types) or None,
    }


def sku_row(item, lookups):
    """Return the columns of a SKU.

    :raise BadItem: an unknown operator or currency, or prices that make no sense.
    """
    operator_id, country_id = lookups.operators.get(item.operator_code) or (None, None)
    if not operator_id:
        raise BadItem(f"Unknown operator {item.operator_code}")
    _check_prices(item)
    return {
        **_sku_texts(item, lookups),
        **_sku_prices(item, lookups),
        "company_id": lookups.company_id,
        "operator_id": operator_id,
        "country_id": country_id,
        "kind": item.kind if item.kind in KIND_KEYS else "other",
        "is_instant": item.is_instant,
        "redemption": item.redemption if item.redemption in REDEMPTION_KEYS else "information",
        "benefits": ",".join(item.benefits) or None,
        "validity_iso": item.validity_iso or None,
        "region_code": item.region_code or None,
        "payment_types": ",".join(item.payment_types) or None,
        "uat_number": item.uat_number or None,
        "additional_information": item.additional_information or None,
        "setting_definitions": [list(setting) for setting in item.settings] or None,
        "bill_required": item.bill_required,
    }


def _sku_texts(item, lookups):
    texts = lookups.texts.get(item.text_key) or {}
    names = {lang: name for lang, (name, _description) in texts.items() if name}
    descriptions = {lang: description for lang, (_name, description) in texts.items()}
    descriptions = {lang: text for lang, text in descriptions.items() if text}
    names.setdefault("en_US", item.name)
    if descriptions:
        # A translated column must hold a source text.
        descriptions.setdefault("en_US", next(iter(descriptions.values())))
    return {
        "name": {lang: _name(name) for lang, name in names.items()},
        "description": descriptions or {},
    }


def _sku_prices(item, lookups):
    return {
        "is_range": item.send_min != item.send_max,
        "send_min": item.send_min,
        "send_max": item.send_max,
        "send_currency_id": _currency(item.send_currency, lookups),
        "receive_min": item.receive_min,
        "receive_max": item.receive_max,
        "receive_net_min": item.receive_min
        if item.receive_net_min is None
        else item.receive_net_min,
        "receive_net_max": item.receive_max
        if item.receive_net_max is None
        else item.receive_net_max,
        "receive_currency_id": _currency(item.receive_currency, lookups),
        "distributor_fee": item.distributor_fee,
        "customer_fee": item.customer_fee,
        "commission_rate": item.commission_rate,
        "tax_rate": item.tax_rate,
        "tax_name": item.tax_name or None,
    }


def _check_prices(item):
    send = (item.send_min, item.send_max)
    receive = (item.receive_min, item.receive_max)
    others = (item.distributor_fee, item.customer_fee, item.tax_rate, item.commission_rate)
    if not all(value.is_finite() for value in (*send, *receive, *others)):
        raise BadItem("A price is not a number")
    if not Decimal(0) < send[0] <= send[1] <= MAX_SEND_VALUE:
        raise BadItem(f"Absurd price {send[0]} - {send[1]} {item.send_currency}")
    if not Decimal(0) <= receive[0] <= receive[1] <= MAX_RECEIVE_VALUE:
        raise BadItem(f"Absurd value {receive[0]} - {receive[1]} {item.receive_currency}")
    if any(abs(value) > MAX_SEND_VALUE for value in others) or item.distributor_fee < 0:
        raise BadItem("Absurd fee, tax or commission")


def _currency(code, lookups):
    if code not in lookups.currencies:
        raise BadItem(f"Unknown currency {code or '(none)'}")
    return lookups.currencies[code]


def _name(name):
    name = " ".join((name or "").split())
    if not name:
        raise BadItem("The name is missing")
    return name[:MAX_NAME_LENGTH]


def fetch(port, countries, languages):
    """Read a supplier's whole catalogue; only the outside is touched.

    :param languages: ISO 639 codes of the texts.
    :rtype: Feed
    :raise OutsideError: when any part of it does not arrive: half a catalogue is none.
    """
    return Feed(
        operators=list(port.iter_operators(countries)),
        skus=list(port.iter_skus(countries)),
        texts=list(port.iter_descriptions(languages)),
    )


@dataclass(frozen=True)
class Counts:
    """What a sync did to one kind of row."""

    new: int = 0
    changed: int = 0
    back: int = 0
    gone: int = 0
    unchanged: int = 0
    skipped: int = 0

    def __str__(self):
        words = ("new", "changed", "back", "gone", "unchanged", "skipped")
        return ", ".join(f"{getattr(self, word)} {word}" for word in words)


@dataclass(frozen=True)
class SyncResult:
    """What a sync did. ``skipped``: (code, reason) of each item that was left out."""

    operators: Counts
    skus: Counts
    seconds: float
    skipped: tuple = ()
    sku_ids: tuple = ()

    def __str__(self):
        return f"SKUs: {self.skus} · operators: {self.operators} · {self.seconds:.1f} s"


def write_rows(env, table, supplier_id, rows, seen, skipped):
    """Write one kind of row.

    :return: (Counts, ids of the rows that are new, changed or back).
    """
    before = table.read_codes(env.cr, supplier_id)
    known = [row for row in rows if row["code"] in before]
    new = table.insert(env, supplier_id, [row for row in rows if row["code"] not in before])
    written = table.update(env, supplier_id, known)
    gone = table.archive_missing(env, supplier_id, seen)
    archived = {id_ for id_, active in before.values() if not active}
    back = len(archived.intersection(written))
    counts = Counts(
        new=len(new),
        changed=len(written) - back,
        back=back,
        gone=len(gone),
        unchanged=len(known) - len(written),
        skipped=len(skipped),
    )
    return counts, new + written
