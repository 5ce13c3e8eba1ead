from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D, quantize


class PgTopup(models.Model):
    """What a top-up is worth in its seller's books.

    A customer with a price list may pay in another currency. The rate between it and the seller's
    is pinned with the price: ledger, reports and limits all take these values, so they agree to the
    cent whatever rates do afterwards.
    """

    _inherit = "pg.topup"

    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Own currency")
    company_amount = fields.Monetary(
        "Paid, in own currency",
        compute="_compute_company_values",
        store=True,
        currency_field="company_currency_id",
    )
    company_tax = fields.Monetary(
        "Tax, in own currency",
        compute="_compute_company_values",
        store=True,
        currency_field="company_currency_id",
    )
    company_cost = fields.Monetary(
        "Cost, in own currency",
        compute="_compute_company_values",
        store=True,
        currency_field="company_currency_id",
    )

    # === COMPUTE === #

    @api.depends("amount", "amount_tax", "cost", "company_rate", "currency_id")
    def _compute_company_values(self):
        for topup in self:
            topup.company_amount = float(topup._in_books(D(topup.amount)))
            topup.company_tax = float(topup._in_books(D(topup.amount_tax)))
            topup.company_cost = float(topup._in_books(D(topup.cost)))

    def _in_books(self, amount):
        """Return an amount (Decimal) of the currency paid in at the pinned rate of the books."""
        own = self.company_id.currency_id
        if self.currency_id == own:
            return amount
        return quantize(amount * D(self.company_rate), own.decimal_places)
