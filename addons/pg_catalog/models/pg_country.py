from odoo import fields, models


class PgCountry(models.Model):
    """A country that a supplier serves, with the lengths of its numbers as the supplier has them.

    Rows are written by the sync alone.
    """

    _name = "pg.country"
    _description = "Country of a supplier"
    _order = "name, id"

    name = fields.Char(required=True, readonly=True)
    code = fields.Char(required=True, readonly=True, help="ISO code, XG for everywhere.")
    active = fields.Boolean(default=True, readonly=True)
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    country_id = fields.Many2one("res.country", "Country", readonly=True, index=True)
    dialing = fields.Json(readonly=True, help="Prefix, shortest and longest length of numbers.")
    dialing_text = fields.Char("Numbers", compute="_compute_dialing_text")
    region_codes = fields.Char("Regions", readonly=True)

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has this country already."
    )

    # === COMPUTE === #

    def _compute_dialing_text(self):
        for country in self:
            country.dialing_text = ", ".join(
                f"+{prefix} ({low}-{high})" if low != high else f"+{prefix} ({low})"
                for prefix, low, high in country.dialing or ()
            )
