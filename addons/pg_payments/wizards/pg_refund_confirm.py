from odoo import fields, models


class PgRefundConfirm(models.TransientModel):
    """A person says how a refund by hand ended."""

    _name = "pg.refund.confirm"
    _description = "Refund sent by hand"

    transaction_id = fields.Many2one("payment.transaction", required=True, readonly=True)
    outcome = fields.Selection(
        [("sent", "The money was sent back"), ("refused", "It cannot be sent back")],
        required=True,
        default="sent",
    )
    proof = fields.Char(
        "Reference or reason",
        required=True,
        help="The reference of the transfer by which the money went back, or why it cannot.",
    )

    def action_confirm(self):
        """Write it down."""
        self.ensure_one()
        self.transaction_id._pg_end_manual_refund(self.outcome == "sent", self.proof)
        return {"type": "ir.actions.act_window_close"}
