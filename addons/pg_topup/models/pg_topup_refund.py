from odoo import api, models
from odoo.exceptions import UserError

from .. import const
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
        self._end_failed(reason)
        self._return_money(policy or self.company_id.pg_failure_policy)

    def _end_failed(self, reason):
        self._set_state(
            "failed",
            note=reason,
            failure=reason,
            next_attempt_at=False,
            next_probe_at=False,
            needs_person=False,
            is_held=False,
        )

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
        if not source.pg_refund_due_at or self._is_returned(source):
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
                left = float(source._pg_get_refundable()) if source._pg_is_ours() else None
                refund = source._pg_refund_to_credit() if to_credit else source._refund(left)
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

    @api.model
    def _is_returned(self, source):
        """Tell whether nothing of a payment is left to ask for, or something is asked for now.

        A part that went back before, at the gateway itself or by hand, leaves the rest.
        """
        if not source._pg_is_ours():
            return self._has_refund(source)
        children = source.child_transaction_ids.filtered(lambda tx: tx.operation == "refund")
        is_open = any(child.state in ("draft", "pending", "authorized") for child in children)
        return is_open or source._pg_get_refundable() <= 0

    def _on_refund_done(self, source, refund):
        """Take the news that money went back; the gateway itself says so."""
        if not self:
            return
        self._lock()
        self._post_refunded(refund)
        self._log_event("refund", self.env._("Refund %s is done.", refund.reference))
        if source != self.payment_tx_id:
            return
        refunded = -sum(
            child.amount
            for child in source.child_transaction_ids
            if child.operation == "refund" and child.state == "done"
        )
        is_whole = self.currency_id.compare_amounts(refunded, self.amount) >= 0
        if self.state in const.OPEN_STATES:
            self._on_money_gone(is_whole)
        elif self.state == "failed" and is_whole:
            self._set_state("refunded", refund_state="done", needs_person=False)

    def _on_money_gone(self, is_whole):
        """Take the news that money went back, at the gateway itself, before the top-up is over."""
        is_flying = any(a.state in const.LIVE_ATTEMPTS for a in self.attempt_ids)
        if is_flying or self.state == "in_doubt":
            self._alert(self.env._("The money went back while the top-up is being sent."))
        elif is_whole:
            self._end_failed(self.env._("The money went back before it was sent."))
            self._set_state("refunded", refund_state="done")
        else:
            self._hold(self.env._("A part of the money went back before it was sent."))

    def _on_refund_error(self, refund):
        """Take the news that a gateway could not give money back: a person is needed.

        A gateway may take back its word that a refund is done: the books and the state follow.
        """
        self._lock()
        undone = self._post_refund_failed(refund)
        if self.payment_tx_id == refund.source_transaction_id:
            if undone and self.state == "refunded":
                self._set_state(
                    "failed",
                    note=self.env._("The refund, called done before, has failed."),
                    refunded_at=False,
                    refund_state="error",
                )
            elif self.state == "failed":
                self.write({"refund_state": "error"})
        self._alert(
            self.env._(
                "The refund %(ref)s failed: %(why)s",
                ref=refund.reference,
                why=refund.state_message or self.env._("no reason given"),
            )
        )
