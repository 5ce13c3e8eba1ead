from odoo import Command, api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import AccessError

from ..tools.pricelist import Item, apply_item

# Price lists may stand on each other; no sane chain is longer.
MAX_CHAIN = 8


class ProductPricelist(models.Model):
    """Price lists are the customer groups of a seller, and its other currencies."""

    _inherit = "product.pricelist"

    pg_customer_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        compute="_compute_pg_customer_ids",
        inverse="_inverse_pg_customer_ids",
        domain=lambda self: [
            ("company_id", "in", (self.env.company.id, False)),
            ("parent_id", "=", False),
        ],
        groups="pg_base.group_viewer",
        help="Who buys by this price list once logged in. A customer has one price list: adding it "
        "here takes it out of another one.",
    )

    # === COMPUTE === #

    @api.depends_context("company", "uid")
    def _compute_pg_customer_ids(self):
        for pricelist in self:
            pricelist.pg_customer_ids = [Command.set(pricelist._pg_find_customers().ids)]

    def _inverse_pg_customer_ids(self):
        for pricelist in self:
            wanted, known = pricelist.pg_customer_ids, pricelist._pg_find_customers()
            pricelist._pg_check_customers(wanted - known)
            # In sudo mode: who may change a price list need not be able to change contacts.
            company = pricelist._pg_company()
            removed, added = (
                partners.sudo().with_company(company)
                for partners in (known - wanted, wanted - known)
            )
            removed.specific_property_product_pricelist = False
            added.specific_property_product_pricelist = pricelist

    def _pg_company(self):
        return self.company_id or self.env.company

    def _pg_find_customers(self):
        """Return the customers who have this price list, as far as the user may see them."""
        if not self._origin:
            return self.env["res.partner"]
        Partner = self.env["res.partner"].with_company(self._pg_company())
        return Partner.search(
            [
                ("specific_property_product_pricelist", "=", self._origin.id),
                ("parent_id", "=", False),
            ]
        )

    def _pg_check_customers(self, partners):
        """Refuse what the user may not change: a shared price list, customers of others.

        :raise AccessError: nothing was changed.
        """
        self.check_access("write")
        partners.check_access("read")
        if partners.company_id - self._pg_company():
            raise AccessError(self.env._("These are customers of another organisation."))

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
