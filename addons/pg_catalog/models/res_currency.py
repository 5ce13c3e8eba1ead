from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

# Decimals of a rate: enough for 1 IDR in BTC-like currencies, exact in numeric columns.
RATE_DECIMALS = 12


class ResCurrency(models.Model):
    _inherit = "res.currency"

    @api.private
    def _pg_rate(self, company, date=None):
        """Return how much of a company's currency one unit of this currency is worth.

        Odoo takes a currency without any rate for worth 1.0; a price must not rest on that.

        :return: Decimal with up to 12 decimals.
        :raise UserError: when no exchange rate is known.
        """
        self.ensure_one()
        target = company.currency_id
        if self == target:
            return D(1)
        date = date or fields.Date.context_today(self)
        pair_sudo = (self + target).sudo()  # Everybody may be quoted a price.
        rates = pair_sudo._get_rates(company, date)
        own, other = D(rates[self.id]), D(rates[target.id])
        if own == other and not self._pg_has_rate(company):
            raise UserError(
                self.env._(
                    "There is no exchange rate between %(currency)s and %(own)s. Add one under "
                    "Configuration › Currencies.",
                    currency=self.name,
                    own=target.name,
                )
            )
        return round(other / own, RATE_DECIMALS)

    def _pg_has_rate(self, company):
        """Tell whether any rate of this currency is stored for a company."""
        return bool(
            self.env["res.currency.rate"]
            .sudo()
            .search_count(
                [
                    ("currency_id", "=", self.id),
                    ("company_id", "in", (False, company.root_id.id)),
                ],
                limit=1,
            )
        )
