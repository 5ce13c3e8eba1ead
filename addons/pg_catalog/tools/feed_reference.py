"""Countries, regions and promotions of a feed → the columns of our rows."""

from decimal import Decimal

from ..const import MAX_SEND_VALUE
from .bulk import BulkTable
from .feed import BadItem, need_country, need_name, translations
from .markdown import to_html, to_text

COUNTRIES = BulkTable(
    "pg_country",
    {
        "name": "varchar",
        "company_id": "int4",
        "country_id": "int4",
        "dialing": "jsonb",
        "region_codes": "varchar",
    },
)

REGIONS = BulkTable("pg_region", {"name": "varchar", "company_id": "int4", "country_id": "int4"})

PROMOTIONS = BulkTable(
    "pg_promotion",
    {
        "name": "jsonb",
        "dates": "jsonb",
        "terms": "jsonb",
        "bonus_validity": "jsonb",
        "kind": "jsonb",
        "company_id": "int4",
        "operator_id": "int4",
        "country_id": "int4",
        "starts_at": "timestamp",
        "ends_at": "timestamp",
        "minimum_send": "numeric(18,4)",
        "currency_id": "int4",
        "validity_iso": "varchar",
        "bonuses": "jsonb",
    },
    translated={"name", "dates", "terms", "bonus_validity", "kind"},
)


def country_row(item, lookups):
    """Return the columns of a country.

    :raise BadItem: an unknown country.
    """
    return {
        "name": need_name(item.name),
        "company_id": lookups.company_id,
        "country_id": need_country(item.code, lookups),
        "dialing": [list(entry) for entry in item.dialing] or None,
        "region_codes": ",".join(item.region_codes) or None,
    }


def region_row(item, lookups):
    """Return the columns of a region.

    :raise BadItem: an unknown country.
    """
    return {
        "name": need_name(item.name),
        "company_id": lookups.company_id,
        "country_id": need_country(item.country_code, lookups),
    }


def promotion_row(item, lookups):
    """Return the columns of a promotion; its texts are made safe to show.

    :raise BadItem: no headline, an unknown operator, dates or an amount that make no sense.
    """
    operator_id, country_id = lookups.operators.get(item.operator_code) or (None, None)
    if not operator_id:
        raise BadItem(f"Unknown operator {item.operator_code}")
    if item.starts_at and item.ends_at and item.ends_at < item.starts_at:
        raise BadItem("It ends before it starts")
    minimum = item.minimum_send
    if minimum is not None and not 0 <= minimum <= MAX_SEND_VALUE:
        raise BadItem(f"Absurd least amount {minimum}")
    texts = lookups.promotion_texts.get(item.text_key) or {}
    return {
        **_promotion_texts(texts),
        "company_id": lookups.company_id,
        "operator_id": operator_id,
        "country_id": country_id,
        "starts_at": _stamp(item.starts_at),
        "ends_at": _stamp(item.ends_at),
        "minimum_send": minimum,
        "currency_id": lookups.currencies.get(item.currency),
        "validity_iso": item.validity_iso or None,
        "bonuses": _bonuses(texts),
    }


def _promotion_texts(texts):
    names = translations(texts, lambda text: to_text(text.headline))
    if not names:
        raise BadItem("The headline is missing")
    return {
        "name": {lang: need_name(name) for lang, name in names.items()},
        "dates": translations(texts, lambda text: to_text(text.dates)),
        "terms": translations(texts, lambda text: str(to_html(text.terms))),
        "bonus_validity": translations(texts, lambda text: to_text(text.bonus_validity)),
        "kind": translations(texts, lambda text: to_text(text.kind)),
    }


def _bonuses(texts):
    """Return the bonuses that come with the texts, the same in every language, as plain data."""
    text = texts.get("en_US") or next(iter(texts.values()))
    return [
        {
            "minimum": _plain(bonus.minimum),
            "maximum": _plain(bonus.maximum),
            "kind": bonus.kind[:20],
            "quantity": _plain(bonus.quantity),
            "days": bonus.days,
        }
        for bonus in text.bonuses
        if bonus.quantity.is_finite()
    ] or None


def _plain(value):
    """Return an amount as text without needless zeros."""
    return f"{Decimal(value).normalize():f}"


def _stamp(moment):
    return moment and moment.strftime("%Y-%m-%d %H:%M:%S")
