"""Rounding of sell prices to what customers are used to: up only, so that no margin is lost."""

from decimal import ROUND_CEILING, Decimal

from odoo.addons.pg_base.tools.money import quantize

# mode: (step, offset): a price is a multiple of the step plus the offset, in units of the currency.
MODES = {
    "minor": None,
    "0.05": (Decimal("0.05"), Decimal(0)),
    "0.10": (Decimal("0.10"), Decimal(0)),
    "0.25": (Decimal("0.25"), Decimal(0)),
    "0.50": (Decimal("0.50"), Decimal(0)),
    "whole": (Decimal(1), Decimal(0)),
    "5": (Decimal(5), Decimal(0)),
    "10": (Decimal(10), Decimal(0)),
    "x.95": (Decimal(1), Decimal("0.95")),
    "x.99": (Decimal(1), Decimal("0.99")),
}


def round_price(amount, mode, decimals):
    """Return the lowest price not under an amount that a rounding mode allows.

    A mode that is finer than the currency (.99 in vatu) rounds to whole units of the currency.

    :param Decimal amount: not negative.
    :param str mode: a key of ``MODES``.
    :param int decimals: of the currency.
    :raise KeyError: unknown mode.
    """
    grid = MODES[mode]
    if grid is None:
        return quantize(amount, decimals, ROUND_CEILING)
    step, offset = grid
    if not (_fits(step, decimals) and _fits(offset, decimals)):
        step, offset = max(step, Decimal(1).scaleb(-decimals)), Decimal(0)
    count = ((amount - offset) / step).to_integral_value(ROUND_CEILING)
    return quantize(count * step + offset, decimals, ROUND_CEILING)


def _fits(value, decimals):
    """Tell whether a value has no more decimals than a currency."""
    return quantize(value, decimals, ROUND_CEILING) == value
