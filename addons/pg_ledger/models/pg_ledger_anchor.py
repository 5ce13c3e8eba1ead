from odoo import fields, models

from ..tools.legs import ANCHOR_GUARDS


class PgLedgerAnchor(models.Model):
    """What entries stand on: a user who posted in a currency for a company.

    Entries and postings have no foreign keys on the three (each would cost every sale a plan). The
    database makes an anchor with the first entry that needs it, and none of the three can be
    deleted as long as it is there: for ever.
    """

    _name = "pg.ledger.anchor"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger anchor"
    _order = "company_id, id"
    _rec_name = "currency_code"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    currency_code = fields.Char(required=True, readonly=True, help="Code when it was first posted.")

    _code_unique = models.Constraint(
        "UNIQUE (company_id, user_id, currency_code)", "The user has posted in this currency."
    )

    def init(self):
        self.env.cr.execute(ANCHOR_GUARDS)
