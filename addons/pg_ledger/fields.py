"""Fields of the ledger."""

from odoo import fields


class ProvenMany2one(fields.Many2one):
    """A reference that a trigger proves, which makes a foreign key cost and guard nothing.

    The company of an entry, say: the entry's anchor has the foreign key, and the database makes no
    entry without its anchor (``tools/legs.py``). Each foreign key is one more statement that every
    sale has PostgreSQL plan.
    """

    def update_db_foreign_key(self, model, column):
        """Make none."""
