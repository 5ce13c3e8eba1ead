from odoo import fields, models


class PgRegion(models.Model):
    """A part of a country for which a supplier's operators and SKUs may differ.

    Rows are written by the sync alone.
    """

    _name = "pg.region"
    _description = "Region of a supplier"
    _order = "name, id"

    name = fields.Char(required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    country_id = fields.Many2one("res.country", "Country", readonly=True, index=True)

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has this region already."
    )
