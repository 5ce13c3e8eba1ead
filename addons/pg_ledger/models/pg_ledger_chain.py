from odoo import api, fields, models
from odoo.tools import SQL

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

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    seq = fields.Integer(string="Position", required=True, readonly=True, aggregator=None)
    entry_id = fields.Many2one("pg.ledger.entry", required=True, readonly=True, ondelete="restrict")
    subject_ref = fields.Char(related="entry_id.subject_ref")
    kind = fields.Selection(related="entry_id.kind")
    prev_hash = fields.Char(string="Previous hash", required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)
    mirrored_at = fields.Datetime(readonly=True)

    _company_seq_unique = models.Constraint(
        "UNIQUE (company_id, seq)", "The position in the chain is taken."
    )
    _entry_unique = models.Constraint("UNIQUE (entry_id)", "The entry is in the chain.")
    _hash_form = models.Constraint(
        "CHECK (seq > 0 AND hash ~ '^[0-9a-f]{64}$' AND prev_hash ~ '^[0-9a-f]{64}$')",
        "A link of the chain has a position and two SHA-256 hashes.",
    )
    _undelivered_index = models.Index("(company_id, seq) WHERE mirrored_at IS NULL")

    def init(self):
        self.env.cr.execute(CHAIN_GUARDS)

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
        self.invalidate_model(["mirrored_at"])
        self.env["pg.ledger.entry"]._wake_mirror()
        return self.env.cr.rowcount

    # === CRON === #

    @api.model
    def _cron_mirror(self):
        """Chain what waits and deliver it to MongoDB. Safe beside other workers."""
        loop.run_once(self.env.registry)
