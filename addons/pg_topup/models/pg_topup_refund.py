from odoo import api, models
from odoo.exceptions import UserError

from ..clock import now


class PgTopup(models.Model):
    """The way back of the money, through the gateway by which it came."""

    _inherit = "pg.topup"

    def _fail(self, reason, *, policy=None):
        """End the top-up as proven not delivered, and have the money go back.

        :param str reason: for the customer and the staff.
        :param str policy: a key of ``const.FAILURE_POLICIES``; the seller's own when left out.
        """
        self.ensure_one()
        self._set_state(
            "failed",
            note=reason,
            failure=reason,
            next_attempt_at=False,
            next_probe_at=False,
            needs_person=False,
            is_held=False,
        )
        self._return_money(policy or self.company_id.pg_failure_policy)

    def _queue_refund(self, note, *, as_credit=False):
        self.ensure_one()
        if not self.payment_tx_id:
            return
        self.write({"refund_state": "due"})
        self._log_event("refund", note)
        self.payment_tx_id._pg_queue_refund(as_credit=as_credit)

    @api.model
    def _claim_refunds(self, limit=20):
        """Return the ids of payments whose refund this worker may ask for; commit after it."""
        return self.env["payment.transaction"].sudo()._pg_claim_refunds(limit).ids

    @api.model
    def _run_refund(self, transaction_id, *, committed=False):
        """Ask for the refund of one claimed payment.

        A gateway of ours only queues it here. Another provider of Odoo is called right here, and
        has no key that makes a repeated call harmless: so the wish is committed first, and a wish
        that was left without a refund is never repeated but shown to a person.

        :param bool committed: the wish stands in the database since the caller's last commit.
        :return: True when the caller must commit and call again with ``committed``.
        """
        source = self.env["payment.transaction"].sudo().browse(transaction_id)
        source._gateway_lock()
        if not source.pg_refund_due_at or self._has_refund(source):
            source.pg_refund_due_at = False
        elif committed or source._pg_is_ours() or source._pg_goes_to_credit():
            self._ask_refund(source)
        elif source.pg_refund_asked_at:
            source.pg_refund_due_at = False
            source.pg_topup_id._alert(
                self.env._("A refund may have been asked for: check at the gateway by hand.")
            )
        else:
            source.pg_refund_asked_at = now()
            return True
        return False

    def _ask_refund(self, source):
        topup = source.pg_topup_id
        source.pg_refund_due_at = False
        try:
            with self.env.cr.savepoint():
                to_credit = source._pg_goes_to_credit()
                refund = source._pg_refund_to_credit() if to_credit else source._refund()
        except UserError as error:
            topup.write({"refund_state": "error"})
            topup._alert(self.env._("The refund could not be asked for: %s", error.args[0]))
            return
        if refund.state != "error" and topup.payment_tx_id == source:
            if topup.refund_state == "due":
                topup.write({"refund_state": "requested"})
        topup._log_event("refund", self.env._("Refund %s asked for.", refund.reference))

    @api.model
    def _has_refund(self, source):
        """Tell whether a payment has a refund that is done or may still be."""
        return any(
            child.operation == "refund" and child.state not in ("error", "cancel")
            for child in source.child_transaction_ids
        )

    def _on_refund_done(self, source, refund):
        """Take the news that money went back; the gateway itself says so."""
        if not self:
            return
        self._lock()
        self._post_refunded(refund)
        self._log_event("refund", self.env._("Refund %s is done.", refund.reference))
        if source != self.payment_tx_id or self.state != "failed":
            return
        refunded = -sum(
            child.amount
            for child in source.child_transaction_ids
            if child.operation == "refund" and child.state == "done"
        )
        if self.currency_id.compare_amounts(refunded, self.amount) >= 0:
            self._set_state("refunded", refund_state="done")

    def _on_refund_error(self, refund):
        """Take the news that a gateway refused to give money back: a person is needed."""
        self._lock()
        self._undo_refunded(refund)
        if self.payment_tx_id == refund.source_transaction_id and self.state == "failed":
            self.write({"refund_state": "error"})
        self._alert(
            self.env._(
                "The refund %(ref)s failed: %(why)s",
                ref=refund.reference,
                why=refund.state_message or self.env._("no reason given"),
            )
        )
