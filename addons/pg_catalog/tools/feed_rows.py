"""Operators and SKUs of a feed → the columns of our rows."""

from decimal import Decimal

from ..const import KINDS, MAX_RECEIVE_VALUE, MAX_SEND_VALUE, REDEMPTIONS
from .bulk import BulkTable
from .feed import BadItem, need_country, need_currency, need_name, translations
from .patterns import UnsafePattern, compile_pattern

KIND_KEYS = {key for key, _label in KINDS}
REDEMPTION_KEYS = {key for key, _label in REDEMPTIONS}

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
    defaults={"sequence": 10},
)

SKUS = BulkTable(
    "pg_sku",
    {
        "name": "jsonb",
        "description": "jsonb",
        "read_more": "jsonb",
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
        "region_id": "int4",
        "payment_types": "varchar",
        "uat_number": "varchar",
        "additional_information": "text",
        "setting_definitions": "jsonb",
        "bill_required": "bool",
        # Always empty in a fed row: a good item takes away what was said about a bad one.
        "feed_problem": "varchar",
    },
    translated={"name", "description", "read_more"},
)

# What a logo's address may begin with; whether it may be asked is decided in tools/logos.py.
WEB = ("https://", "http://")


def operator_row(item, lookups):
    """Return the columns of an operator.

    :raise BadItem: no name, an unknown country, a pattern that is broken or unsafe.
    """
    country = need_country(item.country_code, lookups)
    try:
        if item.pattern:
            compile_pattern(item.pattern)
    except UnsafePattern as error:
        raise BadItem(str(error)) from None
    return {
        "name": need_name(item.name),
        "short_name": item.short_name or None,
        "company_id": lookups.company_id,
        "country_id": country,
        "pattern": item.pattern or None,
        "logo_url": item.logo_url if item.logo_url.startswith(WEB) else None,
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
        "region_id": lookups.regions.get(item.region_code),
        "payment_types": ",".join(item.payment_types) or None,
        "uat_number": item.uat_number or None,
        "additional_information": item.additional_information or None,
        "setting_definitions": [list(setting) for setting in item.settings] or None,
        "bill_required": item.bill_required,
        "feed_problem": None,
    }


def _sku_texts(item, lookups):
    texts = lookups.texts.get(item.text_key) or {}
    names = translations(texts, lambda text: text.name)
    names.setdefault("en_US", item.name)
    return {
        "name": {lang: need_name(name) for lang, name in names.items()},
        "description": translations(texts, lambda text: text.description),
        "read_more": translations(texts, lambda text: text.read_more),
    }


def _sku_prices(item, lookups):
    return {
        "is_range": item.send_min != item.send_max,
        "send_min": item.send_min,
        "send_max": item.send_max,
        "send_currency_id": need_currency(item.send_currency, lookups),
        "receive_min": item.receive_min,
        "receive_max": item.receive_max,
        "receive_net_min": item.receive_min
        if item.receive_net_min is None
        else item.receive_net_min,
        "receive_net_max": item.receive_max
        if item.receive_net_max is None
        else item.receive_net_max,
        "receive_currency_id": need_currency(item.receive_currency, lookups),
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
