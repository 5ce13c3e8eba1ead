from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class PaymentTransaction(models.Model):
    """Refunds of a gateway that has none: a person sends the money and says so."""

    _inherit = "payment.transaction"

    pg_refund_step = fields.Selection(selection_add=[("by_hand", "To be sent by hand")])

    # === ACTION METHODS === #

    def action_pg_open_manual_refund(self):
        """Open the dialog in which a person confirms a refund."""
        self._pg_check_manual_refund()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund sent by hand"),
            "res_model": "pg.refund.confirm",
            "view_mode": "form",
            "target": "new",
            "context": {"default_transaction_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _send_refund_request(self):
        """Override to ask a person where the gateway has no refunds."""
        if not self._pg_is_ours() or not self._pg_is_refunded_by_hand():
            return super()._send_refund_request()
        amount, currency = self._pg_get_gateway_pair()
        self.write({"pg_refund_step": "by_hand", "pg_next_try_at": False})
        self._set_pending(state_message=self.env._("Waits for a person to send the money back."))
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Send a refund by hand"),
            note=self.env._(
                "Send %(amount)s %(currency)s back to the payer of %(payment)s, then confirm it.",
                amount=amount,
                currency=currency,
                payment=self.source_transaction_id.reference,
            ),
            user_id=self._pg_get_responsible().id,
        )
        return None

    def _pg_is_refunded_by_hand(self):
        return self.provider_id._pg_get_gateway_class().refunds_by_hand

    def _pg_check_manual_refund(self):
        """Raise unless the user may say how this refund ended."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_manager"):
            raise AccessError(self.env._("Only a manager may confirm refunds."))
        # In sudo mode to read the step.
        tx = self.sudo()
        if tx.pg_refund_step != "by_hand" or tx.state != "pending":
            raise UserError(self.env._("This refund does not wait for a person."))

    def _pg_end_manual_refund(self, is_sent, proof):
        """Write down how a refund by hand ended, and who says so.

        :param bool is_sent: the money went back; else it cannot be sent.
        :param str proof: the transfer's reference, or why it cannot be sent.
        """
        self._pg_check_manual_refund()
        # In sudo mode since nobody may change transactions by hand.
        tx = self.sudo()
        tx._gateway_lock()
        self._pg_check_manual_refund()
        if is_sent:
            tx.write({"pg_refund_step": "accepted", "provider_reference": proof})
            tx._set_done()
        else:
            tx.pg_refund_step = "refused"
            tx._set_error(self.env._("The refund could not be sent: %s", proof))
        tx.activity_ids.action_feedback(feedback=proof)
        action = "refund.confirmed" if is_sent else "refund.refused"
        self.env["pg.audit.log"]._log(action, tx, proof)
