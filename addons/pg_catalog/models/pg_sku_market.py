import re

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import pricing

PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")

TRENDS = [("up", "Dearer"), ("down", "Cheaper")]


class PgSku(models.Model):
    """A SKU as a seller looks at it: cost in own currency, its trend, whether it is offered."""

    _inherit = "pg.sku"

    own_currency_id = fields.Many2one(
        "res.currency", "Own currency", compute="_compute_own_cost", help="Of the active company."
    )
    own_cost = fields.Monetary(
        "Cost today",
        compute="_compute_own_cost",
        currency_field="own_currency_id",
        help="The lowest price with its fee, in your currency at the rate of the day.",
    )
    trend = fields.Selection(
        TRENDS, compute="_compute_trend", help="By the last change of the price; empty: none yet."
    )
    trend_percent = fields.Float("Last change %", digits=(16, 2), compute="_compute_trend")
    is_offered = fields.Boolean(
        "Offered", compute="_compute_is_offered", search="_search_is_offered"
    )
    validity_text = fields.Char("Valid for", compute="_compute_validity_text")

    # === COMPUTE === #

    @api.depends("send_min", "distributor_fee", "send_currency_id")
    @api.depends_context("company")
    def _compute_own_cost(self):
        company = self.env.company
        pricer = company._pg_get_pricer()
        for sku in self:
            sku.own_currency_id = company.currency_id
            try:
                sku.own_cost = pricer.rounded_cost(sku)
            except UserError:
                sku.own_cost = 0  # No exchange rate is known.

    @api.depends("send_min", "send_currency_id")
    def _compute_trend(self):
        last_two = self._get_last_two_prices()
        for sku in self:
            prices = last_two.get(sku.id, ())
            change = pricing.margin_from_sell(*reversed(prices)) if len(prices) == 2 else D(0)
            sku.trend_percent = float(change)
            sku.trend = "up" if change > 0 else "down" if change < 0 else False

    def _get_last_two_prices(self):
        """Return {id: [latest price, the one before]} with the fee, in the supplier's currency."""
        if not self.ids:
            return {}
        self.env["pg.sku.price"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT s.id, (SELECT array_agg(p.paid) FROM (
                           SELECT (send_min + distributor_fee)::text AS paid
                             FROM pg_sku_price
                            WHERE sku_id = s.id AND send_currency_id = s.send_currency_id
                         ORDER BY effective_at DESC, id DESC LIMIT 2) p)
                  FROM pg_sku s WHERE s.id IN %s
                """,
                tuple(self.ids),
            )
        )
        return {id_: [D(paid) for paid in prices or ()] for id_, prices in self.env.cr.fetchall()}

    @api.depends("offer_ids")
    @api.depends_context("company")
    def _compute_is_offered(self):
        groups = self.env["product.template"]._read_group(
            [("pg_sku_id", "in", self.ids), ("company_id", "=", self.env.company.id)],
            ["pg_sku_id"],
        )
        offered = {sku.id for (sku,) in groups}
        for sku in self:
            sku.is_offered = sku.id in offered

    def _search_is_offered(self, operator, value):
        if operator != "in":
            return NotImplemented
        offers = self.env["product.template"]._search(
            [("company_id", "=", self.env.company.id), ("pg_sku_id", "!=", False)]
        )
        domain = Domain("id", "in", offers.subselect("pg_sku_id"))
        return domain if True in value else ~domain

    @api.depends("validity_iso")
    @api.depends_context("lang")
    def _compute_validity_text(self):
        for sku in self:
            sku.validity_text = sku._describe_period()

    def _describe_period(self):
        """Return the validity for people: "30 days"; as it came when it is no ISO period."""
        found = PERIOD.fullmatch(self.validity_iso or "")
        if not found:
            return self.validity_iso or ""
        words = [
            self.env._("years"),
            self.env._("months"),
            self.env._("weeks"),
            self.env._("days"),
            self.env._("hours"),
            self.env._("minutes"),
        ]
        singular = [
            self.env._("year"),
            self.env._("month"),
            self.env._("week"),
            self.env._("day"),
            self.env._("hour"),
            self.env._("minute"),
        ]
        return " ".join(
            f"{int(count)} {one if int(count) == 1 else many}"
            for count, many, one in zip(found.groups(), words, singular, strict=True)
            if count
        )

    def _search_display_name(self, operator, value):
        """Override of `base` to find what was exported: "name (code)" as well as either."""
        found = operator in ("=", "in") and self._codes_of(value)
        domain = super()._search_display_name(operator, value)
        return domain | Domain("code", "in", found) if found else domain

    def _codes_of(self, value):
        """Return the codes in display names."""
        names = [value] if isinstance(value, str) else [v for v in value or () if v]
        matches = (re.fullmatch(r".+ \(([^()]+)\)", name) for name in names)
        return [match[1] for match in matches if match]

    # === ACTION === #

    def action_add_offers(self):
        """Open "Add from catalogue" with these SKUs."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_add_action")
        return {**action, "context": {"default_sku_ids": self.ids}}
