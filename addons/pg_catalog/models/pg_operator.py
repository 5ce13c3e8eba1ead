from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import patterns


class PgOperator(models.Model):
    """A mobile network or brand, as one supplier names it."""

    _name = "pg.operator"
    # PostgreSQL has a system table of the name that Odoo would choose.
    _table = "pg_mobile_operator"
    _description = "Mobile operator"
    _order = "sequence, name, id"

    name = fields.Char(required=True, index="trigram")
    short_name = fields.Char("Short name")
    code = fields.Char(required=True, readonly=True, help="The supplier's code for the operator.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        default=True, help="Archived by itself when the supplier drops the operator."
    )
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    country_id = fields.Many2one(
        "res.country", "Country", index=True, help="Empty: sold everywhere."
    )
    pattern = fields.Char(
        "Number pattern",
        help="Regular expression that the digits of a number, with country code and without plus, "
        "must match.",
    )
    logo_url = fields.Char("Logo address")
    care_number = fields.Char("Customer care")
    region_codes = fields.Char("Region codes")
    region_ids = fields.Many2many(
        "pg.region",
        "pg_operator_region_rel",
        "operator_id",
        "region_id",
        "Regions",
        readonly=True,
    )
    promotion_ids = fields.One2many("pg.promotion", "operator_id", "Promotions", readonly=True)
    payment_types = fields.Char("Payment types")
    sku_ids = fields.One2many("pg.sku", "operator_id", "SKUs")
    sku_count = fields.Integer("SKUs on sale", compute="_compute_sku_count")

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has an operator with this code already."
    )

    # === COMPUTE === #

    def _compute_sku_count(self):
        groups = self.env["pg.sku"]._read_group(
            [("operator_id", "in", self.ids)], ["operator_id"], ["__count"]
        )
        counts = {operator.id: count for operator, count in groups}
        for operator in self:
            operator.sku_count = counts.get(operator.id, 0)

    # === CONSTRAINT === #

    @api.constrains("pattern")
    def _check_pattern(self):
        for operator in self.filtered("pattern"):
            try:
                patterns.compile_pattern(operator.pattern)
            except patterns.UnsafePattern as error:
                raise ValidationError(
                    self.env._(
                        "The number pattern of %(operator)s cannot be used: %(reason)s.",
                        operator=operator.name,
                        reason=str(error),
                    )
                ) from None

    # === ACTION === #

    def action_open_skus(self):
        """Open the SKUs of the operator."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_sku_action")
        return {**action, "domain": [("operator_id", "in", self.ids)], "context": {}}

    def action_add_offers(self):
        """Open "Add from catalogue" with this operator chosen."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_add_action")
        return {
            **action,
            "context": {
                "default_country_id": self.country_id.id,
                "default_operator_id": self.id,
            },
        }
