from odoo import fields, models
from odoo.exceptions import UserError


class PgLedgerVerifyAsk(models.TransientModel):
    """Asks what is to be verified: whose ledgers, all of them or the newest entries."""

    _name = "pg.ledger.verify.ask"
    _description = "Verify ledgers"

    company_ids = fields.Many2many(
        "res.company", string="Organisations", default=lambda self: self.env.companies
    )
    scope = fields.Selection(
        [("whole", "Whole ledger"), ("tail", "Newest entries")],
        "How much",
        required=True,
        default="whole",
        help="Newest entries: those since the last clean verification, and some before.",
    )

    # === ACTION === #

    def action_verify(self):
        """Queue the verifications and show how they get on.

        :return: the window action; the verification itself when it is one
        """
        self.ensure_one()
        if not self.company_ids:
            raise UserError(self.env._("Choose an organisation first."))
        return self.env["pg.ledger.verify"].action_queue(self.company_ids, self.scope)
