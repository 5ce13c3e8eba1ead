import time

from odoo import models
from psycopg2 import OperationalError

from ..exceptions import EventFault

#: What tells whether news is old, and what its lock needs.
KNOWN_BY = (
    "reference",
    "provider_id",
    "state",
    "operation",
    "pg_checkout_ref",
    "pg_payment_ref",
    "gateway_fee_currency_id",
    "source_transaction_id",
)


class PgPaymentEvent(models.Model):
    """News of several payments in one database transaction: what all of them need is read once."""

    _inherit = "pg.payment.event"

    def _handle_together(self, seconds):
        """Process several events in one database transaction, as long as the time lasts.

        :param float seconds: after which no further event is begun.
        :return: those that were processed.
        :raise EventFault: one of them went wrong; the transaction is of no use then.
        :raise OperationalError: another transaction was in the way, likewise.
        """
        known = self._find_known()
        # News of what is booked already changes nothing: it waits for nobody's lock, least of all
        # for that of who sends the top-up just now.
        fresh = [
            tx
            for event in self
            if (tx := known.get(event.reference)) and not event._is_old_news(tx)
        ]
        self.env["payment.transaction"].sudo().union(*fresh)._pg_lock_together()
        end, done = time.monotonic() + seconds, self.browse()
        for event in self:
            if done and time.monotonic() > end:
                break
            event._apply_or_raise(known.get(event.reference))
            done += event
        return done

    def _find_known(self):
        """Return the transactions that this news names, by their reference."""
        Transaction = self.env["payment.transaction"].sudo()
        references = [event.reference for event in self if event.reference]
        if not references:
            return {}
        txs = Transaction.search_fetch([("reference", "in", references)], KNOWN_BY)
        return {tx.reference: tx for tx in txs}

    def _apply_or_raise(self, known):
        started = time.monotonic()
        try:
            self._apply(known)
        except OperationalError:
            raise
        except Exception as error:
            raise EventFault(self.id, time.monotonic() - started) from error
