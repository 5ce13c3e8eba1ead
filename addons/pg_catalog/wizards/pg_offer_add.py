from odoo import Command, api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from ..const import DEFAULT_MARGIN, KINDS


class PgOfferAdd(models.TransientModel):
    """Add from catalogue: operator → SKUs → margin → what the customer pays → offers."""

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
    )
    kind = fields.Selection(KINDS, "Only")
    margin_percent = fields.Float("Margin %", digits=(16, 4), default=float(DEFAULT_MARGIN))
    line_ids = fields.One2many(
        "pg.offer.add.line",
        "wizard_id",
        "SKUs",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    offered_count = fields.Integer("Offered already", compute="_compute_line_ids", store=True)

    # === COMPUTE === #

    @api.depends("operator_id", "kind")
    def _compute_line_ids(self):
        for wizard in self:
            skus = wizard._find_skus()
            offered = self.env["product.template"].search(
                [("company_id", "=", wizard.company_id.id), ("pg_sku_id", "in", skus.ids)]
            )
            wizard.offered_count = len(offered)
            wizard.line_ids = [Command.clear()] + [
                Command.create({"sku_id": sku.id}) for sku in skus - offered.pg_sku_id
            ]

    @api.onchange("country_id")
    def _onchange_country_id(self):
        if self.country_id and self.operator_id.country_id != self.country_id:
            self.operator_id = False

    def _find_skus(self):
        """Return the SKUs of the chosen operator that the seller may sell."""
        if not self.operator_id:
            return self.env["pg.sku"]
        domain = [
            ("operator_id", "=", self.operator_id.id),
            ("company_id", "in", [False, self.company_id.id]),
            ("bill_required", "=", False),
        ]
        return self.env["pg.sku"].search(domain + ([("kind", "=", self.kind)] if self.kind else []))

    # === ACTION === #

    def action_create_offers(self):
        """Create an offer for each chosen SKU and show them."""
        self.ensure_one()
        chosen = self.line_ids.filtered("is_chosen")
        if not chosen:
            raise UserError(self.env._("Choose at least one SKU."))
        offers = self.env["product.template"].create(
            [
                {
                    "pg_sku_id": line.sku_id.id,
                    "company_id": self.company_id.id,
                    "pg_margin_percent": self.margin_percent,
                }
                for line in chosen
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_action")
        return {**action, "domain": [("id", "in", offers.ids)], "context": {}}


class PgOfferAddLine(models.TransientModel):
    """One SKU of the preview."""

    _name = "pg.offer.add.line"
    _description = "SKU to be offered"

    wizard_id = fields.Many2one("pg.offer.add", required=True, ondelete="cascade")
    is_chosen = fields.Boolean("Offer", default=True)
    sku_id = fields.Many2one("pg.sku", "SKU", required=True, ondelete="cascade")
    kind = fields.Selection(related="sku_id.kind")
    send_text = fields.Char(related="sku_id.send_text", string="Supplier's price")
    receive_text = fields.Char(related="sku_id.receive_text", string="Recipient gets")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    cost = fields.Monetary(compute="_compute_prices")
    sell_price = fields.Monetary("Customer pays", compute="_compute_prices")
    problem = fields.Char("Problem", compute="_compute_prices")

    @api.depends("sku_id", "wizard_id.margin_percent", "wizard_id.company_id")
    def _compute_prices(self):
        Template = self.env["product.template"]
        for line in self:
            company, margin = line.wizard_id.company_id, D(line.wizard_id.margin_percent)
            try:
                at_cost = Template._pg_price_vals(line.sku_id, company, margin=0)
                vals = Template._pg_price_vals(line.sku_id, company, margin=margin)
            except UserError as error:
                line.cost, line.sell_price, line.problem = 0, 0, str(error)
                continue
            line.cost, line.problem = at_cost["list_price"], False
            line.sell_price = vals["list_price"]
