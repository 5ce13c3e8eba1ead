"""Pure price rules: which one applies to a sale, and which price it makes.

Decimal in, Decimal out; no record and no environment. The models turn their rows into these frozen
values, so that everything about a price can be tested as a table.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import pricing
from .rounding import round_price

# Why a rule does not apply, in the order in which it is checked.
REASONS = ("date", "country", "operator", "kind", "amount")


@dataclass(frozen=True)
class Rule:
    """One rule of a seller. What is None (or 0 for ``amount_to``) does not restrict.

    :param int priority: the lowest number wins.
    :param Decimal percent, fixed: added to the cost; ``fixed`` in the seller's currency.
    :param Decimal amount_from, amount_to: on the cost in the seller's currency, [from, to).
    """

    id: int
    priority: int = 10
    percent: Decimal = Decimal(0)
    fixed: Decimal = Decimal(0)
    rounding: str = "minor"
    country_ids: frozenset = frozenset()
    operator_ids: frozenset = frozenset()
    kind: str | None = None
    amount_from: Decimal = Decimal(0)
    amount_to: Decimal = Decimal(0)
    date_from: date | None = None
    date_to: date | None = None

    @property
    def order(self):
        """Sort key: priority, then the more particular one, then the older one."""
        return (self.priority, -self.specificity, self.id)

    @property
    def specificity(self):
        """How particular the rule is: an operator says more than a country."""
        return (
            8 * bool(self.operator_ids)
            + 4 * bool(self.country_ids)
            + 2 * bool(self.kind)
            + bool(self.amount_from or self.amount_to)
        )


@dataclass(frozen=True)
class Sale:
    """What is priced: one amount of one SKU on one day.

    :param Decimal cost: unrounded, in the seller's currency.
    """

    cost: Decimal
    day: date
    country_id: int = 0
    operator_id: int = 0
    kind: str = ""


@dataclass(frozen=True)
class Price:
    """A price and the way to it.

    ``sell = round(cost + percent_part + fixed)``; ``rule`` None: the seller's usual margin.
    """

    cost: Decimal
    percent: Decimal
    percent_part: Decimal
    fixed: Decimal
    unrounded: Decimal
    rounding: str
    sell: Decimal
    rule: Rule | None = None


def mismatch(rule, sale):
    """Return why a rule does not apply to a sale (one of ``REASONS``), or ''."""
    if (rule.date_from and sale.day < rule.date_from) or (rule.date_to and sale.day > rule.date_to):
        return "date"
    if rule.country_ids and sale.country_id not in rule.country_ids:
        return "country"
    if rule.operator_ids and sale.operator_id not in rule.operator_ids:
        return "operator"
    if rule.kind and sale.kind != rule.kind:
        return "kind"
    if sale.cost < rule.amount_from or (rule.amount_to and sale.cost >= rule.amount_to):
        return "amount"
    return ""


def choose(rules, sale):
    """Return the rule that makes the price of a sale, or None.

    :param rules: sorted by ``order``, as :func:`in_order` returns them.
    """
    return next((rule for rule in rules if not mismatch(rule, sale)), None)


def in_order(rules):
    """Return rules in the order in which they are tried."""
    return sorted(rules, key=lambda rule: rule.order)


def make_price(sale, rule, usual_margin, decimals):
    """Return the price of a sale by a rule, or with the usual margin when there is none.

    :param Decimal usual_margin: in percent of cost.
    :param int decimals: of the seller's currency.
    :rtype: Price
    """
    percent, fixed = (rule.percent, rule.fixed) if rule else (usual_margin, Decimal(0))
    rounding = rule.rounding if rule else "minor"
    part = sale.cost * percent / pricing.HUNDRED
    unrounded = sale.cost + part + fixed
    return Price(
        cost=sale.cost,
        percent=percent,
        percent_part=part,
        fixed=fixed,
        unrounded=unrounded,
        rounding=rounding,
        sell=round_price(unrounded, rounding, decimals),
        rule=rule,
    )


def price_of(rules, sale, usual_margin, decimals):
    """Return the price of a sale by the first rule that applies to it."""
    return make_price(sale, choose(rules, sale), usual_margin, decimals)
