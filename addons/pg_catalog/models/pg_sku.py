from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from ..const import KINDS, REDEMPTIONS
from ..tools import pricing


class PgSku(models.Model):
    """Something a supplier sells: a fixed value or a range, in the supplier's currency.

    Rows are written by the sync alone, in bulk (``tools/feed_rows.py`` lists the columns).
    """

    _name = "pg.sku"
    _description = "SKU"
    _order = "operator_id, kind, send_min, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True, readonly=True)
    description = fields.Text(translate=True, readonly=True, help="In Markdown.")
    read_more = fields.Text("Details", translate=True, readonly=True, help="In Markdown.")
    code = fields.Char("SKU", required=True, readonly=True, index="trigram")
    active = fields.Boolean(
        default=True, help="Archived by itself when the supplier drops the SKU."
    )
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    operator_id = fields.Many2one(
        "pg.operator", "Operator", required=True, readonly=True, index=True, ondelete="cascade"
    )
    country_id = fields.Many2one(related="operator_id.country_id", store=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    is_range = fields.Boolean("Range", readonly=True, help="The customer chooses the amount.")
    send_min = fields.Float("Price from", digits=(18, 4), required=True, readonly=True)
    send_max = fields.Float("Price to", digits=(18, 4), required=True, readonly=True)
    send_currency_id = fields.Many2one(
        "res.currency", "Price currency", required=True, readonly=True, ondelete="restrict"
    )
    receive_min = fields.Float("Receives from", digits=(18, 4), readonly=True)
    receive_max = fields.Float("Receives to", digits=(18, 4), readonly=True)
    receive_net_min = fields.Float("Receives from, after tax", digits=(18, 4), readonly=True)
    receive_net_max = fields.Float("Receives to, after tax", digits=(18, 4), readonly=True)
    receive_currency_id = fields.Many2one(
        "res.currency", "Receive currency", required=True, readonly=True, ondelete="restrict"
    )
    distributor_fee = fields.Float(
        "Fee", digits=(18, 4), readonly=True, help="Paid to the supplier on top of the price."
    )
    customer_fee = fields.Float(
        digits=(18, 4), readonly=True, help="Part of the price that stays with the supplier."
    )
    commission_rate = fields.Float(
        "Commission", digits=(18, 6), readonly=True, help="A fraction: 0.03 is 3 %."
    )
    tax_rate = fields.Float(digits=(18, 6), readonly=True)
    tax_name = fields.Char(readonly=True)
    is_instant = fields.Boolean("Instant", readonly=True)
    redemption = fields.Selection(REDEMPTIONS, required=True, readonly=True)
    benefits = fields.Char(readonly=True)
    validity_iso = fields.Char("Validity", readonly=True, help="As P30D: 30 days.")
    region_code = fields.Char("Region code", readonly=True)
    region_id = fields.Many2one(
        "pg.region", "Region", readonly=True, index="btree_not_null", ondelete="set null"
    )
    payment_types = fields.Char(readonly=True)
    uat_number = fields.Char("Test number", readonly=True)
    additional_information = fields.Text("How to use", readonly=True)
    setting_definitions = fields.Json("Further inputs", readonly=True)
    bill_required = fields.Boolean("Needs a bill", readonly=True)
    feed_problem = fields.Char(
        "Problem of the feed",
        readonly=True,
        help="Why the last sync could not take what the supplier sent; older values are kept.",
    )
    price_ids = fields.One2many("pg.sku.price", "sku_id", "Price history", readonly=True)
    offer_ids = fields.One2many("product.template", "pg_sku_id", "Offers")
    send_text = fields.Char("Price", compute="_compute_texts")
    receive_text = fields.Char("Receives", compute="_compute_texts")

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has a SKU with this code already."
    )

    # === COMPUTE === #

    @api.depends("send_min", "send_max", "receive_net_min", "receive_net_max", "is_range")
    def _compute_texts(self):
        for sku in self:
            sku.send_text = sku._span(sku.send_min, sku.send_max, sku.send_currency_id)
            sku.receive_text = sku._span(
                sku.receive_net_min, sku.receive_net_max, sku.receive_currency_id
            )

    def _span(self, low, high, currency):
        """Return amounts for people: "PGK 10.00" or "PGK 7.75 – 387.34"."""
        texts = [f"{D(value):,.2f}" for value in ((low, high) if self.is_range else (low,))]
        return f"{currency.name or ''} {' – '.join(texts)}".strip()

    @api.depends("name", "code")
    def _compute_display_name(self):
        for sku in self:
            sku.display_name = f"{sku.name} ({sku.code})"

    # === ACTION === #

    def action_open_prices(self):
        """Open the price history as a graph."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_sku_price_action")
        return {**action, "domain": [("sku_id", "in", self.ids)], "context": {}}

    # === BUSINESS === #

    @api.private
    def _amounts(self, send_value=None, receive_value=None):
        """Return (send value, received value after tax) for what a customer chose.

        :param Decimal send_value, receive_value: at most one; none for a fixed SKU.
        :raise UserError: when nothing is chosen for a range, or the amount is out of bounds.
        """
        self.ensure_one()
        low, high = D(self.send_min), D(self.send_max)
        net_low, net_high = D(self.receive_net_min), D(self.receive_net_max)
        if not self.is_range:
            self._check_fixed(send_value, low)
            self._check_fixed(receive_value, net_low)
            return low, net_low
        if send_value is None and receive_value is None:
            raise UserError(self.env._("Please choose an amount."))
        if send_value is None:
            self._check_bounds(D(receive_value), net_low, net_high, self.receive_currency_id)
            send_value = pricing.send_for_receive(D(receive_value), low, high, net_low, net_high)
        self._check_bounds(D(send_value), low, high, self.send_currency_id)
        send_value = self._check_decimals(D(send_value))
        return send_value, pricing.receive_for_send(send_value, low, high, net_low, net_high)

    def _check_fixed(self, value, fixed):
        if value is not None and D(value) != fixed:
            raise UserError(self.env._("This product has a fixed amount."))

    def _check_bounds(self, value, low, high, currency):
        if not value.is_finite() or not low <= value <= high:
            raise UserError(
                self.env._(
                    "Please choose an amount between %(low)s and %(high)s %(currency)s.",
                    low=f"{low:,.2f}",
                    high=f"{high:,.2f}",
                    currency=currency.name,
                )
            )

    def _check_decimals(self, value):
        """Refuse a send value that is finer than suppliers take: two decimals."""
        if round(value, 2) != value:
            raise UserError(self.env._("Please choose an amount with at most two decimals."))
        return value

    @api.private
    def _cost(self, company, send_value=None, fx_rate=None):
        """Return the unrounded cost in a company's currency of a send value (default: the lowest).

        :raise UserError: when no exchange rate is known.
        """
        self.ensure_one()
        value = D(self.send_min) if send_value is None else send_value
        rate = self.send_currency_id._pg_rate(company) if fx_rate is None else fx_rate
        return pricing.cost_of(value, D(self.distributor_fee), rate)
