from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import BACKOFF_SECONDS, STOPPING_KINDS


class PgLedgerMirror(models.Model):
    """Health of the mirror of one company: what waits, since when, and the last trouble."""

    _name = "pg.ledger.mirror"
    _description = "Ledger mirror"
    _order = "company_id"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    last_delivered_at = fields.Datetime(string="Last delivery", readonly=True)
    failures = fields.Integer(readonly=True, help="Failures in a row to reach MongoDB.")
    last_error = fields.Char(readonly=True)
    last_error_at = fields.Datetime(readonly=True)
    retry_at = fields.Datetime(readonly=True)
    waiting_count = fields.Integer(string="Not chained", compute="_compute_counts")
    head_seq = fields.Integer(string="Chain head", compute="_compute_counts")
    head_hash = fields.Char(string="Hash of the head", compute="_compute_counts")
    undelivered_count = fields.Integer(string="Not mirrored", compute="_compute_counts")
    lag_seconds = fields.Integer(
        string="Lag (s)", compute="_compute_counts", help="Age of the oldest entry not mirrored."
    )
    conflict_count = fields.Integer(string="Open conflicts", compute="_compute_counts")
    state = fields.Selection(
        [
            ("ok", "Up to date"),
            ("late", "Behind"),
            ("away", "MongoDB away"),
            ("stopped", "Stopped"),
        ],
        compute="_compute_counts",
    )

    _company_unique = models.Constraint("UNIQUE (company_id)", "The company has its mirror.")

    # === COMPUTE === #

    def _compute_counts(self):
        stats = self._read_stats(self.company_id.ids)
        for mirror in self:
            row = stats[mirror.company_id.id]
            mirror.waiting_count = row["waiting"]
            mirror.undelivered_count = row["undelivered"]
            mirror.head_seq = row["seq"]
            mirror.head_hash = row["hash"]
            mirror.lag_seconds = row["lag"]
            mirror.conflict_count = row["conflicts"]
            mirror.state = mirror._get_state(row)

    def _get_state(self, row):
        if row["stopped"]:
            return "stopped"
        if self.failures:
            return "away"
        return "late" if row["waiting"] or row["undelivered"] else "ok"

    @api.model
    def _read_stats(self, company_ids):
        """Count what waits per company, in one statement."""
        self.env.cr.execute(
            SQL(
                """
                SELECT company.id,
                       (SELECT count(*) FROM pg_ledger_outbox o
                         WHERE o.company_id = company.id) AS waiting,
                       (SELECT count(*) FROM pg_ledger_chain c
                         WHERE c.company_id = company.id AND mirrored_at IS NULL) AS undelivered,
                       COALESCE(head.seq, 0) AS seq, head.hash AS hash,
                       (SELECT count(*) FROM pg_ledger_conflict x
                         WHERE x.company_id = company.id AND state = 'open') AS conflicts,
                       EXISTS (SELECT 1 FROM pg_ledger_conflict x WHERE x.company_id = company.id
                                  AND state = 'open' AND kind = ANY(%s)) AS stopped,
                       COALESCE(EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - (
                           SELECT min(create_date) FROM pg_ledger_entry e WHERE e.id IN (
                               (SELECT min(entry_id) FROM pg_ledger_outbox o
                                 WHERE o.company_id = company.id),
                               (SELECT entry_id FROM pg_ledger_chain c
                                 WHERE c.company_id = company.id AND mirrored_at IS NULL
                                 ORDER BY seq LIMIT 1)))), 0)::int AS lag
                  FROM res_company company
                  LEFT JOIN LATERAL (SELECT seq, hash FROM pg_ledger_chain c
                       WHERE c.company_id = company.id ORDER BY seq DESC LIMIT 1) head ON true
                 WHERE company.id = ANY(%s)
                """,
                list(STOPPING_KINDS),
                list(company_ids),
            )
        )
        return {row["id"]: row for row in self.env.cr.dictfetchall()}

    # === ACTION === #

    def action_verify(self):
        """Queue a verification of these companies and show it."""
        return self.env["pg.ledger.verify"].action_queue(self.company_id)

    # === BUSINESS === #

    @api.model
    def _note_success(self, company_ids):
        """Write down that entries of these companies arrived, and that MongoDB answers."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pg_ledger_mirror (company_id, last_delivered_at, failures)
                SELECT unnest(%(ids)s), now() AT TIME ZONE 'UTC', 0
                ON CONFLICT (company_id) DO UPDATE
                   SET last_delivered_at = excluded.last_delivered_at
                """,
                ids=list(company_ids),
            )
        )

    @api.model
    def _note_reachable(self):
        """Clear the back-off of all companies after an answer of MongoDB."""
        self.env.cr.execute(
            "UPDATE pg_ledger_mirror SET failures = 0, retry_at = NULL WHERE failures > 0"
        )

    @api.model
    def _note_failure(self, message):
        """Write down that MongoDB could not be reached and when to try again.

        :param str message: of the error, without addresses of users or passwords
        :return: seconds until the next attempt
        :rtype: int
        """
        self.env.cr.execute("SELECT COALESCE(max(failures), 0) FROM pg_ledger_mirror")
        failures = self.env.cr.fetchone()[0] + 1
        seconds = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1]
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pg_ledger_mirror
                       (company_id, failures, last_error, last_error_at, retry_at)
                SELECT company_id, %(failures)s, %(error)s, %(now)s::timestamp,
                       %(retry)s::timestamp
                  FROM (SELECT company_id FROM pg_ledger_chain WHERE mirrored_at IS NULL
                        UNION SELECT company_id FROM pg_ledger_outbox
                        UNION SELECT company_id FROM pg_ledger_mirror WHERE refill_next > 0) waiting
                ON CONFLICT (company_id) DO UPDATE SET failures = excluded.failures,
                       last_error = excluded.last_error, last_error_at = excluded.last_error_at,
                       retry_at = excluded.retry_at
                """,
                failures=failures,
                error=message[:500],
                now=now,
                retry=now + timedelta(seconds=seconds),
            )
        )
        return seconds

    @api.model
    def _is_backing_off(self):
        """Tell whether a failed worker asked everybody to wait a little longer."""
        self.env.cr.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_ledger_mirror"
            " WHERE retry_at > now() AT TIME ZONE 'UTC')"
        )
        return self.env.cr.fetchone()[0]
