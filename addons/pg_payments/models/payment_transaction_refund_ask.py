from odoo import api, fields, models
from odoo.exceptions import AccessError


class PaymentTransaction(models.Model):
    """A person gives money back, whole or in part, from the payment's own screen."""

    _inherit = "payment.transaction"

    pg_refundable = fields.Monetary(
        "Can be refunded",
        compute="_compute_pg_refundable",
        compute_sudo=True,
        help="What was paid, less what went back or is under way.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "operation", "amount", "child_transaction_ids.state")
    def _compute_pg_refundable(self):
        for tx in self:
            paid = tx.state == "done" and tx.operation != "refund" and tx._pg_is_ours()
            tx.pg_refundable = float(tx._pg_get_refundable()) if paid else 0.0

    # === ACTION METHODS === #

    def action_pg_open_refund(self):
        """Open the dialog in which a manager says how much goes back, and why."""
        self.ensure_one()
        self._pg_check_may_refund()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund"),
            "res_model": "pg.refund.ask",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_transaction_id": self.id,
                "default_amount": self.pg_refundable,
            },
        }

    # === BUSINESS METHODS === #

    def _pg_check_may_refund(self):
        """Raise unless the user may give this payment back by hand.

        :raise AccessError: no manager, or another seller's payment.
        """
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_manager"):
            raise AccessError(self.env._("Only a manager may give money back."))

    def _pg_refund_by_person(self, amount, reason):
        """Ask for a refund in a person's name; the worker sends it.

        :param amount: in the payment's currency, at most :attr:`pg_refundable`.
        :param str reason: kept with the payment.
        :return: the refund, a child transaction.
        :raise AccessError: the user may not.
        :raise UserError: not this amount, or not now.
        """
        self.ensure_one()
        self._pg_check_may_refund()
        # In sudo mode: nobody may write payments; the rights were checked above.
        source = self.sudo()
        source._pg_check_refund(amount)
        refund = source._refund(amount)
        source.message_post(
            body=self.env._(
                "%(who)s asked for refund %(ref)s: %(why)s",
                who=self.env.user.name,
                ref=refund.reference,
                why=reason,
            )
        )
        details = f"{refund.reference}: {amount} {source.currency_id.name}; {reason}"
        self.env["pg.audit.log"]._log("refund.asked", source, details)
        return refund
