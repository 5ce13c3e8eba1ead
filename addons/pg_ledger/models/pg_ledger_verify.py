import logging
import time
from collections import Counter

from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import step
from odoo.exceptions import AccessError
from pymongo.errors import PyMongoError

from ..const import FINDINGS_KEPT
from ..worker.store import NotConfigured, open_store
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
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    seconds = fields.Float(readonly=True, digits=(16, 3))
    head_seq = fields.Integer(string="Chain head", readonly=True, aggregator=None)
    current_seq = fields.Integer(string="Position reached", readonly=True, aggregator=None)
    progress = fields.Float(compute="_compute_progress")
    checked_count = fields.Integer(string="Documents checked", readonly=True)
    finding_count = fields.Integer(readonly=True)
    finding_ids = fields.One2many("pg.ledger.verify.finding", "verify_id", readonly=True)
    last_hash = fields.Char(readonly=True, help="Hash of the chain's head in this verification.")
    error = fields.Char(readonly=True)

    # === COMPUTE === #

    @api.depends("current_seq", "head_seq", "state")
    def _compute_progress(self):
        for run in self:
            done = run.state in ("clean", "findings")
            run.progress = 100 if done else 100 * run.current_seq / (run.head_seq or 1)

    # === ACTION === #

    @api.model
    def action_queue(self, companies=None):
        """Ask for a verification of some companies, the current ones when left out.

        :return: the window action that shows them
        """
        if not self.env.user.has_group("pg_base.group_viewer"):
            raise AccessError(self.env._("Only a member of the seller's team can verify."))
        companies = (companies or self.env.companies) & self.env.companies
        runs = self._queue(companies)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verifications"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", runs.ids)],
        }

    def action_redeliver_missing(self):
        """Have the mirror send again what this verification found missing."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an administrator can deliver entries again."))
        missing = self.finding_ids.filtered(lambda finding: finding.kind == "missing")
        if missing:
            self.env["pg.ledger.chain"].sudo()._redeliver(self.company_id, missing.mapped("seq"))

    # === BUSINESS === #

    @api.model
    def _queue(self, companies):
        """Queue one run per company that has none waiting, and wake the cron."""
        waiting = self.sudo().search(
            [("company_id", "in", companies.ids), ("state", "=", "queued")]
        )
        missing = companies - waiting.company_id
        runs = waiting + self.sudo().create([{"company_id": c.id} for c in missing])
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
            env.cr.execute(
                "SELECT COALESCE(max(seq), 0) FROM pg_ledger_chain WHERE company_id = %s",
                [company_id],
            )
            run.write(
                {
                    "state": "running",
                    "started_at": fields.Datetime.now(),
                    "head_seq": env.cr.fetchone()[0],
                }
            )
        start = time.monotonic()
        values = self._verify(registry, run_id, company_id)
        values["seconds"] = time.monotonic() - start
        with step(registry) as env:
            env[self._name].browse(run_id)._finish(values)
        return values["state"]

    def _verify(self, registry, run_id, company_id):
        """Compare and return the values of the finished run."""
        findings, counts = [], Counter()

        def report(kind, seq, detail):
            counts[kind] += 1
            if len(findings) < FINDINGS_KEPT:
                findings.append({"kind": kind, "seq": seq, "detail": detail})

        def progress(seq):
            with step(registry) as env:
                env[self._name].browse(run_id).current_seq = seq

        try:
            check = Verification(lambda: step(registry), open_store(), company_id, report, progress)
            check.run()
        except (PyMongoError, NotConfigured) as error:
            _logger.info("Verification of company %s: %s", company_id, type(error).__name__)
            return {"state": "failed", "error": f"MongoDB gives no answer ({type(error).__name__})"}
        return {
            "state": "findings" if counts else "clean",
            "checked_count": check.checked,
            "current_seq": check.last_seq,
            "last_hash": check.last_hash,
            "finding_count": sum(counts.values()),
            "finding_ids": [fields.Command.create(finding) for finding in findings],
        }

    def _finish(self, values):
        self.write(values | {"finished_at": fields.Datetime.now()})
        if self.state == "findings":
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
    def _cron_queue_all(self):
        """Queue the nightly verification of every company that has a chain."""
        self.env.cr.execute("SELECT DISTINCT company_id FROM pg_ledger_chain")
        companies = self.env["res.company"].browse(row[0] for row in self.env.cr.fetchall())
        self._queue(companies)
