from odoo import Command, api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import KINDS
from ..tools import pricing

# More SKUs than this are not shown at once: narrow the choice.
MAX_LINES = 300

QUIET = {"mail_create_nolog": True, "mail_create_nosubscribe": True, "tracking_disable": True}


class PgOfferAdd(models.TransientModel):
    """Add from catalogue: country → operator → SKUs → price → preview → offers."""

    _name = "pg.offer.add"
    _description = "Add offers from the catalogue"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    country_id = fields.Many2one("res.country", "Country")
    operator_id = fields.Many2one(
        "pg.operator",
        "Operator",
        domain="[('sku_ids.active', '=', True), '|', ('country_id', '=', country_id or False),"
        " (1, '=', not country_id)]",
        help="Empty: all operators of the country.",
    )
    kind = fields.Selection(KINDS, "Only")
    sku_ids = fields.Many2many("pg.sku", string="Chosen SKUs")
    price_by = fields.Selection(
        [("margin", "A margin"), ("rules", "My price rules")],
        "Price by",
        default="margin",
        required=True,
        help="Offers priced by rules follow them when rules or costs change; a margin makes an own "
        "price that stays.",
    )
    margin_percent = fields.Float(
        "Margin %", digits=(16, 4), default=lambda self: self.env.company.pg_usual_margin
    )
    is_all = fields.Boolean("Choose all", default=True)
    line_ids = fields.One2many(
        "pg.offer.add.line",
        "wizard_id",
        "SKUs",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    offered_count = fields.Integer("Offered already", compute="_compute_line_ids", store=True)
    hidden_count = fields.Integer("Not shown", compute="_compute_line_ids", store=True)
    chosen_count = fields.Integer("Chosen", compute="_compute_chosen_count")

    # === COMPUTE === #

    @api.depends("country_id", "operator_id", "kind", "sku_ids")
    def _compute_line_ids(self):
        for wizard in self:
            skus = wizard._find_skus()
            offered = wizard._find_offered(skus)
            fresh = skus - offered
            wizard.is_all = True
            wizard.offered_count = len(offered)
            wizard.hidden_count = max(len(fresh) - MAX_LINES, 0)
            wizard.line_ids = [Command.clear()] + [
                Command.create({"sku_id": sku.id}) for sku in fresh[:MAX_LINES]
            ]

    @api.depends("line_ids.is_chosen")
    def _compute_chosen_count(self):
        for wizard in self:
            wizard.chosen_count = len(wizard.line_ids.filtered("is_chosen"))

    @api.onchange("country_id")
    def _onchange_country_id(self):
        if self.country_id and self.operator_id.country_id != self.country_id:
            self.operator_id = False

    @api.onchange("is_all")
    def _onchange_is_all(self):
        for line in self.line_ids:
            line.is_chosen = self.is_all and not line.problem

    def _find_skus(self):
        """Return the SKUs to choose from that the seller may sell."""
        domain = Domain("company_id", "in", [False, self.company_id.id])
        domain &= Domain("bill_required", "=", False)
        if self.kind:
            domain &= Domain("kind", "=", self.kind)
        if self.sku_ids:
            return self.sku_ids._origin.filtered_domain(domain & Domain("active", "=", True))
        if self.operator_id:
            domain &= Domain("operator_id", "=", self.operator_id.id)
        elif self.country_id:
            domain &= Domain("country_id", "=", self.country_id.id)
        else:
            return self.env["pg.sku"]
        return self.env["pg.sku"].search(domain)

    def _find_offered(self, skus):
        """Return those of some SKUs that the seller offers already."""
        offers = self.env["product.template"].search(
            [("company_id", "=", self.company_id.id), ("pg_sku_id", "in", skus.ids)]
        )
        return offers.pg_sku_id & skus

    # === ACTION === #

    def action_create_offers(self):
        """Create an offer for each chosen SKU and show them."""
        self.ensure_one()
        chosen = self.line_ids.filtered("is_chosen")
        if not chosen:
            raise UserError(self.env._("Choose at least one SKU."))
        Offer = self.env["product.template"].with_context(**QUIET)
        offers = Offer.create([line._prepare_offer() for line in chosen])
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_action")
        return {**action, "domain": [("id", "in", offers.ids)], "context": {}}


class PgOfferAddLine(models.TransientModel):
    """One SKU of the preview."""

    _name = "pg.offer.add.line"
    _description = "SKU to be offered"

    wizard_id = fields.Many2one("pg.offer.add", required=True, ondelete="cascade", index=True)
    is_chosen = fields.Boolean("Offer", default=True)
    sku_id = fields.Many2one("pg.sku", "SKU", required=True, ondelete="cascade")
    operator_id = fields.Many2one(related="sku_id.operator_id")
    kind = fields.Selection(related="sku_id.kind")
    validity_text = fields.Char(related="sku_id.validity_text")
    send_text = fields.Char(related="sku_id.send_text", string="Supplier's price")
    receive_text = fields.Char(related="sku_id.receive_text", string="Recipient gets")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    cost = fields.Monetary(compute="_compute_cost")
    sell_price = fields.Monetary(
        "Customer pays",
        compute="_compute_sell_price",
        store=True,
        readonly=False,
        help="For a range: for its lowest amount. Type another price to make it the offer's own.",
    )
    margin_percent = fields.Float("Margin %", digits=(16, 2), compute="_compute_margin_percent")
    problem = fields.Char("Problem", compute="_compute_cost")

    # === COMPUTE === #

    @api.depends("sku_id", "wizard_id.company_id", "wizard_id.price_by", "wizard_id.margin_percent")
    def _compute_cost(self):
        for line, cost, _price, problem in self._make_prices():
            line.cost, line.problem = cost, problem

    @api.depends("sku_id", "wizard_id.company_id", "wizard_id.price_by", "wizard_id.margin_percent")
    def _compute_sell_price(self):
        for line, _cost, price, _problem in self._make_prices():
            line.sell_price = price

    def _make_prices(self):
        """Return (line, cost, price, problem or False) of each line."""
        pricers, made = {}, []
        for line in self:
            company = line.wizard_id.company_id
            if company not in pricers:
                pricers[company] = company._pg_get_pricer()
            try:
                cost, price = line._make_price(pricers[company])
            except UserError as error:
                made.append((line, 0, 0, str(error)))
            else:
                made.append((line, float(cost), float(price), False))
        return made

    def _make_price(self, pricer):
        """Return (cost, price) of the lowest amount, in the seller's currency.

        :raise UserError: no exchange rate, or a negative margin.
        """
        cost = pricer.cost(self.sku_id)
        rounded = pricing.sell_from_margin(cost, D(0), pricer.decimals)
        if self.wizard_id.price_by == "rules":
            return rounded, pricer.price(self.sku_id, cost).sell
        margin = D(self.wizard_id.margin_percent)
        if margin < 0:
            raise UserError(self.env._("The margin cannot be negative: it would be under cost."))
        return rounded, pricing.sell_from_margin(cost, margin, pricer.decimals)

    @api.depends("cost", "sell_price")
    def _compute_margin_percent(self):
        for line in self:
            line.margin_percent = pricing.margin_from_sell(D(line.cost), D(line.sell_price))

    # === BUSINESS === #

    def _prepare_offer(self):
        """Return the values of the offer; a price that was typed is its own."""
        self.ensure_one()
        wizard = self.wizard_id
        vals = {"pg_sku_id": self.sku_id.id, "company_id": wizard.company_id.id}
        if self._is_price_typed():
            return {**vals, "list_price": self.sell_price}
        if wizard.price_by == "rules":
            return {**vals, "pg_price_mode": "rules"}
        return {**vals, "pg_margin_percent": wizard.margin_percent}

    def _is_price_typed(self):
        """Tell whether the price is another one than the wizard made."""
        ((_line, _cost, made, problem),) = self._make_prices()
        if problem:
            raise UserError(
                self.env._("%(sku)s: %(why)s", sku=self.sku_id.display_name, why=problem)
            )
        return D(self.sell_price) != D(made)
