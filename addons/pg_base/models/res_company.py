import re

from odoo import api, fields, models
from odoo.addons.base.models.res_partner import _tz_get
from odoo.exceptions import ValidationError
from odoo.tools import SQL

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class ResCompany(models.Model):
    """A company is a seller (the tenant) once it sells prepaid minutes."""

    _inherit = "res.company"

    pg_is_seller = fields.Boolean(
        "Sells prepaid minutes", help="Opens the storefront and the prepaid menus to this company."
    )
    pg_slug = fields.Char(
        "Storefront name",
        copy=False,
        help="The last part of the storefront's address: small letters, digits and hyphens.",
    )
    pg_tz = fields.Selection(
        _tz_get,
        string="Business timezone",
        default="Pacific/Port_Moresby",
        help="Decides to which business day a sale belongs. Sales made before keep their day.",
    )
    pg_brand_color = fields.Char("Brand colour", default="#0b6e4f")
    pg_tagline = fields.Char("Tagline", translate=True)

    _pg_slug_unique = models.UniqueIndex("(pg_slug)", "This storefront name is taken already.")

    # === CONSTRAINTS === #

    @api.constrains("pg_slug", "pg_is_seller")
    def _check_pg_slug(self):
        for company in self:
            if company.pg_slug and not SLUG.fullmatch(company.pg_slug):
                raise ValidationError(
                    self.env._("The storefront name takes small letters, digits and hyphens only.")
                )
            if company.pg_is_seller and not company.pg_slug:
                raise ValidationError(self.env._("A seller needs a storefront name."))

    @api.constrains("pg_brand_color")
    def _check_pg_brand_color(self):
        for company in self:
            if company.pg_brand_color and not COLOR.fullmatch(company.pg_brand_color):
                raise ValidationError(self.env._("A colour is written as #rrggbb."))

    # === BUSINESS === #

    @api.model
    def _pg_from_slug(self, slug):
        """Return the seller of a storefront (sudo), or an empty recordset.

        :param str slug: from an address, so anything.
        """
        if not isinstance(slug, str) or not SLUG.fullmatch(slug):
            return self.sudo().browse()
        self.flush_model(["pg_slug", "pg_is_seller", "active"])
        rows = self.env.execute_query(
            SQL("SELECT id FROM res_company WHERE pg_slug = %s AND pg_is_seller AND active", slug)
        )
        return self.sudo().browse(id_ for (id_,) in rows)
