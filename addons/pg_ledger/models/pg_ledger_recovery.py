import logging

import bson
from bson import json_util
from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import step
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from pymongo.errors import PyMongoError

from ..const import RECOVERY_LIMIT, SEQUENCER_LOCK, STOPPING_KINDS
from ..worker.client import NotConfigured
from ..worker.reading import read_head, use_read_committed
from ..worker.recovery import CannotRecover, judge_documents, put_back
from ..worker.store import open_store

_logger = logging.getLogger(__name__)
_EXACT = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=False, tzinfo=None)


class PgLedgerRecovery(models.Model):
    """Entries that MongoDB holds and PostgreSQL lost, for a person to look at and put back.

    Made when PostgreSQL was restored to an older point. A cron worker reads them; nothing comes
    back by itself. Accepting puts back, in order, what the chain proves, and lets the company go
    on.
    """

    _name = "pg.ledger.recovery"
    _description = "Ledger recovery"
    _order = "id desc"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("reading", "Reading MongoDB"),
            ("review", "To review"),
            ("done", "Put back"),
            ("refused", "Refused"),
            ("failed", "Not finished"),
        ],
        default="reading",
        required=True,
        readonly=True,
    )
    reason = fields.Text(help="Why these entries may come back, or not. By whoever decides.")
    error = fields.Char(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    line_ids = fields.One2many("pg.ledger.recovery.line", "recovery_id", readonly=True)
    sound_count = fields.Integer(string="Can be put back", compute="_compute_counts")
    fault_count = fields.Integer(string="Cannot be put back", compute="_compute_counts")

    # === COMPUTE === #

    @api.depends("line_ids.fault")
    def _compute_counts(self):
        for recovery in self:
            recovery.fault_count = len(recovery.line_ids.filtered("fault"))
            recovery.sound_count = len(recovery.line_ids) - recovery.fault_count

    # === CRUD === #

    def write(self, vals):
        """Override of `base` to let people write nothing but the reason, while it is reviewed."""
        if not self.env.su and (set(vals) - {"reason"} or any(r.state != "review" for r in self)):
            raise UserError(self.env._("Only the reason of an open review can be written."))
        return super().write(vals)

    # === ACTION === #

    @api.model
    def _open_for(self, company):
        """Have a cron worker read what a company lost; the review that is open already, if any."""
        open_one = self.search(
            [("company_id", "=", company.id), ("state", "in", ("reading", "review"))], limit=1
        )
        recovery = open_one or self.create({"company_id": company.id})
        self.env.ref("pg_ledger.cron_recovery")._trigger()
        return recovery

    def action_accept(self):
        """Put the entries back that the chain proves, and let the company go on."""
        self._check_decision()
        recovery = self.sudo()
        cr = self.env.cr
        cr.execute(
            SQL("SELECT pg_advisory_xact_lock(%s, %s)", SEQUENCER_LOCK, recovery.company_id.id)
        )
        sound = recovery.line_ids.filtered(lambda line: not line.fault).sorted("seq")
        head = read_head(cr, recovery.company_id.id) or (0, None)
        if not sound or sound[0].seq != head[0] + 1:
            raise UserError(
                self.env._("The ledger has changed since it was read. Refuse, and read again.")
            )
        try:
            for line in sound:
                put_back(cr, line._read_document(), self.env.uid)
        except CannotRecover as error:
            raise UserError(
                self.env._("Nothing was put back: %(reason)s.", reason=str(error))
            ) from error
        self.env.invalidate_all()
        recovery._decide("done", self.env.uid)
        if not recovery.fault_count:
            recovery._end_stop(self.env.uid)

    def action_refuse(self):
        """Leave everything as it is; the company stays stopped until its conflict is resolved."""
        self._check_decision()
        self.sudo()._decide("refused", self.env.uid)

    def _check_decision(self):
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an administrator decides on lost entries."))
        if self.state != "review":
            raise UserError(self.env._("This is not under review any more."))
        if not (self.reason or "").strip():
            raise UserError(self.env._("Write the reason first."))

    def _decide(self, state, user_id):
        self.write({"state": state, "decided_by_id": user_id, "decided_at": fields.Datetime.now()})

    def _end_stop(self, user_id):
        """Resolve the conflicts that stopped the company."""
        conflicts = self.env["pg.ledger.conflict"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
                ("kind", "in", STOPPING_KINDS),
            ]
        )
        conflicts._resolve(user_id, self.reason)

    # === CRON === #

    @api.model
    def _cron_read(self):
        """Read from MongoDB for every review that was asked for."""
        for recovery in self.search([("state", "=", "reading")]):
            self._read(self.env.registry, recovery.id)

    @api.model
    def _read(self, registry, recovery_id):
        """Fill one review with what MongoDB holds behind the head of PostgreSQL."""
        try:
            store = open_store()
            with step(registry) as env:
                use_read_committed(env.cr)
                recovery = env[self._name].browse(recovery_id)
                company_id = recovery.company_id.id
                judged = judge_documents(env.cr, store, company_id, RECOVERY_LIMIT)
                recovery.write(
                    {
                        "state": "review",
                        "error": False,
                        "line_ids": [
                            fields.Command.create(recovery._prepare_line(*row)) for row in judged
                        ],
                    }
                )
        except (PyMongoError, NotConfigured) as error:
            _logger.warning("Recovery %s: %s", recovery_id, type(error).__name__)
            with step(registry) as env:
                env[self._name].browse(recovery_id).write(
                    {"state": "failed", "error": f"No answer of MongoDB ({type(error).__name__})"}
                )

    def _prepare_line(self, seq, document, fault):
        legs = document.get("postings")
        return {
            "seq": seq if isinstance(seq, int) and 0 < seq < 2**31 else 0,
            "kind": str(document.get("kind"))[:40].replace("\0", ""),
            "subject_ref": str(document.get("subject_ref"))[:200].replace("\0", ""),
            "summary": _summarise(legs if isinstance(legs, list) else [])[:1000],
            "occurred": str(document.get("occurred_at"))[:40],
            "document": json_util.dumps(
                document, json_options=json_util.CANONICAL_JSON_OPTIONS
            ).replace("\\u0000", ""),
            "fault": fault or False,
        }


class PgLedgerRecoveryLine(models.Model):
    """One document of MongoDB that PostgreSQL does not know."""

    _name = "pg.ledger.recovery.line"
    _description = "Ledger recovery line"
    _order = "seq, id"
    _rec_name = "subject_ref"

    recovery_id = fields.Many2one(
        "pg.ledger.recovery", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="recovery_id.company_id", store=True, precompute=True, index=True
    )
    seq = fields.Integer(string="Position", readonly=True, aggregator=None)
    kind = fields.Char(readonly=True)
    subject_ref = fields.Char(string="Reference", readonly=True)
    occurred = fields.Char(string="Occurred at (UTC)", readonly=True)
    summary = fields.Char(string="Postings", readonly=True)
    document = fields.Text(readonly=True, help="As it stands in MongoDB, extended JSON.")
    fault = fields.Char(string="Cannot be put back", readonly=True)

    def _read_document(self):
        """Return the document with its exact types."""
        self.ensure_one()
        return bson.decode(bson.encode(json_util.loads(self.document, json_options=_EXACT)))


def _summarise(legs):
    """Say the postings of a document in one line."""
    words = [
        f"{leg.get('account')} {leg.get('amount')} {leg.get('currency')}"
        for leg in legs
        if isinstance(leg, dict)
    ]
    return "; ".join(words).replace("\0", "")
