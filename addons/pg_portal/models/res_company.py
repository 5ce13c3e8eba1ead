from odoo import api, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    # === ACTION === #

    def action_pg_open_storefront(self):
        """Open the seller's storefront in a new tab."""
        self.ensure_one()
        if not (self.pg_is_seller and self.pg_slug):
            raise UserError(self.env._("Switch on selling and name the storefront first."))
        url = self._pg_get_storefront_url()
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    # === BUSINESS === #

    @api.private
    def _pg_get_storefront_url(self):
        """Override of `pg_catalog` to return the path of the storefront."""
        self.ensure_one()
        return f"/topup/{self.pg_slug}" if self.pg_is_seller and self.pg_slug else ""
