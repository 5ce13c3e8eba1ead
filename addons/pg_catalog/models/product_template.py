from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError, ValidationError

from ..const import PRICE_MODES
from ..tools import pricing


class ProductTemplate(models.Model):
    """An offer is a product with a SKU: what one seller sells, at the seller's price.

    Fixed SKU: the sell price (``list_price``, tax included) is what counts, the margin follows.
    Range SKU: the margin is what counts; the sell price shown is that of the lowest amount.
    """

    _inherit = "product.template"

    pg_sku_id = fields.Many2one(
        "pg.sku",
        "SKU",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        domain="[('supplier_id.active', '=', True)]",
    )
    pg_operator_id = fields.Many2one(
        related="pg_sku_id.operator_id", store=True, index="btree_not_null", string="Operator"
    )
    pg_country_id = fields.Many2one(
        related="pg_sku_id.country_id",
        store=True,
        index="btree_not_null",
        string="Topped-up country",
    )
    pg_kind = fields.Selection(related="pg_sku_id.kind", store=True, string="Kind")
    pg_is_offer = fields.Boolean("Prepaid offer", compute="_compute_pg_is_offer", store=True)
    pg_is_range = fields.Boolean(related="pg_sku_id.is_range", string="Customer chooses the amount")
    pg_receive_text = fields.Char(related="pg_sku_id.receive_text")
    pg_cost = fields.Monetary(
        "Cost today",
        compute="_compute_pg_cost",
        currency_field="currency_id",
        help="The supplier's price with its fee at the exchange rate of today; for a range, that "
        "of the lowest amount.",
    )
    pg_price_mode = fields.Selection(
        PRICE_MODES,
        "Priced by",
        index="btree_not_null",
        help="An offer with an own price keeps it when price rules change. Naming a price or a "
        "margin makes it the offer's own.",
    )
    pg_price_rule_id = fields.Many2one(
        "pg.price.rule",
        "Price rule",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The rule that makes the price, of the lowest amount for a range.",
    )
    pg_range_margin = fields.Float(
        "Margin on any amount (%)", digits=(16, 4), help="In percent of cost; for ranges only."
    )
    pg_margin_percent = fields.Float(
        "Margin %",
        digits=(16, 4),
        compute="_compute_pg_margin_percent",
        inverse="_inverse_pg_margin_percent",
        help="In percent of today's cost. Changing it changes the sell price and the other way "
        "round.",
    )
    pg_tax_percent = fields.Float(
        "Included tax %", digits=(16, 4), help="The tax that is part of the sell price."
    )
    pg_problem = fields.Char("Why it cannot be sold", compute="_compute_pg_cost")
    pg_image_128 = fields.Image(
        "Picture",
        compute="_compute_pg_image_128",
        help="The offer's own picture, else the operator's logo.",
    )

    _pg_offer_has_company = models.Constraint(
        "CHECK (pg_sku_id IS NULL OR company_id IS NOT NULL)",
        "An offer belongs to one company.",
    )
    _pg_offer_unique = models.UniqueIndex(
        "(company_id, pg_sku_id) WHERE active AND pg_sku_id IS NOT NULL",
        "This SKU is offered already. Change the existing offer instead.",
    )
    _pg_sold_country_idx = models.Index(
        "(company_id, pg_country_id) WHERE active AND sale_ok AND pg_sku_id IS NOT NULL"
    )
    _pg_sold_operator_idx = models.Index(
        "(company_id, pg_operator_id) WHERE active AND sale_ok AND pg_sku_id IS NOT NULL"
    )
    _pg_margin_not_negative = models.Constraint(
        "CHECK (pg_range_margin IS NULL OR pg_range_margin >= 0)",
        "The margin cannot be negative: the offer would be sold under cost.",
    )
    _pg_tax_in_bounds = models.Constraint(
        "CHECK (pg_tax_percent IS NULL OR (pg_tax_percent >= 0 AND pg_tax_percent < 100))",
        "The included tax must be between 0 and 100 percent.",
    )

    # === COMPUTE === #

    @api.depends("pg_sku_id")
    def _compute_pg_is_offer(self):
        for offer in self:
            offer.pg_is_offer = bool(offer.pg_sku_id)

    @api.depends(
        "pg_sku_id.send_min",
        "pg_sku_id.distributor_fee",
        "pg_sku_id.send_currency_id",
        "pg_sku_id.active",
        "company_id",
        "list_price",
    )
    @api.depends_context("company")
    def _compute_pg_cost(self):
        rates = {}
        for offer in self:
            try:
                cost = offer._pg_min_cost(rates)
            except UserError as error:
                offer.pg_cost, offer.pg_problem = 0, str(error)
                continue
            offer.pg_cost = cost
            offer.pg_problem = offer._pg_find_problem(cost)

    def _pg_find_problem(self, cost):
        """Return why an offer is not sold, or False."""
        if not self.pg_sku_id:
            return False
        if not self.pg_sku_id.active:
            return self.env._("The supplier no longer sells this.")
        if not self.pg_is_range and D(self.list_price) < cost:
            return self.env._("The price is under today's cost.")
        return False

    def _pg_min_cost(self, rates):
        """Return today's cost (Decimal, rounded up) of the lowest amount.

        :param dict rates: rates found already, by (currency, company).
        :raise UserError: when no exchange rate is known.
        """
        sku = self.pg_sku_id
        if not sku:
            return D(0)
        company = self.company_id or self.env.company
        key = (sku.send_currency_id, company)
        if key not in rates:
            rates[key] = sku.send_currency_id._pg_rate(company)
        return self._pg_round(sku._cost(company, fx_rate=rates[key]))

    def _pg_round(self, amount):
        """Round a cost up to the company's currency."""
        company = self.company_id or self.env.company
        return pricing.sell_from_margin(amount, D(0), company.currency_id.decimal_places)

    @api.depends("image_128", "pg_operator_id.logo")
    def _compute_pg_image_128(self):
        for offer in self:
            offer.pg_image_128 = offer.image_128 or offer.pg_operator_id.logo

    @api.depends("list_price", "pg_cost", "pg_range_margin", "pg_sku_id", "pg_price_mode")
    def _compute_pg_margin_percent(self):
        for offer in self:
            if offer.pg_is_range and offer.pg_price_mode != "rules":
                offer.pg_margin_percent = offer.pg_range_margin
            else:
                offer.pg_margin_percent = pricing.margin_from_sell(
                    D(offer.pg_cost), D(offer.list_price)
                )

    def _inverse_pg_margin_percent(self):
        for offer in self.filtered("pg_sku_id"):
            offer._pg_write_price({"pg_margin_percent": offer.pg_margin_percent})

    # === CONSTRAINT === #

    @api.constrains("list_price", "pg_sku_id", "company_id", "active")
    def _check_pg_price(self):
        self.filtered("active")._check_pg_over_cost()

    @api.constrains("sale_ok")
    def _check_pg_resume(self):
        self.filtered(lambda offer: offer.active and offer.sale_ok)._check_pg_over_cost()

    def _check_pg_over_cost(self):
        """Refuse offers that are sold under today's cost."""
        rates = {}
        for offer in self.filtered("pg_sku_id"):
            cost = offer._pg_min_cost(rates)
            if D(offer.list_price) < cost:
                raise ValidationError(
                    self.env._(
                        "%(offer)s would be sold under cost: it costs %(cost)s %(currency)s today. "
                        "Raise the sell price.",
                        offer=offer.name,
                        cost=cost,
                        currency=offer.company_id.currency_id.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `product` to complete offers: kind of product, company, price."""
        pricers = {}
        vals_list = [self._pg_complete_vals(vals, pricers) for vals in vals_list]
        if any(vals.get("pg_sku_id") for vals in vals_list):
            # Offers archived just before make room in the unique index.
            self.flush_model(["active"])
        return super().create(vals_list)

    def write(self, vals):
        """Override of `product` to keep price, margin and price rules of offers in line.

        A price or a margin that is written becomes the own price of an offer. Of both, the price
        counts, the margin in a range offer: there the price of the lowest amount stands for it.
        """
        if self.env.context.get("pg_price_settled") or not self._pg_price_fields() & set(vals):
            result = super().write(vals)
            if vals.get("sale_ok"):
                # What is on sale again at a fair cost needs no attention.
                self.filtered("pg_alert")._pg_refresh_alert()
            return result
        offers = self.filtered("pg_sku_id")
        if not offers:
            return super().write(vals)
        others, result = self - offers, True
        if others:
            result = super(ProductTemplate, others).write(vals)
        vals = self._pg_without_blanks(vals)
        if not self._pg_price_fields() & set(vals):
            return offers.write(vals) and result
        return offers._pg_write_price(vals) and result

    @api.model
    def _pg_default_name(self, sku):
        """Return the name of a new offer: the operator's before the SKU's, unless it is in it."""
        brand = sku.operator_id.short_name or sku.operator_id.name
        return sku.name if sku.name.startswith(f"{brand} ") else f"{brand} {sku.name}"

    @api.model
    def _pg_complete_vals(self, vals, pricers):
        """Return the values to create an offer with; those of another product unchanged.

        :param dict pricers: those made already, by company.
        """
        if not vals.get("pg_sku_id"):
            return vals
        sku = self.env["pg.sku"].browse(vals["pg_sku_id"])
        company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
        vals = {
            "name": self._pg_default_name(sku),
            "type": "service",
            "purchase_ok": False,
            **self._pg_without_blanks(vals),
            "company_id": company.id,
        }
        margin, price = vals.pop("pg_margin_percent", None), vals.get("list_price")
        mode = vals.get("pg_price_mode") or ("rules" if margin is None and price is None else "own")
        if company not in pricers:
            pricers[company] = company._pg_get_pricer()
        if mode == "rules":
            return {**vals, **pricers[company].values(sku)}
        if margin is None and price is None:
            margin = D(company.pg_usual_margin)
        if sku.is_range and margin is not None:
            price = None  # The margin is what counts of a range.
        own = self._pg_price_vals(sku, company, margin=margin, price=price)
        return {**vals, "pg_price_mode": "own", "pg_price_rule_id": False, **own}
