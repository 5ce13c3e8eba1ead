from odoo import api, models
from odoo.addons.pg_base.tools.money import D

from ..tools.pricelist import Item, apply_item

# Price lists may stand on each other; no sane chain is longer.
MAX_CHAIN = 8


class ProductPricelist(models.Model):
    """Price lists are the customer groups of a seller, and its other currencies."""

    _inherit = "product.pricelist"

    # === BUSINESS === #

    @api.private
    def _pg_price(self, offer, sell, cost, depth=MAX_CHAIN):
        """Return the unrounded price of an offer in this price list's currency.

        :param Decimal sell, cost: of the amount that is bought, in the seller's currency. A rule
            on the cost takes the cost of the day.
        :raise UserError: when no exchange rate is known.
        """
        self.ensure_one()
        item = self._pg_find_item(offer)
        if not item or not depth:
            return self._pg_convert(sell, offer.company_id)
        if item.base == "pricelist" and item.compute_price != "fixed":
            parent = item.base_pricelist_id
            base = parent._pg_price(offer, sell, cost, depth - 1)
            # Through the seller's currency: the two price lists may have different ones.
            company = offer.company_id
            base = self._pg_convert(base * parent.currency_id._pg_rate(company), company)
        else:
            amount = cost if item.base == "standard_price" else sell
            base = self._pg_convert(amount, offer.company_id)
        return apply_item(item._pg_to_pure(), base)

    def _pg_find_item(self, offer):
        """Return the rule that applies to an offer, or an empty recordset.

        A fixed price makes no sense where the customer chooses the amount: it is left out there.
        """
        item_id = self._get_product_rule(offer, 1.0)
        item = self.env["product.pricelist.item"].browse(item_id or ())
        return item.browse() if offer.pg_is_range and item.compute_price == "fixed" else item

    def _pg_convert(self, amount, company):
        """Return an amount of a seller's currency in this price list's currency."""
        return amount / self.currency_id._pg_rate(company)


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    def _pg_to_pure(self):
        """Return the rule as a plain value."""
        if self.compute_price == "percentage":
            return Item("percentage", discount=D(self.percent_price))
        on_cost = self.base == "standard_price"
        return Item(
            compute=self.compute_price,
            fixed_price=D(self.fixed_price),
            discount=-D(self.price_markup) if on_cost else D(self.price_discount),
            step=D(self.price_round),
            surcharge=D(self.price_surcharge),
            min_margin=D(self.price_min_margin),
            max_margin=D(self.price_max_margin),
        )
