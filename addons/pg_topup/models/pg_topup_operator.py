from odoo import api, models
from odoo.addons.pg_base.outcomes import Rejected

from .. import const


class PgTopup(models.Model):
    """What sales teach about who serves a number."""

    _inherit = "pg.topup"

    @api.model
    def _remember_choice(self, company, offer, match, channel):
        """Remember that a customer has corrected our guess of the operator."""
        chosen, likely = offer.pg_operator_id, match.operators
        if channel in const.CUSTOMER_CHANNELS and chosen in likely and chosen != likely[0]:
            self.env["pg.operator"].sudo()._remember_operator(company, match.e164, chosen)

    def _on_state(self, before):
        """Override to remember what a delivery has proven: the number's operator, its customer."""
        super()._on_state(before)
        if self.state == "completed":
            self.env["pg.operator"].sudo()._remember_operator(
                self.company_id, self.number, self.operator_id
            )
            self.env["pg.recipient"].sudo()._remember(self)

    def _settle_error(self, attempt, error):
        """Override to forget an operator that refuses the number as not its own."""
        super()._settle_error(attempt, error)
        if isinstance(error, Rejected) and error.code in const.WRONG_NUMBER_CODES:
            self.env["pg.operator"].sudo()._forget_operator(
                self.company_id, self.number, self.operator_id
            )
