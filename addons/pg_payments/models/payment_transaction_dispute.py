from odoo import fields, models

#: A dispute that has ended does not open again by a late event.
ENDED = ("won", "lost", "closed")


class PaymentTransaction(models.Model):
    """Money that a payer or a bank wants back: the payment stays done, people are told."""

    _inherit = "payment.transaction"

    pg_dispute_state = fields.Selection(
        [
            ("open", "Disputed"),
            ("won", "Won by the seller"),
            ("lost", "Lost by the seller"),
            ("closed", "Closed"),
        ],
        "Dispute",
        readonly=True,
        copy=False,
    )
    pg_dispute_at = fields.Datetime("Disputed on", readonly=True, copy=False)
    pg_dispute_closed_at = fields.Datetime("Dispute closed on", readonly=True, copy=False)

    def _pg_apply_dispute(self, news, outcome):
        """Follow news of a dispute: flag the payment, record how it ended.

        :param str news: the gateway's word for what happened.
        :param str outcome: won, lost, another word of the gateway, or empty while it runs.
        """
        self._gateway_lock()
        if not outcome and self.pg_dispute_state in ENDED:
            return
        state = outcome if outcome in ("won", "lost") else "closed" if outcome else "open"
        if state == self.pg_dispute_state:
            return
        now = fields.Datetime.now()
        values = {"pg_dispute_state": state, "pg_dispute_at": self.pg_dispute_at or now}
        if state in ENDED:
            values["pg_dispute_closed_at"] = now
        self.write(values)
        labels = dict(self._fields["pg_dispute_state"]._description_selection(self.env))
        self._pg_flag(
            self.env._(
                "Disputed at the gateway (%(news)s): %(state)s", news=news, state=labels[state]
            )
        )
        self._pg_on_dispute(news, outcome)

    def _pg_on_dispute(self, news, outcome=""):
        """Hook for the layers above: a payer disputes this payment, or the dispute has ended.

        Called once per change, under the lock, with `pg_dispute_state` written.

        :param str news: the gateway's word for what happened.
        :param str outcome: won, lost or another word of the gateway; empty while it runs.
        """

    def _pg_is_lost_as_refund(self):
        """Tell whether the gateway takes a lost dispute's money as a refund, which it tells apart.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self._pg_is_ours() and (
            self.provider_id._pg_get_gateway_class().refunds_lost_disputes
        )

    def _pg_apply_reversal(self, source, refund_id, payment_id=""):
        """Follow money that was taken back without the seller's asking, wholly or in part."""
        self._pg_sync_refunds(source, refund_id, payment_id)
        self._pg_flag(self.env._("Money was taken back at the gateway (%s)", source))
