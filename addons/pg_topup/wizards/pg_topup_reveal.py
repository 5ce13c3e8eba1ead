from odoo import fields, models
from odoo.exceptions import ValidationError


class PgTopupReveal(models.TransientModel):
    """A manager's wish to see the code that a customer bought; the reason is kept."""

    _name = "pg.topup.reveal"
    _description = "Show a customer's code"

    topup_id = fields.Many2one("pg.topup", required=True, readonly=True)
    reason = fields.Text(required=True)

    def action_show(self):
        """Show the code once, in a message that is stored nowhere."""
        self.ensure_one()
        reason = (self.reason or "").strip()
        if len(reason) < 10:
            raise ValidationError(self.env._("Give the reason in a sentence: it is kept."))
        known = self.topup_id._show_pin_to_staff(reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Code of %s, shown only now", self.topup_id.name),
                "message": known["code"] or known["text"],
                "sticky": True,
                "type": "warning",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
