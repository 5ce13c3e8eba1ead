# Refusing is the point of this model: nothing is passed on.
# pylint: disable=method-required-super,no-raise-unlink
from odoo import api, models
from odoo.exceptions import UserError


class PgLedgerFrozen(models.AbstractModel):
    """Rows that the ledger alone appends, by SQL; the database refuses every change.

    The methods of the ORM are closed too, so that a user reads a sentence and not a database error.
    """

    _name = "pg.ledger.frozen"
    _description = "Append-only ledger row"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("Ledger rows are only made by the system."))

    def write(self, vals):
        raise UserError(self.env._("Ledger rows are never changed."))

    def unlink(self):
        raise UserError(self.env._("Ledger rows are never deleted."))
