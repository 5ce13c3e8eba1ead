import time
from collections import namedtuple
from datetime import timedelta
from functools import partial

from odoo import api, models
from odoo.addons.pg_base.tools.steps import commit
from odoo.tools import SQL

from ..clock import now
from ..dispatcher import CHANNEL, PRESENCE_LOCK, Dispatcher, waker

# Seconds for which a cron run takes on new work; calls in flight are finished after it.
CRON_SECONDS = 60
# Seconds for which a process remembers whether a dispatcher of its own process runs.
PRESENCE_SECONDS = 5

Work = namedtuple("Work", "sends probes refunds leases next_at")
_presence = {}


class PgTopup(models.Model):
    """Waking the dispatchers, and telling them what is due."""

    _inherit = "pg.topup"

    @api.model
    def _wake_dispatcher(self, at=None):
        """Have a dispatcher look for work once this transaction is committed.

        :param at: the moment at which it falls due, now when left out. A dispatcher finds out by
            itself what is due within its cron's minute.
        """
        # Both work at the commit, so once is enough; a rollback forgets that it was done.
        done = self.env.cr.precommit.data.setdefault("pg_topup.woken", set())
        if "process" not in done:
            done.add("process")
            self.env.cr.execute(SQL("SELECT pg_notify(%s, '')", CHANNEL))
        is_due = at is None or at <= now()
        if is_due and "cron" not in done and not self._has_process():
            done.add("cron")
            self._trigger_cron()

    @api.model
    def _has_process(self):
        """Tell whether a dispatcher runs as a process of its own, as of some seconds ago."""
        name, moment = self.env.cr.dbname, time.monotonic()
        known = _presence.get(name)
        if not known or known[0] < moment - PRESENCE_SECONDS:
            [[found]] = self.env.execute_query(
                SQL(
                    """SELECT EXISTS (
                           SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                            WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s
                              AND d.datname = current_database())""",
                    PRESENCE_LOCK,
                )
            )
            known = _presence[name] = (moment, found)
        return known[1]

    @api.model
    def _trigger_cron(self):
        """Do what ``ir.cron._trigger`` does, without its reads and its connection per commit."""
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id("pg_topup.cron_dispatch")
        self.env.cr.execute(
            SQL(
                """INSERT INTO ir_cron_trigger (cron_id, call_at, create_uid, create_date)
                   SELECT id, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC'
                     FROM ir_cron WHERE id = %s AND active""",
                self.env.uid,
                cron_id,
            )
        )
        self.env.cr.postcommit.add(partial(waker.wake, self.env.cr.dbname))

    @api.model
    def _look_for_work(self, seconds=0):
        """Return what is due within some seconds, and when the next thing will be.

        One query over small partial indexes, so that a dispatcher may ask it often.

        :rtype: Work
        """
        [row] = self.env.execute_query(
            SQL(
                """WITH next AS (
                       SELECT (SELECT min(first.at) FROM pg_supplier s, LATERAL (
                                   SELECT next_attempt_at AS at FROM pg_topup
                                    WHERE supplier_id = s.id AND next_attempt_at IS NOT NULL
                                    ORDER BY next_attempt_at LIMIT 1) first) AS send,
                              (SELECT min(next_probe_at) FROM pg_topup
                                WHERE next_probe_at IS NOT NULL) AS probe,
                              (SELECT min(pg_refund_due_at) FROM payment_transaction
                                WHERE pg_refund_due_at IS NOT NULL) AS refund,
                              (SELECT min(lease_until) FROM pg_topup_attempt
                                WHERE state = 'sending') AS lease)
                   SELECT COALESCE(send <= %(at)s, false), COALESCE(probe <= %(at)s, false),
                          COALESCE(refund <= %(at)s, false), COALESCE(lease <= %(at)s, false),
                          LEAST(send, probe, refund, lease)
                     FROM next""",
                at=now() + timedelta(seconds=seconds),
            )
        )
        return Work(*row)

    @api.model
    def _cron_dispatch(self):
        """Send, look up and refund whatever is due; the same code as the process of its own."""
        commit(self.env)
        Dispatcher(self.env.registry).run(CRON_SECONDS)
