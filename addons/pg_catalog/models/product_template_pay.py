from decimal import ROUND_CEILING, ROUND_FLOOR

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

HUNDRED = 100


class ProductTemplate(models.Model):
    """What a customer gets for an amount of money that it wants to spend."""

    _inherit = "product.template"

    @api.private
    def _pg_quote_for_pay(self, amount, pricelist=None):
        """Return the quote of the most that an amount of money buys of a range.

        The price of the quote may be a little below the amount: suppliers take two decimals.

        :param Decimal amount: in the company's currency, or the price list's.
        :param pricelist: as for :meth:`_pg_quote`.
        :rtype: Quote
        :raise UserError: with a sentence for the customer, when it cannot be sold so.
        """
        self.ensure_one()
        self._pg_check_sellable()
        if not self.pg_is_range:
            raise UserError(self.env._("This product has a fixed amount."))
        sku = self.pg_sku_id
        pricer = self.company_id._pg_get_pricer()
        rate = pricer.rate(sku.send_currency_id)

        def price(cents):
            cost = sku._cost(self.company_id, D(cents) / HUNDRED, rate)
            return self._pg_in_pricelist(pricelist, cost, rate, pricer)[0]

        low = int((D(sku.send_min) * HUNDRED).to_integral_value(ROUND_CEILING))
        high = int((D(sku.send_max) * HUNDRED).to_integral_value(ROUND_FLOOR))
        currency = (pricelist or self.company_id).currency_id
        self._pg_check_pay(amount, price(low), price(high), currency)
        # The first is always affordable, the last one is not or is the end of the range.
        if price(high) <= amount:
            low = high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if price(middle) <= amount else (low, middle)
        return self._pg_quote(send_value=D(low) / HUNDRED, pricelist=pricelist, pricer=pricer)

    def _pg_check_pay(self, amount, lowest, highest, currency):
        if not amount.is_finite() or not lowest <= amount <= highest:
            raise UserError(
                self.env._(
                    "Please choose an amount between %(low)s and %(high)s %(currency)s.",
                    low=f"{lowest:,.2f}",
                    high=f"{highest:,.2f}",
                    currency=currency.name,
                )
            )
