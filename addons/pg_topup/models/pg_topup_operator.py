from odoo import models


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _on_state(self, before):
        """Override to remember which operator a delivery has proven to serve the number."""
        super()._on_state(before)
        if self.state == "completed":
            self.env["pg.operator"].sudo()._remember_operator(
                self.company_id, self.number, self.operator_id
            )
