from odoo import models

from ..fields import ProvenMany2one
from ..tools.triggers import OUTBOX_GUARDS


class PgLedgerOutbox(models.Model):
    """Entries that wait for their place in the chain. Empty when all is well.

    The database inserts a row with its entry. The sequencer deletes it in the transaction that
    inserts the link of the chain: every other way out is refused, it would lose an entry.
    """

    _name = "pg.ledger.outbox"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger outbox"
    _order = "entry_id"
    _rec_name = "entry_id"
    _log_access = False

    entry_id = ProvenMany2one("pg.ledger.entry", required=True, readonly=True, ondelete="restrict")
    company_id = ProvenMany2one("res.company", required=True, readonly=True, ondelete="restrict")

    _entry_unique = models.Constraint("UNIQUE (entry_id)", "The entry waits already.")
    _company_entry_index = models.Index("(company_id, entry_id)")

    def init(self):
        self.env.cr.execute(OUTBOX_GUARDS)
