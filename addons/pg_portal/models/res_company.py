from odoo import models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    # === ACTION === #

    def action_pg_open_storefront(self):
        """Open the seller's storefront in a new tab."""
        self.ensure_one()
        if not (self.pg_is_seller and self.pg_slug):
            raise UserError(self.env._("Switch on selling and name the storefront first."))
        return {"type": "ir.actions.act_url", "url": f"/topup/{self.pg_slug}", "target": "new"}
