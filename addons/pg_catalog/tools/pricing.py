"""Pure pricing: Decimal in, Decimal out. Rounding is part of the contract of each function."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from odoo.addons.pg_base.tools.money import quantize

HUNDRED = Decimal(100)


def cost_of(send_value, fee, fx_rate):
    """Return the unrounded cost in company currency of a send value with its fee."""
    return (send_value + fee) * fx_rate


def sell_from_margin(cost, margin, decimals):
    """Return cost plus a margin in percent, rounded up to the currency's decimals."""
    return quantize(cost * (1 + margin / HUNDRED), decimals, ROUND_CEILING)


def margin_from_sell(cost, sell):
    """Return the margin in percent of cost (4 decimals, half up), 0 when there is no cost."""
    if not cost:
        return Decimal(0)
    return quantize((sell - cost) / cost * HUNDRED, 4)


def included_tax(sell, percent, decimals):
    """Return the part of a price that is tax when a tax of that percent is included in it."""
    return quantize(sell * percent / (HUNDRED + percent), decimals)


def interpolate(value, low, high, out_low, out_high):
    """Return where ``value`` of [low, high] falls in [out_low, out_high], linearly."""
    if high == low:
        return out_low
    return out_low + (value - low) * (out_high - out_low) / (high - low)


def receive_for_send(send_value, send_min, send_max, receive_min, receive_max, decimals=2):
    """Return what arrives for a chosen send value (rounded down: never promise more)."""
    value = interpolate(send_value, send_min, send_max, receive_min, receive_max)
    return quantize(value, decimals, ROUND_FLOOR)


def send_for_receive(receive_value, send_min, send_max, receive_min, receive_max, decimals=2):
    """Return what must be sent so that at least a chosen value arrives (rounded up)."""
    value = interpolate(receive_value, receive_min, receive_max, send_min, send_max)
    return min(quantize(value, decimals, ROUND_CEILING), send_max)
