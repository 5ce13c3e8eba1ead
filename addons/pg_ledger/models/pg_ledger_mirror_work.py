from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..const import SEQUENCER_LOCK
from ..worker.views import project_batch

# ``view_seq`` of a company whose documents in ``ledger_views`` are to be made from nothing.
FROM_NOTHING = -1


class PgLedgerMirror(models.Model):
    """What a person may ask of the mirror: fill an empty MongoDB, make ``ledger_views`` anew."""

    _inherit = "pg.ledger.mirror"

    refill_next = fields.Integer(
        readonly=True, help="Position from which the ledger is delivered again; 0: none."
    )
    refill_last = fields.Integer(readonly=True, help="Position up to which it is.")
    is_refilling = fields.Boolean(compute="_compute_is_refilling")
    view_seq = fields.Integer(
        string="Current state up to",
        readonly=True,
        help="Position up to which MongoDB's ledger_views.transactions is written.",
    )
    view_error = fields.Char(string="Trouble with the current state", readonly=True)
    last_verify_id = fields.Many2one(
        "pg.ledger.verify", string="Last verification", compute="_compute_last_verify"
    )
    last_verify_state = fields.Selection(
        lambda self: self.env["pg.ledger.verify"]._fields["state"].selection,
        string="Its outcome",
        compute="_compute_last_verify",
    )
    last_verify_at = fields.Datetime(string="Verified at", compute="_compute_last_verify")

    # === COMPUTE === #

    @api.depends("refill_next")
    def _compute_is_refilling(self):
        for mirror in self:
            mirror.is_refilling = bool(mirror.refill_next)

    def _compute_last_verify(self):
        for mirror in self:
            last = self.env["pg.ledger.verify"].search(
                [("company_id", "=", mirror.company_id.id), ("finished_at", "!=", False)], limit=1
            )
            mirror.last_verify_id = last
            mirror.last_verify_state = last.state
            mirror.last_verify_at = last.finished_at

    # === ACTION === #

    def action_refill(self):
        """Deliver the whole ledger again, into a MongoDB that was emptied or is new.

        Nothing in MongoDB is changed: what is there already finds itself.
        """
        self._check_admin()
        self.sudo()._request_refill()

    def action_rebuild_views(self):
        """Make the current state (``ledger_views.transactions``) of these companies anew."""
        self._check_admin()
        self.sudo()._request_views()

    def _check_admin(self):
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an administrator can fill MongoDB again."))

    # === BUSINESS === #

    @api.model
    def _get_for(self, companies):
        """Return the mirrors of companies, made where there are none."""
        known = self.search([("company_id", "in", companies.ids)])
        missing = companies - known.company_id
        return known + self.create([{"company_id": company.id} for company in missing])

    def _request_refill(self):
        """Note that the whole ledgers are to be delivered again, their seals too."""
        for mirror in self:
            head = self._read_stats(mirror.company_id.ids)[mirror.company_id.id]["seq"]
            mirror.write({"refill_next": 1 if head else 0, "refill_last": head})
        self.env.cr.execute(
            SQL(
                "UPDATE pg_ledger_seal SET mirrored_at = NULL WHERE company_id = ANY(%s)",
                self.company_id.ids,
            )
        )
        self._request_views()

    def _request_views(self):
        self.write({"view_seq": FROM_NOTHING})
        self.env["pg.ledger.entry"]._wake_mirror()

    @api.model
    def _is_refilling(self):
        return bool(self.search_count([("refill_next", ">", 0)], limit=1))

    @api.model
    def _mark_refill(self, limit):
        """Take the delivery mark from the next positions of ledgers that are filled again.

        :param int limit: positions of each company
        :return: number of positions that wait now
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                """
                WITH part AS (
                    SELECT id, company_id, refill_next AS first,
                           LEAST(refill_next + %(limit)s - 1, refill_last) AS last, refill_last
                      FROM pg_ledger_mirror WHERE refill_next > 0 FOR UPDATE SKIP LOCKED
                ), marked AS (
                    UPDATE pg_ledger_chain link SET mirrored_at = NULL FROM part
                     WHERE link.company_id = part.company_id
                       AND link.seq BETWEEN part.first AND part.last
                    RETURNING 1
                ), moved AS (
                    UPDATE pg_ledger_mirror mirror
                       SET refill_next = CASE WHEN part.last < part.refill_last
                                              THEN part.last + 1 ELSE 0 END
                      FROM part WHERE mirror.id = part.id
                )
                SELECT count(*) FROM marked
                """,
                limit=limit,
            )
        )
        count = self.env.cr.fetchone()[0]
        self.invalidate_model(["refill_next"])
        self.env["pg.ledger.chain"].invalidate_model(["mirrored_at"])
        return count

    # === CURRENT STATE === #

    @api.model
    def _read_stale_views(self):
        """Return the companies whose ``ledger_views`` may be behind."""
        self.env.cr.execute(
            """SELECT company_id FROM pg_ledger_mirror mirror
                WHERE view_seq = -1 OR EXISTS (
                      SELECT 1 FROM pg_ledger_chain link
                       WHERE link.company_id = mirror.company_id
                         AND link.seq > COALESCE(mirror.view_seq, 0))
                ORDER BY 1"""
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _project(self, store, company_id):
        """Bring the next part of a company's current state up to date; one worker at a time.

        :return: whether there may be more
        :rtype: bool
        """
        cr = self.env.cr
        cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", SEQUENCER_LOCK + 2, company_id))
        if not cr.fetchone()[0]:
            return False
        cr.execute(SQL("SELECT view_seq FROM pg_ledger_mirror WHERE company_id = %s", company_id))
        after = cr.fetchone()[0] or 0
        if after == FROM_NOTHING:
            store.clear_views(company_id)
            after = 0
        upto = project_batch(cr, store, company_id, after)
        cr.execute(
            SQL(
                "UPDATE pg_ledger_mirror SET view_seq = %s, view_error = NULL"
                " WHERE company_id = %s",
                upto,
                company_id,
            )
        )
        self.invalidate_model(["view_seq", "view_error"])
        return upto > after

    @api.model
    def _note_view_error(self, message):
        self.env.cr.execute(SQL("UPDATE pg_ledger_mirror SET view_error = %s", message[:500]))
        self.invalidate_model(["view_error"])
