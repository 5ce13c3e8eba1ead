from odoo import api, fields, models


class MailTemplate(models.Model):
    """A seller's own texts are not for the other sellers; those of the platform are for all."""

    _inherit = "mail.template"

    pg_company_id = fields.Many2one(
        "res.company",
        "Organisation",
        index="btree_not_null",
        ondelete="cascade",
        default=lambda self: self._get_pg_company(),
        help="Only this organisation sees and uses the template. Empty: everybody.",
    )

    @api.model
    def _get_pg_company(self):
        """Return the organisation of what a seller's own staff writes, else nothing."""
        user = self.env.user
        is_seller = user.has_group("pg_base.group_viewer")
        is_platform = user.has_group("pg_base.group_platform_admin")
        return self.env.company if is_seller and not is_platform else self.env["res.company"]
