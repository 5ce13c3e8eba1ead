from odoo import api, fields, models
from odoo.exceptions import UserError


class PgRefundAsk(models.TransientModel):
    """How much of a payment goes back to the payer, and why."""

    _name = "pg.refund.ask"
    _description = "Refund a payment"

    transaction_id = fields.Many2one("payment.transaction", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_money")
    refundable = fields.Monetary("Can be refunded", compute="_compute_money")
    amount = fields.Monetary(required=True)
    charged = fields.Char(
        "Goes back as",
        compute="_compute_money",
        help="What the payer gets: this payment was charged in another currency.",
    )
    reason = fields.Char(required=True)

    @api.depends("transaction_id", "amount")
    def _compute_money(self):
        """Tell what can go back, of a payment that the user may see: not of other sellers'."""
        for dialog in self:
            dialog.transaction_id.check_access("read")
            tx = dialog.transaction_id
            dialog.currency_id = tx.currency_id
            dialog.refundable = tx.pg_refundable
            # In sudo mode to read the provider's class; the right was checked above.
            dialog.charged = tx.sudo()._pg_describe_refund(dialog.amount)

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
