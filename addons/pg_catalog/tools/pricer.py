"""Prices many SKUs of one seller: rules, day and exchange rates are read once, when needed."""

import functools

from odoo import fields
from odoo.addons.pg_base.tools.money import D

from . import price_rules, pricing


class Pricer:
    """Turns SKUs of one seller into prices by its rules.

    :param company: the seller, a ``res.company``.
    :param Decimal usual_margin: where no rule applies.

    Lives no longer than the calculation it is made for: what it has read it does not read again.
    """

    def __init__(self, company, usual_margin):
        self.company = company
        self.usual_margin = usual_margin
        self.decimals = company.currency_id.decimal_places
        self._rates = {}

    @functools.cached_property
    def rules(self):
        """The seller's rules, ``price_rules.Rule`` in order."""
        return self.company.env["pg.price.rule"]._get_pure_rules(self.company)

    @functools.cached_property
    def day(self):
        """The seller's day."""
        return fields.Date.context_today(self.company.with_context(tz=self.company.pg_tz or "UTC"))

    def rate(self, currency):
        """Return the day's rate of a currency, asked for once.

        :raise UserError: when none is known.
        """
        if currency.id not in self._rates:
            self._rates[currency.id] = currency._pg_rate(self.company)
        return self._rates[currency.id]

    def cost(self, sku, send_value=None):
        """Return the unrounded cost of an amount (default: the lowest).

        :raise UserError: when no exchange rate is known.
        """
        return sku._cost(self.company, send_value, self.rate(sku.send_currency_id))

    def rounded_cost(self, sku, send_value=None):
        """Return the cost of an amount, rounded up to the seller's currency."""
        return pricing.sell_from_margin(self.cost(sku, send_value), D(0), self.decimals)

    def sale(self, sku, cost):
        """Return what the rules look at."""
        return price_rules.Sale(
            cost=cost,
            day=self.day,
            country_id=sku.country_id.id,
            operator_id=sku.operator_id.id,
            kind=sku.kind,
        )

    def price(self, sku, cost=None):
        """Return the price of a SKU, of its lowest amount when it is a range.

        :param Decimal cost: unrounded, of another amount.
        :rtype: price_rules.Price
        :raise UserError: when no exchange rate is known.
        """
        cost = self.cost(sku) if cost is None else cost
        sale = self.sale(sku, cost)
        return price_rules.price_of(self.rules, sale, self.usual_margin, self.decimals)

    def values(self, sku):
        """Return the field values of an offer of a SKU that follows the rules."""
        price = self.price(sku)
        margin = pricing.margin_from_sell(price.cost, price.sell) if sku.is_range else D(0)
        return {
            "pg_price_mode": "rules",
            "list_price": float(price.sell),
            "pg_range_margin": float(margin),
            "pg_price_rule_id": price.rule.id if price.rule else False,
        }
