"""Amounts in PayPal's shape, its currencies and its fees. All arithmetic is in Decimal."""

import re
from decimal import ROUND_HALF_UP, Decimal

from sandbox.paypal.errors import PayPalError, malformed

CURRENCIES = {
    *("AUD", "BRL", "CAD", "CZK", "DKK", "EUR", "HKD", "HUF", "ILS", "JPY", "MYR", "MXN"),
    *("TWD", "NZD", "NOK", "PHP", "PLN", "GBP", "RUB", "SGD", "SEK", "CHF", "THB", "USD"),
}
WHOLE_UNITS = {"HUF", "JPY", "TWD"}
# units of a currency for one US dollar, for accounts that settle in another currency
PER_USD = {
    **{"USD": "1", "AUD": "1.52", "NZD": "1.68", "EUR": "0.92", "GBP": "0.79", "SGD": "1.34"},
    **{"JPY": "151.3", "HUF": "361", "TWD": "32.4", "PHP": "57.2"},
}
VALUE = re.compile(r"((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))")


def decimals(currency):
    """Return how many decimals a currency has at PayPal."""
    return 0 if currency in WHOLE_UNITS else 2


def money(amount, currency):
    """Write an amount as PayPal does: ``{"currency_code": "USD", "value": "5.00"}``."""
    exact = amount.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)
    return {"currency_code": currency, "value": format(exact, "f")}


def read(data, field, whole_issue="DECIMAL_PRECISION"):
    """Read an amount that a caller sent.

    :param whole_issue: what PayPal says of decimals in a currency that has none
    :return: (Decimal, currency)
    :raise PayPalError: when it is not an amount, not a currency of PayPal, or does not fit
    """
    if not isinstance(data, dict):
        raise malformed("MISSING_REQUIRED_PARAMETER", field)
    for name in ("currency_code", "value"):
        if data.get(name) is None:
            raise malformed("MISSING_REQUIRED_PARAMETER", f"{field}/{name}")
        if not isinstance(data[name], str):
            raise malformed("INVALID_PARAMETER_SYNTAX", f"{field}/{name}", data[name])
    currency, value = data["currency_code"], data["value"]
    if len(value) > 32 or not VALUE.fullmatch(value):
        raise malformed("INVALID_PARAMETER_SYNTAX", f"{field}/value", value)
    if len(currency) != 3:
        raise malformed("INVALID_STRING_LENGTH", f"{field}/currency_code", currency)
    if currency not in CURRENCIES:
        field = f"{field}/currency_code"
        raise PayPalError("INVALID_CURRENCY_CODE", field=field, value=currency)
    amount = Decimal(value)
    places = max(0, -amount.as_tuple().exponent)
    if places > decimals(currency):
        issue = whole_issue if currency in WHOLE_UNITS else "DECIMAL_PRECISION"
        raise PayPalError(issue, field=f"{field}/value", value=value)
    if amount <= 0:
        raise PayPalError("CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value", value=value)
    return amount, currency


def of(data):
    """Return the Decimal of an amount that the sandbox wrote itself."""
    return Decimal(data["value"])


def rate(source, target):
    """Return how much of ``target`` one unit of ``source`` is."""
    ratio = Decimal(PER_USD.get(target, "1")) / Decimal(PER_USD.get(source, "1"))
    return ratio.quantize(Decimal("0.000001"))


def breakdown(account, amount, currency):
    """Return the ``seller_receivable_breakdown`` of a completed capture."""
    percent = Decimal(str(account.settings["fee_percent"])) / 100
    fee = amount * percent + Decimal(str(account.settings["fee_fixed"]))
    fee = of(money(min(fee, amount), currency))
    parts = {
        "gross_amount": money(amount, currency),
        "paypal_fee": money(fee, currency),
        "net_amount": money(amount - fee, currency),
    }
    settlement = account.currency or currency
    if settlement != currency:
        factor = rate(currency, settlement)
        parts["paypal_fee_in_receivable_currency"] = money(fee * factor, settlement)
        parts["receivable_amount"] = money((amount - fee) * factor, settlement)
        parts["exchange_rate"] = {
            "source_currency": currency,
            "target_currency": settlement,
            "value": format(factor, "f"),
        }
    return parts


def text(data):
    """Write an amount for people: ``USD 12.50``."""
    amount = Decimal(data["value"])
    return f"{data['currency_code']} {amount:,.{decimals(data['currency_code'])}f}"
