import logging
import time

from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import step
from odoo.exceptions import AccessError
from pymongo.errors import PyMongoError

from ..const import TAIL_LENGTH, TAIL_OVERLAP, VERIFY_ANSWER_SECONDS
from ..worker.client import NotConfigured
from ..worker.findings import Findings
from ..worker.store import open_store
from ..worker.verify import Verification

_logger = logging.getLogger(__name__)


class PgLedgerVerify(models.Model):
    """One comparison of a company's chain in PostgreSQL with its documents in MongoDB.

    Asked for by a person or by the nightly cron, run by a cron worker, never in a request.
    """

    _name = "pg.ledger.verify"
    _description = "Ledger verification"
    _order = "id desc"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Running"),
            ("clean", "Clean"),
            ("findings", "Findings"),
            ("failed", "Not finished"),
        ],
        default="queued",
        required=True,
        readonly=True,
        index=True,
    )
    scope = fields.Selection(
        [("whole", "Whole ledger"), ("tail", "Newest entries")],
        default="whole",
        required=True,
        readonly=True,
    )
    from_seq = fields.Integer(
        string="From position", readonly=True, aggregator=None, help="0: from the beginning."
    )
    started_at = fields.Datetime(string="Started", readonly=True)
    finished_at = fields.Datetime(string="Finished", readonly=True)
    seconds = fields.Float(readonly=True, digits=(16, 3))
    head_seq = fields.Integer(string="Chain head", readonly=True, aggregator=None)
    current_seq = fields.Integer(string="Position reached", readonly=True, aggregator=None)
    progress = fields.Float(compute="_compute_progress")
    checked_count = fields.Integer(string="Documents checked", readonly=True)
    total_count = fields.Integer(
        string="Totals compared",
        readonly=True,
        help="Sums per account, currency and day (UTC) that were compared.",
    )
    finding_count = fields.Integer(string="Findings", readonly=True)
    finding_ids = fields.One2many("pg.ledger.verify.finding", "verify_id", readonly=True)
    last_hash = fields.Char(
        string="Hash of the head",
        readonly=True,
        help="Of the last position in this verification.",
    )
    error = fields.Char(readonly=True)

    # === COMPUTE === #

    @api.depends("current_seq", "from_seq", "head_seq", "state")
    def _compute_progress(self):
        for run in self:
            done = run.state in ("clean", "findings")
            part = max(run.current_seq - run.from_seq, 0) / ((run.head_seq - run.from_seq) or 1)
            run.progress = 100 if done else 100 * part

    # === ACTION === #

    @api.model
    def action_queue(self, companies=None, scope="whole"):
        """Ask for a verification of some companies, the current ones when left out.

        :param str scope: whole, or tail for the newest entries
        :return: the window action that shows them; the verification itself when it is one
        """
        if not self.env.user.has_group("pg_base.group_viewer"):
            raise AccessError(self.env._("Only a member of the seller's team can verify."))
        companies = (companies or self.env.companies) & self.env.companies
        runs = self._queue(companies, scope)
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Verifications"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", runs.ids)],
        }
        if len(runs) == 1:
            action |= {"view_mode": "form", "res_id": runs.id}
        return action

    def action_redeliver_missing(self):
        """Have the mirror send again what this verification found missing."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an administrator can deliver entries again."))
        for missing in self.finding_ids.filtered(lambda finding: finding.kind == "missing"):
            self.env["pg.ledger.chain"].sudo()._redeliver_range(
                self.company_id, missing.seq, missing.last_seq
            )

    # === BUSINESS === #

    @api.model
    def _queue(self, companies, scope="whole"):
        """Queue one run per company that has none of this scope waiting, and wake the cron."""
        waiting = self.sudo().search(
            [
                ("company_id", "in", companies.ids),
                ("state", "=", "queued"),
                ("scope", "=", scope),
            ]
        )
        missing = companies - waiting.company_id
        runs = waiting + self.sudo().create(
            [{"company_id": company.id, "scope": scope} for company in missing]
        )
        if runs:
            self.env.ref("pg_ledger.cron_verify").sudo()._trigger()
        return runs.with_env(self.env)

    @api.model
    def _run(self, registry, run_id):
        """Run one queued verification, each part in a transaction of its own.

        :return: the state it ended in
        :rtype: str
        """
        with step(registry) as env:
            run = env[self._name].browse(run_id)
            company_id = run.company_id.id
            run.write(
                {"state": "running", "started_at": fields.Datetime.now(), **run._get_bounds()}
            )
            after = run.from_seq
        start = time.monotonic()
        values = self._verify(registry, run_id, company_id, after)
        values["seconds"] = time.monotonic() - start
        with step(registry) as env:
            env[self._name].browse(run_id)._finish(values)
        return values["state"]

    def _get_bounds(self):
        """Return the columns that say which positions this run covers.

        The newest entries are those since the last clean run, and some before.
        """
        self.env.cr.execute(
            "SELECT COALESCE(max(seq), 0) FROM pg_ledger_chain WHERE company_id = %s",
            [self.company_id.id],
        )
        head, first = self.env.cr.fetchone()[0], 0
        if self.scope == "tail":
            clean = self.search(
                [("company_id", "=", self.company_id.id), ("state", "=", "clean")], limit=1
            )
            end = min(clean.head_seq, head) - TAIL_OVERLAP if clean else head - TAIL_LENGTH
            first = max(0, end)
        return {"head_seq": head, "from_seq": first, "current_seq": first}

    def _verify(self, registry, run_id, company_id, after):
        """Compare and return the values of the finished run."""
        findings = Findings()
        shown = [time.monotonic()]

        def progress(seq):
            if time.monotonic() - shown[0] > 1:
                with step(registry) as env:
                    env[self._name].browse(run_id).current_seq = seq
                shown[0] = time.monotonic()

        def open_step():
            return step(registry)

        try:
            store = open_store(VERIFY_ANSWER_SECONDS)
            check = Verification(open_step, store, company_id, findings.add, progress, after)
            check.run()
            with step(registry) as env:
                env["pg.ledger.seal"]._verify_seals(company_id, store, findings.add)
        except (PyMongoError, NotConfigured) as error:
            _logger.info("Verification of company %s: %s", company_id, type(error).__name__)
            return {"state": "failed", "error": f"MongoDB gives no answer ({type(error).__name__})"}
        with step(registry) as env:
            findings.quarantine(env, store, company_id)
        return {
            "state": "findings" if findings.count else "clean",
            "checked_count": check.checked,
            "total_count": check.total_count,
            "current_seq": check.last_seq,
            "last_hash": check.last_hash,
            "finding_count": findings.count,
            "finding_ids": [fields.Command.create(values) for values in findings.values()],
        }

    def _finish(self, values):
        self.write(values | {"finished_at": fields.Datetime.now()})
        Mirror = self.env["pg.ledger.mirror"]
        if self.state == "clean" and self.scope == "whole":
            Mirror._note_whole(self.company_id)
        if self.state == "findings":
            note = self.env._("%(count)s differences, see verification %(number)s.")
            Mirror._alarm(
                self.company_id,
                Mirror._get_differs_topic(),
                note % {"count": self.finding_count, "number": self.id},
            )
            _logger.error(
                "The ledger of company %s in MongoDB differs from PostgreSQL: %s findings,"
                " see verification %s",
                self.company_id.id,
                self.finding_count,
                self.id,
            )

    # === CRON === #

    @api.model
    def _cron_run(self):
        """Run what is queued, and what a killed worker left running for an hour."""
        stale = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        runs = self.search(
            ["|", ("state", "=", "queued"), "&", ("state", "=", "running"),
             ("started_at", "<", stale)],
            order="id",
        )  # fmt: skip
        for run in runs:
            self._run(self.env.registry, run.id)

    @api.model
    def _cron_queue_all(self, scope="whole"):
        """Queue the nightly (whole) or hourly (tail) verification of every company with a chain."""
        self.env.cr.execute("SELECT DISTINCT company_id FROM pg_ledger_chain")
        companies = self.env["res.company"].browse(row[0] for row in self.env.cr.fetchall())
        self._queue(companies, scope)
