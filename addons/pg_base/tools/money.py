"""Exact money: Decimal and integer minor units, never float arithmetic."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

__all__ = ["ROUND_CEILING", "ROUND_HALF_UP", "D", "from_minor", "quantize", "to_minor"]


def D(value):
    """Return a number as Decimal; a float by its shortest decimal form (0.1 is 0.1)."""
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value or 0)


def quantize(value, decimals, rounding=ROUND_HALF_UP):
    """Round a number to a count of decimals.

    :param int decimals: of the currency, e.g. 2 for PGK, 0 for VUV.
    """
    return D(value).quantize(Decimal(1).scaleb(-decimals), rounding=rounding)


def to_minor(amount, decimals):
    """Return an amount in minor units (toea, cents).

    :raise ValueError: when the amount has more decimals than the currency.
    """
    scaled = D(amount).scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} does not fit a currency of {decimals} decimals")
    return int(scaled)


def from_minor(minor, decimals):
    """Return minor units as an amount."""
    return Decimal(minor).scaleb(-decimals)
