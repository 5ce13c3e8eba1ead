from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models


class PgLedgerTrial(models.TransientModel):
    """Asks for the day of a trial balance."""

    _name = "pg.ledger.trial"
    _description = "Trial balance as of a day"

    company_id = fields.Many2one(
        "res.company", "Organisation", required=True, default=lambda self: self.env.company
    )
    day = fields.Date(
        "At the end of",
        required=True,
        default=lambda self: self._today(),
        help="In the organisation's time zone.",
    )

    @api.model
    def _today(self):
        return datetime.now(ZoneInfo(self.env.company.pg_tz or "UTC")).date()

    # === ACTION === #

    def action_show(self):
        """Show the balances at the end of the day."""
        self.ensure_one()
        self.company_id.check_access("read")
        return self.env["pg.ledger.balance"].action_open(self.company_id, self.day)
