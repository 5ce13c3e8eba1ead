from odoo import api, fields, models
from odoo.fields import Domain


class PgOperator(models.Model):
    """An operator as a seller looks at it: what of it is offered."""

    _inherit = "pg.operator"

    offer_count = fields.Integer("Offers", compute="_compute_offer_count")
    is_offered = fields.Boolean(
        "Offered", compute="_compute_offer_count", search="_search_is_offered"
    )

    # === COMPUTE === #

    @api.depends_context("company")
    def _compute_offer_count(self):
        groups = self.env["product.template"]._read_group(
            [("pg_operator_id", "in", self.ids), ("company_id", "=", self.env.company.id)],
            ["pg_operator_id"],
            ["__count"],
        )
        counts = {operator.id: count for operator, count in groups}
        for operator in self:
            operator.offer_count = counts.get(operator.id, 0)
            operator.is_offered = bool(operator.offer_count)

    def _search_is_offered(self, operator, value):
        if operator != "in":
            return NotImplemented
        offers = self.env["product.template"]._search(
            [("company_id", "=", self.env.company.id), ("pg_operator_id", "!=", False)]
        )
        domain = Domain("id", "in", offers.subselect("pg_operator_id"))
        return domain if True in value else ~domain

    # === ACTION === #

    def action_open_offers(self):
        """Open the offers of an operator."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_action")
        domain = [("pg_is_offer", "=", True), ("pg_operator_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}
