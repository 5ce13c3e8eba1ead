"""What a new cost does to a price: pure, in Decimal."""

from . import pricing


def alert_of(cost, sell, floor):
    """Return what is wrong with a price: ``under_cost``, ``low_margin`` or ''.

    :param Decimal floor: the lowest margin in percent of cost; 0: any margin will do.
    """
    if sell < cost:
        return "under_cost"
    if floor and pricing.margin_from_sell(cost, sell) < floor:
        return "low_margin"
    return ""


def raised_price(cost_before, cost, sell, floor, decimals):
    """Return the price that keeps the margin of before a cost changed, never under the floor.

    :param Decimal cost_before: None when it is not known; the floor alone counts then.
    :return: a price not under ``sell``: reacting to a cost never lowers a price.
    """
    margin = pricing.margin_from_sell(cost_before, sell) if cost_before else floor
    return max(sell, pricing.sell_from_margin(cost, max(margin, floor, 0), decimals))
