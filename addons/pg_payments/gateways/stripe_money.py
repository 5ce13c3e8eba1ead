"""Amounts as Stripe writes them: integer minor units with its own exceptions."""

from odoo.addons.pg_base.tools import money

from .stripe_const import THREE_DECIMAL, WHOLE_TIMES_HUNDRED, ZERO_DECIMAL


def decimals(currency):
    """Return how many decimals Stripe gives a currency (upper case ISO code)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def real_decimals(currency):
    """Return the decimals that an amount may have, which is less than what Stripe writes."""
    return 0 if currency in WHOLE_TIMES_HUNDRED else min(decimals(currency), 2)


def to_stripe(amount, currency):
    """Return an amount in Stripe's minor units.

    :raise ValueError: when Stripe cannot express it exactly; it is never rounded.
    """
    minor = money.to_minor(amount, decimals(currency))
    if minor <= 0:
        raise ValueError(f"{amount} {currency} is not a positive amount")
    if currency in WHOLE_TIMES_HUNDRED and minor % 100:
        raise ValueError(f"{currency} is charged in whole units only")
    if currency in THREE_DECIMAL and minor % 10:
        raise ValueError(f"The third decimal of {currency} must be 0")
    return minor


def from_stripe(minor, currency):
    """Return Stripe's minor units as a Decimal, None for None."""
    if minor is None:
        return None
    return money.from_minor(minor, decimals(currency))
