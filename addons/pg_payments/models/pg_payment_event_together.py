import time

from odoo import models
from psycopg2 import OperationalError

from ..exceptions import EventFault


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
        Transaction = self.env["payment.transaction"].sudo()
        references = [event.reference for event in self if event.reference]
        txs = Transaction.search([("reference", "in", references)]) if references else Transaction
        txs._pg_lock_together()
        known = {tx.reference: tx for tx in txs}
        end, done = time.monotonic() + seconds, self.browse()
        for event in self:
            if done and time.monotonic() > end:
                break
            event._apply_or_raise(known.get(event.reference))
            done += event
        return done

    def _apply_or_raise(self, known):
        started = time.monotonic()
        try:
            self._apply(known)
        except OperationalError:
            raise
        except Exception as error:
            raise EventFault(self.id, time.monotonic() - started) from error
