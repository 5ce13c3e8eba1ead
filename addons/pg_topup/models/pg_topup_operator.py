from odoo import models


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _on_state(self, before):
        """Override to remember what a delivery has proven: the number's operator, its customer."""
        super()._on_state(before)
        if self.state == "completed":
            self.env["pg.operator"].sudo()._remember_operator(
                self.company_id, self.number, self.operator_id
            )
            self.env["pg.recipient"].sudo()._remember(self)
