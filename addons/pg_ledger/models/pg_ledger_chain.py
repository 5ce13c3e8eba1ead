from odoo import api, fields, models
from odoo.addons.pg_base.tools.steps import step
from odoo.tools import SQL

from ..fields import ProvenMany2one
from ..tools.triggers import CHAIN_GUARDS
from ..worker import loop


class PgLedgerChain(models.Model):
    """The place of an entry in the hash chain of its company. Only ``mirrored_at`` changes."""

    _name = "pg.ledger.chain"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger chain"
    _order = "company_id, seq desc"
    _rec_name = "seq"
    _log_access = False

    company_id = ProvenMany2one("res.company", required=True, readonly=True, ondelete="restrict")
    seq = fields.Integer(string="Position", required=True, readonly=True, aggregator=None)
    entry_id = ProvenMany2one("pg.ledger.entry", required=True, readonly=True, ondelete="restrict")
    subject_ref = fields.Char(related="entry_id.subject_ref")
    kind = fields.Selection(related="entry_id.kind")
    prev_hash = fields.Char(string="Previous hash", required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)
    mirrored_at = fields.Datetime(readonly=True)

    _company_seq_unique = models.Constraint(
        "UNIQUE (company_id, seq)", "The position in the chain is taken."
    )
    _entry_unique = models.Constraint("UNIQUE (entry_id)", "The entry is in the chain.")
    # Not by a regular expression: it is checked at each delivery, too, and costs ten times as much.
    _hash_form = models.Constraint(
        "CHECK (seq > 0 AND length(hash) = 64 AND hash = encode(decode(hash, 'hex'), 'hex')"
        " AND length(prev_hash) = 64 AND prev_hash = encode(decode(prev_hash, 'hex'), 'hex'))",
        "A link of the chain has a position and two SHA-256 hashes.",
    )
    _undelivered_index = models.Index("(company_id, seq) WHERE mirrored_at IS NULL")

    def init(self):
        self.env.cr.execute(CHAIN_GUARDS)

    # === ACTION === #

    def action_open_entry(self):
        """Show the entry that this row belongs to."""
        return self.entry_id.action_open()

    # === BUSINESS === #

    @api.model
    def _redeliver(self, company, positions):
        """Have the mirror send these positions again (they are missing in MongoDB).

        :param res.company company: whose chain
        :param list positions: ints
        :return: number of positions that wait now
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                "UPDATE pg_ledger_chain SET mirrored_at = NULL WHERE company_id = %s"
                " AND seq = ANY(%s)",
                company.id,
                list(positions),
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(["mirrored_at"])
        self.env["pg.ledger.entry"]._wake_mirror()
        return count

    @api.model
    def _redeliver_range(self, company, first, last):
        """Have the mirror send a run of positions again.

        :return: number of positions that wait now
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                "UPDATE pg_ledger_chain SET mirrored_at = NULL WHERE company_id = %s"
                " AND seq BETWEEN %s AND %s",
                company.id,
                first,
                last,
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(["mirrored_at"])
        self.env["pg.ledger.entry"]._wake_mirror()
        return count

    # === CRON === #

    @api.model
    def _cron_mirror(self):
        """Chain what waits and deliver it to MongoDB. Safe beside other workers."""
        loop.run_once(self.env.registry)
        with step(self.env.registry) as env:
            env["pg.ledger.mirror"]._alarm_lag()
