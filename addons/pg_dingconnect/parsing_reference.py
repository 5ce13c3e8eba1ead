"""DingConnect's countries, regions and promotions → our frozen data. Pure, like :mod:`.parsing`."""

from odoo.addons.pg_catalog import ports

from .parsing import Unreadable, items, moment, need_text, number, strings, text

# An end in this year stands for none: the largest date that .NET knows.
OPEN_END_YEAR = 9999


def country(data):
    """Return a CatalogueCountry; the list of dialling prefixes may be empty."""
    return ports.CatalogueCountry(
        code=need_text(data, "CountryIso"),
        name=need_text(data, "CountryName"),
        dialing=tuple(
            (
                need_text(item, "Prefix"),
                _whole(item, "MinimumLength"),
                _whole(item, "MaximumLength"),
            )
            for item in items(data, "InternationalDialingInformation")
        ),
        region_codes=strings(data, "RegionCodes"),
    )


def region(data):
    """Return a CatalogueRegion."""
    return ports.CatalogueRegion(
        code=need_text(data, "RegionCode"),
        name=need_text(data, "RegionName"),
        country_code=text(data, "CountryIso"),
    )


def promotion(data):
    """Return a CataloguePromotion.

    DingConnect gives it no identity of its own: operator, text and start make one.
    """
    operator, key = need_text(data, "ProviderCode"), need_text(data, "LocalizationKey")
    starts_at = moment(data, "StartUtc")
    return ports.CataloguePromotion(
        code=f"{operator}/{key}/{starts_at:%Y%m%d}" if starts_at else f"{operator}/{key}",
        operator_code=operator,
        text_key=key,
        starts_at=starts_at,
        ends_at=_end(data),
        currency=text(data, "CurrencyIso"),
        minimum_send=number(data, "MinimumSendAmount", 0) or None,
        validity_iso=text(data, "ValidityPeriodIso"),
    )


def promotion_text(data):
    """Return a PromotionText from a localized promotion description."""
    return ports.PromotionText(
        text_key=need_text(data, "LocalizationKey"),
        language=need_text(data, "LanguageCode"),
        headline=text(data, "Headline"),
        dates=text(data, "Dates"),
        terms=text(data, "TermsAndConditionsMarkDown"),
        bonus_validity=text(data, "BonusValidity"),
        kind=text(data, "PromotionType"),
        bonuses=tuple(
            ports.PromotionBonus(
                minimum=number(band, "Minimum", 0),
                maximum=number(band, "Maximum", 0),
                kind=text(bonus, "BonusType"),
                quantity=number(bonus, "Quantity"),
                days=_whole(bonus, "Validity"),
            )
            for band in items(data, "SendAmounts")
            for bonus in items(band, "Bonuses")
        ),
    )


def _end(data):
    """Return the end of a promotion, None when it is open."""
    if text(data, "EndUtc").startswith(str(OPEN_END_YEAR)):
        return None
    return moment(data, "EndUtc")


def _whole(data, name):
    """Return a count; 0 when it is absent.

    :raise Unreadable: no whole number, or an absurd one.
    """
    value = number(data, name, 0)
    if value != int(value) or not 0 <= value < 10**6:
        raise Unreadable(f"{name} is not a count")
    return int(value)
