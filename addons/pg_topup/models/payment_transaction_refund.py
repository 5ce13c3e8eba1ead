from odoo import models
from odoo.exceptions import UserError

#: While it is not known how a top-up ends, its money does not go back by hand.
OPEN = ("paid", "processing", "in_doubt")


class PaymentTransaction(models.Model):
    """Refunds by hand of payments of top-ups: never beside a send, and told in the timeline."""

    _inherit = "payment.transaction"

    def _pg_refund_by_person(self, amount, reason):
        """Override of `pg_payments` to refuse it for a top-up whose end is not known yet."""
        topup = self.sudo().pg_topup_id
        if topup and topup.payment_tx_id == self:
            self._pg_check_may_refund()
            topup._lock()
            if topup.state in OPEN:
                raise UserError(
                    self.env._(
                        "Top-up %s is under way: its money goes back by itself if it fails.",
                        topup.name,
                    )
                )
            if topup.state == "failed" and topup.refund_state in ("due", "requested"):
                raise UserError(
                    self.env._("The money of top-up %s is on its way back already.", topup.name)
                )
        refund = super()._pg_refund_by_person(amount, reason)
        if topup:
            topup._log_event(
                "refund", self.env._("Refund %(ref)s: %(why)s", ref=refund.reference, why=reason)
            )
        return refund
