from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .. import const
from ..clock import now


class PaymentTransaction(models.Model):
    """Ties payments, of any provider of Odoo, to the top-up that they pay for."""

    _inherit = "payment.transaction"

    pg_topup_id = fields.Many2one(
        "pg.topup", "Top-up", readonly=True, index="btree_not_null", copy=False
    )
    # Set: the money of this payment goes back, by the refund worker, from that moment on.
    pg_refund_due_at = fields.Datetime(readonly=True, copy=False)
    # Set before a gateway is asked in the same step; see `_run_refund`.
    pg_refund_asked_at = fields.Datetime(readonly=True, copy=False)

    _pg_refund_due_index = models.Index("(pg_refund_due_at) WHERE pg_refund_due_at IS NOT NULL")

    # === STATE FUNNELS OF `payment` === #

    def _set_done(self, **kwargs):
        """Override of `payment` to tell the top-up, in the same database transaction."""
        done = super()._set_done(**kwargs)
        for transaction in done.sudo():
            if transaction.operation == "refund":
                source = transaction.source_transaction_id
                source.pg_topup_id._on_refund_done(source, transaction)
            elif transaction.pg_topup_id:
                transaction.pg_topup_id._on_paid(transaction)
        return done

    def _set_canceled(self, *args, **kwargs):
        """Override of `payment` to tell the top-up that its payment page is closed.

        A payer who stopped it to pay another way stays with the order, which can still be paid.
        """
        cancelled = super()._set_canceled(*args, **kwargs)
        if self.env.context.get("pg_payer_stays"):
            return cancelled
        for transaction in cancelled.sudo():
            if transaction.operation != "refund" and transaction.pg_topup_id:
                transaction.pg_topup_id._on_payment_over(transaction)
        return cancelled

    def _set_error(self, *args, **kwargs):
        """Override of `payment` to tell the top-up that money did not go back."""
        wrong = super()._set_error(*args, **kwargs)
        for transaction in wrong.sudo().filtered(lambda tx: tx.operation == "refund"):
            topup = transaction.source_transaction_id.pg_topup_id
            if topup:
                topup._on_refund_error(transaction)
        return wrong

    def _log_received_message(self):
        """Override of `payment` to compose no message where the top-up's timeline tells it."""
        super(
            PaymentTransaction, self.filtered(lambda tx: not tx.pg_topup_id)
        )._log_received_message()

    def _pg_lock_together(self):
        """Override of `pg_payments` to lock the top-ups, too, and read them by one statement."""
        super()._pg_lock_together()
        self.pg_topup_id._lock()
        # The lock has made Odoo forget which top-up is whose, too; now one statement reads each.
        self.pg_topup_id.mapped("state")

    def _pg_on_fee_known(self):
        """Override of `pg_payments` to book the gateway's fee."""
        super()._pg_on_fee_known()
        for transaction in self.sudo().filtered("pg_topup_id"):
            transaction.pg_topup_id._post_fee(transaction)

    # === REFUND === #

    def _pg_queue_refund(self, *, as_credit=False):
        """Have the whole payment given back by the refund worker.

        :param bool as_credit: as credit with the seller instead of through the gateway.
        """
        self.ensure_one()
        self.write(
            {
                "pg_refund_due_at": now(),
                "pg_refund_asked_at": False,
                "pg_refund_as_credit": as_credit,
            }
        )
        self.pg_topup_id._wake_dispatcher()

    def _pg_claim_refunds(self, limit):
        """Return payments whose refund is due, locked; skips those of another worker."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM payment_transaction WHERE pg_refund_due_at <= %s
                   ORDER BY pg_refund_due_at LIMIT %s FOR UPDATE SKIP LOCKED""",
                now(),
                limit,
            )
        )
        claimed = self.browse(id_ for (id_,) in rows)
        claimed.invalidate_recordset()
        claimed.write({"pg_refund_due_at": now() + timedelta(seconds=const.CLAIM)})
        return claimed
