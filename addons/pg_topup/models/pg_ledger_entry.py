from odoo import models
from odoo.exceptions import UserError


class PgLedgerEntry(models.Model):
    _inherit = "pg.ledger.entry"

    # === ACTION === #

    def action_open_topup(self):
        """Show the top-up that these entries are about: the end of the way down from a figure."""
        topups = self.env["pg.topup"].search([("uuid", "in", self.mapped("subject"))])
        if not topups:
            raise UserError(self.env._("This entry is not about a top-up that you may see."))
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Top-ups"),
            "res_model": "pg.topup",
            "view_mode": "list,form",
            "domain": [("id", "in", topups.ids)],
        }
        if len(topups) == 1:
            action |= {"view_mode": "form", "res_id": topups.id}
        return action


class PgLedgerPosting(models.Model):
    _inherit = "pg.ledger.posting"

    # === ACTION === #

    def action_open_topup(self):
        """Show the top-ups that these postings are about."""
        return self.entry_id.action_open_topup()
