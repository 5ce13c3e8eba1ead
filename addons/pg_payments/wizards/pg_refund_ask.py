from odoo import fields, models
from odoo.exceptions import UserError


class PgRefundAsk(models.TransientModel):
    """How much of a payment goes back to the payer, and why."""

    _name = "pg.refund.ask"
    _description = "Refund a payment"

    transaction_id = fields.Many2one("payment.transaction", required=True, readonly=True)
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    refundable = fields.Monetary(related="transaction_id.pg_refundable")
    amount = fields.Monetary(required=True)
    reason = fields.Char(required=True)

    def action_refund(self):
        """Ask for the refund."""
        self.ensure_one()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Please say why the money goes back."))
        refund = self.transaction_id._pg_refund_by_person(self.amount, self.reason.strip())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Refund %s was asked for.", refund.sudo().reference),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
