"""Amounts as PayPal writes them: text in major units."""

from odoo.addons.pg_base.tools import money

from .paypal_const import CURRENCIES, WHOLE_UNITS


def decimals(currency):
    """Return how many decimals PayPal takes in a currency (upper case ISO code)."""
    return 0 if currency in WHOLE_UNITS else 2


def to_paypal(amount, currency):
    """Return PayPal's form of an amount.

    :raise ValueError: when PayPal cannot express it exactly; it is never rounded.
    """
    if currency not in CURRENCIES:
        raise ValueError(f"PayPal cannot charge {currency}")
    places = decimals(currency)
    minor = money.to_minor(amount, places)
    if minor <= 0:
        raise ValueError(f"{amount} {currency} is not a positive amount")
    return {"currency_code": currency, "value": format(money.from_minor(minor, places), "f")}


def from_paypal(data):
    """Return (Decimal, currency) of PayPal's form, (None, '') when there is none."""
    if not data:
        return None, ""
    return money.D(str(data["value"])), data["currency_code"]
