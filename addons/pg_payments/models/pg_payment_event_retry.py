import logging
from datetime import timedelta

from odoo import fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.tools import SQL

from .. import inbox, inbox_cron
from ..const import BATCH, EVENT_DELAYS, pick_delay

_logger = logging.getLogger(f"{__package__}.pg_payment_event")


class PgPaymentEvent(models.Model):
    """What becomes of news that could not be processed: tried again, slower and slower."""

    _inherit = "pg.payment.event"

    def _keep_fault(self, error):
        """Keep what went wrong with this event, to be tried again by the cron."""
        if isinstance(error, OutsideError):
            _logger.warning("payment event %s: %r", self.event_id, error)
            self._fail(f"{type(error).__name__}: {error.message}")
        else:
            _logger.error("payment event %s cannot be processed", self.event_id, exc_info=error)
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, note):
        """Keep an error and plan the next try, as long as one makes sense."""
        goes_on = self.tries < len(EVENT_DELAYS)
        self.write(
            {
                "state": "failed",
                "note": note,
                "next_try_at": goes_on
                and fields.Datetime.now() + pick_delay(EVENT_DELAYS, self.tries),
                "tries": self.tries + 1,
            }
        )

    def _is_due(self):
        """Tell whether this news is to be processed now: it may be put off meanwhile."""
        now = fields.Datetime.now()
        is_due = bool(self.next_try_at) and self.next_try_at <= now
        return self.state == "new" or (self.state == "failed" and is_due)

    def _let_account_rest(self):
        """Put the other news of this account off for a minute: its gateway keeps us waiting, and
        the news of other sellers would wait behind it. No try is counted."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE pg_payment_event SET state = 'failed', note = %(note)s,
                          next_try_at = %(later)s
                    WHERE id IN (SELECT id FROM pg_payment_event
                                  WHERE provider_id = %(provider)s AND id != %(event)s
                                    AND (state = 'new'
                                         OR state = 'failed' AND next_try_at <= %(now)s)
                                  FOR UPDATE SKIP LOCKED)""",
                note=self.env._("The gateway kept us waiting for other news."),
                later=fields.Datetime.now() + timedelta(seconds=EVENT_DELAYS[0]),
                now=fields.Datetime.now(),
                provider=self.provider_id.id,
                event=self.id,
            )
        )
        self.invalidate_model(["state", "note", "next_try_at"])

    # === CRON === #

    def _cron_retry(self):
        """Process bursts and what a crash left, and try failed events again."""
        is_left = inbox_cron.work_off_all(self.env)
        due = self.search(
            [("state", "=", "failed"), ("next_try_at", "<=", fields.Datetime.now())],
            order="next_try_at, id",
            limit=BATCH,
        )
        for event_id in due.ids:
            inbox.process(self.env, event_id, tries=1)
        if is_left or len(due) == BATCH:
            self.env.ref("pg_payments.cron_events")._trigger()
