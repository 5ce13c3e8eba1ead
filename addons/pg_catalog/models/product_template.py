from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D, quantize
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import DEFAULT_MARGIN
from ..quote import Quote
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
    pg_country_id = fields.Many2one(related="pg_sku_id.country_id", string="Topped-up country")
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

    _pg_offer_has_company = models.Constraint(
        "CHECK (pg_sku_id IS NULL OR company_id IS NOT NULL)",
        "An offer belongs to one company.",
    )
    _pg_offer_unique = models.UniqueIndex(
        "(company_id, pg_sku_id) WHERE active AND pg_sku_id IS NOT NULL",
        "This SKU is offered already. Change the existing offer instead.",
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

    @api.depends("list_price", "pg_cost", "pg_range_margin", "pg_sku_id")
    def _compute_pg_margin_percent(self):
        for offer in self:
            if offer.pg_is_range:
                offer.pg_margin_percent = offer.pg_range_margin
            else:
                offer.pg_margin_percent = pricing.margin_from_sell(
                    D(offer.pg_cost), D(offer.list_price)
                )

    def _inverse_pg_margin_percent(self):
        for offer in self.filtered("pg_sku_id"):
            offer.write(
                self._pg_price_vals(
                    offer.pg_sku_id, offer.company_id, margin=D(offer.pg_margin_percent)
                )
            )

    @api.onchange("pg_margin_percent")
    def _onchange_pg_margin_percent(self):
        """Show the price of a margin while it is typed."""
        if self.pg_sku_id and self.company_id:
            self.update(
                self._pg_price_vals(
                    self.pg_sku_id, self.company_id, margin=D(self.pg_margin_percent)
                )
            )

    # === CONSTRAINT === #

    @api.constrains("list_price", "pg_sku_id", "company_id", "active")
    def _check_pg_price(self):
        for offer in self.filtered(lambda record: record.pg_sku_id and record.active):
            cost = offer._pg_min_cost({})
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
        vals_list = [self._pg_complete_vals(vals) for vals in vals_list]
        if any(vals.get("pg_sku_id") for vals in vals_list):
            # Offers archived just before make room in the unique index.
            self.flush_model(["active"])
        return super().create(vals_list)

    def write(self, vals):
        """Override of `product` to turn a price of a range offer into its margin."""
        if "list_price" in vals and "pg_range_margin" not in vals:
            ranges = self.filtered("pg_is_range")
            for offer in ranges:
                cost = offer._pg_min_cost({})
                margin = pricing.margin_from_sell(cost, D(vals["list_price"]))
                super(ProductTemplate, offer).write({**vals, "pg_range_margin": max(margin, D(0))})
            return super(ProductTemplate, self - ranges).write(vals)
        return super().write(vals)

    @api.model
    def _pg_complete_vals(self, vals):
        """Return the values to create an offer with; those of another product unchanged."""
        if not vals.get("pg_sku_id"):
            return vals
        sku = self.env["pg.sku"].browse(vals["pg_sku_id"])
        company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
        vals = {
            "name": f"{sku.operator_id.short_name or sku.operator_id.name} {sku.name}",
            "type": "service",
            "purchase_ok": False,
            **vals,
            "company_id": company.id,
        }
        margin = vals.pop("pg_margin_percent", None)
        price = vals.get("list_price")
        if margin is None and price is None:
            margin = DEFAULT_MARGIN
        return {**vals, **self._pg_price_vals(sku, company, margin=margin, price=price)}

    @api.model
    def _pg_price_vals(self, sku, company, *, margin=None, price=None):
        """Return the stored values of a price that is given as such or as a margin.

        :raise UserError: a negative margin, or no exchange rate.
        """
        cost = sku._cost(company)
        decimals = company.currency_id.decimal_places
        if price is None:
            margin = D(margin)
            if margin < 0:
                raise UserError(
                    self.env._("The margin cannot be negative: it would be sold under cost.")
                )
            price = pricing.sell_from_margin(cost, margin, decimals)
        elif sku.is_range:
            margin = max(pricing.margin_from_sell(cost, D(price)), D(0))
        return {
            "list_price": float(price),
            "pg_range_margin": float(margin) if sku.is_range else 0,
        }

    # === BUSINESS === #

    @api.model
    @api.private
    def _pg_offers(self, company, operator):
        """Return the offers of a seller for some operators that can be sold now, in order.

        :param operator: one or several ``pg.operator``.
        """
        return self.search(
            Domain("company_id", "=", company.id)
            & Domain("pg_operator_id", "in", operator.ids)
            & Domain("pg_sku_id.active", "=", True)
            & Domain("pg_operator_id.active", "=", True)
            & Domain("pg_sku_id.supplier_id.active", "=", True)
            & Domain("sale_ok", "=", True),
            order="sequence, list_price, id",
        )

    @api.private
    def _pg_quote(self, *, send_value=None, receive_value=None):
        """Return today's price of the offer.

        :param Decimal send_value, receive_value: the amount chosen for a range, by either side.
        :rtype: Quote
        :raise UserError: with a sentence for the customer, when it cannot be sold so.
        """
        self.ensure_one()
        sku = self.pg_sku_id
        self._pg_check_sellable()
        send, receive = sku._amounts(send_value, receive_value)
        currency = self.company_id.currency_id
        decimals = currency.decimal_places
        rate = sku.send_currency_id._pg_rate(self.company_id)
        cost = sku._cost(self.company_id, send, rate)
        if sku.is_range:
            sell = pricing.sell_from_margin(cost, D(self.pg_range_margin), decimals)
        else:
            sell = quantize(D(self.list_price), decimals)
        rounded_cost = quantize(cost, decimals)
        if sell < rounded_cost:
            raise UserError(self.env._("This offer is not available at the moment."))
        return Quote(
            offer_id=self.id,
            sku_id=sku.id,
            operator_id=sku.operator_id.id,
            supplier_id=sku.supplier_id.id,
            sell_price=sell,
            tax=pricing.included_tax(sell, D(self.pg_tax_percent), decimals),
            currency=currency.name,
            cost=rounded_cost,
            fx_rate=rate,
            send_value=send,
            send_currency=sku.send_currency_id.name,
            receive_value=receive,
            receive_currency=sku.receive_currency_id.name,
        )

    def _pg_check_sellable(self):
        """Refuse what is no offer, is paused, or is no longer sold by the supplier."""
        sku = self.pg_sku_id
        if not sku or not self.active or not self.sale_ok:
            raise UserError(self.env._("This offer is no longer available."))
        if not (sku.active and sku.operator_id.active and sku.supplier_id.active):
            raise UserError(self.env._("This offer is no longer available."))

    @api.private
    def _pg_follow_sku(self):
        """Bring the shown price of range offers in line with a SKU whose price has changed."""
        for offer in self.filtered("pg_is_range"):
            try:
                vals = self._pg_price_vals(
                    offer.pg_sku_id, offer.company_id, margin=D(offer.pg_range_margin)
                )
            except UserError:
                continue  # No exchange rate: `pg_problem` of the offer says so.
            if D(offer.list_price) != D(vals["list_price"]):
                offer.write(vals)

    @api.model
    @api.private
    def _pg_on_cost_changed(self, skus):
        """Hook: the supplier's price of these SKUs has changed; their new prices are written.

        Called once per sync, in its transaction, only when there is such a SKU.
        """

    # === ACTION === #

    def action_pg_pause(self):
        """Take offers off the storefront without archiving them."""
        self.check_access("write")
        self.write({"sale_ok": False})

    def action_pg_resume(self):
        """Put paused offers back on sale."""
        self.check_access("write")
        self.write({"sale_ok": True})

    def action_pg_open(self):
        """Open an offer from the editable list."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("pg_catalog.pg_offer_view_form").id, "form")],
        }
