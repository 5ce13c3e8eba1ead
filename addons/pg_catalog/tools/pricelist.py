"""What a price list makes of a price, exactly: Odoo's price list rules in Decimal.

Odoo computes price lists in floats; a price that is charged must be right to the minor unit.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .pricing import HUNDRED


@dataclass(frozen=True)
class Item:
    """One rule of a price list, amounts in the price list's currency.

    :param str compute: ``fixed``, ``percentage`` or ``formula``, as Odoo calls them.
    :param Decimal discount: in percent of the base; negative is a markup.
    :param Decimal step: to a multiple of which a formula rounds half up; 0: not at all.
    """

    compute: str = "percentage"
    fixed_price: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    step: Decimal = Decimal(0)
    surcharge: Decimal = Decimal(0)
    min_margin: Decimal = Decimal(0)
    max_margin: Decimal = Decimal(0)


def apply_item(item, base):
    """Return the unrounded price that a rule makes of a base price in the price list's currency."""
    if item.compute == "fixed":
        return item.fixed_price
    price = base - base * item.discount / HUNDRED
    if item.compute == "percentage":
        return price
    if item.step:
        price = (price / item.step).quantize(Decimal(1), ROUND_HALF_UP) * item.step
    price += item.surcharge
    if item.min_margin:
        price = max(price, base + item.min_margin)
    if item.max_margin:
        price = min(price, base + item.max_margin)
    return price
