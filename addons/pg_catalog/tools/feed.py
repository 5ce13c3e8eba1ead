"""Reading what a supplier feeds; one bad item is named and left out, the rest goes on."""

import logging
from dataclasses import dataclass, field

from odoo.addons.pg_base.outcomes import Rejected

from ..ports import CatalogueFault

_logger = logging.getLogger(__name__)

MAX_CODE_LENGTH = 100
MAX_NAME_LENGTH = 500
# How often a long part of a feed tells how far it is, in items.
REPORT_EVERY = 500
# What some feeds call a country that stands for all of them.
EVERYWHERE = ("", "XG")


class BadItem(ValueError):
    """The item cannot be taken; says why."""


@dataclass(frozen=True)
class Scope:
    """What to ask a supplier for.

    :param countries: ISO codes; none: all.
    :param languages: of the texts, ISO 639.
    :param known_operators: codes for which operators need not be read again.
    """

    countries: tuple = ()
    languages: tuple = ()
    products: bool = True
    reference: bool = True
    known_operators: frozenset = frozenset()


@dataclass
class Feed:
    """All that was fetched from a supplier before anything is written.

    A part that is None was not read this time: what we hold of it stays as it is.
    """

    operators: list | None = None
    skus: list | None = None
    texts: list = field(default_factory=list)
    countries: list | None = None
    regions: list | None = None
    promotions: list | None = None
    promotion_texts: list = field(default_factory=list)


@dataclass
class Lookups:
    """What names in a feed stand for in this database.

    :param dict currencies: ISO code → id. :param dict countries: ISO code → id.
    :param dict regions: region code → id.
    :param dict operators: operator code → (id, country id).
    :param dict texts: text key → {lang: CatalogueText}; the same for ``promotion_texts``.
    """

    company_id: int | None
    currencies: dict
    countries: dict
    regions: dict = field(default_factory=dict)
    operators: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    promotion_texts: dict = field(default_factory=dict)


# === FETCHING === #


def no_report(phase, done=0):
    """Tell nobody how far it is."""


def fetch(port, scope, report=no_report):
    """Read what a scope names from a supplier; only the outside is touched.

    Operators are read with the reference data, and whenever a SKU belongs to an unknown one.

    :param report: called with (phase, count of items so far).
    :rtype: Feed
    :raise OutsideError: when any part of it does not arrive: half a catalogue is none.
    """
    feed = Feed()

    def take(phase, items):
        return _collect(items, phase, report)

    if scope.products:
        feed.skus = take("products", port.iter_skus(scope.countries))
        feed.texts = take("texts", _in_languages(port.iter_descriptions, scope.languages))
    if scope.reference:
        feed.countries = take("countries", port.iter_countries())
        feed.regions = take("regions", port.iter_regions(scope.countries))
        feed.promotions = take("promotions", port.iter_promotions(scope.countries))
        if feed.promotions:
            feed.promotion_texts = take(
                "promotions", _in_languages(port.iter_promotion_texts, scope.languages)
            )
    if scope.reference or not _operators_of(feed.skus) <= scope.known_operators:
        feed.operators = take("operators", port.iter_operators(scope.countries))
    return feed


def _collect(items, phase, report):
    """Return a stream as a list, telling how far it is."""
    report(phase)
    found = []
    for item in items:
        found.append(item)
        if not len(found) % REPORT_EVERY:
            report(phase, len(found))
    report(phase, len(found))
    return found


def _in_languages(read, languages):
    """Yield texts in some languages; one that the supplier refuses does not take the others along.

    :param read: the port's method.
    """
    try:
        yield from read(languages)
        return
    except Rejected:
        if len(languages) < 2:
            raise
    for language in languages:
        try:
            yield from read([language])
        except Rejected as error:
            _logger.info("There are no texts in language %s: %s", language, error)


def _operators_of(skus):
    return {sku.operator_code for sku in skus or () if not isinstance(sku, CatalogueFault)}


# === READING === #


def by_language(texts, langs):
    """Return {text key: {lang: text}} of texts in languages that are installed.

    A text in a language serves all its installed variants, one in a variant only that.

    :param langs: codes of the installed languages, like ``pt_BR``.
    """
    targets = {}
    for lang in langs:
        exact = lang.split("@")[0].replace("_", "-").lower()
        targets.setdefault(exact, []).append((lang, True))
        targets.setdefault(exact.split("-")[0], []).append((lang, False))
    found, exact_ones = {}, set()
    for text in texts:
        for lang, is_exact in targets.get(text.language.replace("_", "-").lower(), ()):
            if not is_exact and (text.text_key, lang) in exact_ones:
                continue
            found.setdefault(text.text_key, {})[lang] = text
            if is_exact:
                exact_ones.add((text.text_key, lang))
    return found


def languages_of(langs):
    """Return the ISO 639 codes to ask a supplier for so that each installed language is served."""
    return tuple(sorted({lang.split("@")[0].split("_")[0] for lang in langs} | {"en"}))


def translations(texts, get):
    """Return a translated column's value: {lang: text}, with a source text when there is any.

    :param dict texts: {lang: text object}. :param get: text object → str.
    """
    values = {lang: get(text) for lang, text in texts.items()}
    values = {lang: value for lang, value in values.items() if value}
    if values:
        values.setdefault("en_US", next(iter(values.values())))
    return values


def read_items(items, to_row, lookups):
    """Turn a stream into rows.

    :param to_row: a function (item, lookups) → columns, which raises BadItem.
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


def need_currency(code, lookups):
    """Return a currency's id.

    :raise BadItem: when Odoo does not know it.
    """
    if code not in lookups.currencies:
        raise BadItem(f"Unknown currency {code or '(none)'}")
    return lookups.currencies[code]


def need_country(code, lookups):
    """Return a country's id, None for everywhere.

    :raise BadItem: when Odoo does not know it.
    """
    country_id = lookups.countries.get(code)
    if not country_id and code not in EVERYWHERE:
        raise BadItem(f"Unknown country {code}")
    return country_id


def need_name(name):
    """Return a name without needless blanks, cut to a usual length.

    :raise BadItem: when nothing is left.
    """
    name = " ".join((name or "").split())
    if not name:
        raise BadItem("The name is missing")
    return name[:MAX_NAME_LENGTH]
