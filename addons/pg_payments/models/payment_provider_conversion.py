from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D, quantize
from odoo.exceptions import UserError, ValidationError

from ..gateways import GATEWAYS
from ..ports import Conversion

#: Digits of a rate that is kept.
RATE_DECIMALS = 10


class PaymentProvider(models.Model):
    """Which currencies an account can charge, and what it charges for the others."""

    _inherit = "payment.provider"

    settlement_currency_id = fields.Many2one(
        "res.currency",
        "Charge other currencies in",
        copy=False,
        help="A payment in a currency that the gateway cannot charge is converted to this one, at "
        "the rate of the day. Empty: such payments are not offered.",
    )

    # === COMPUTE METHODS === #

    @api.depends("settlement_currency_id")
    def _compute_available_currency_ids(self):
        """Override of `payment` to look again when a currency to convert to is chosen."""
        return super()._compute_available_currency_ids()

    # === CONSTRAINT METHODS === #

    @api.constrains("settlement_currency_id", "code")
    def _check_settlement_currency(self):
        """Keep out a currency that the gateway cannot charge either."""
        for provider in self.filtered("settlement_currency_id"):
            currency = provider.settlement_currency_id.name
            if provider.code not in GATEWAYS or not provider._pg_can_charge(currency):
                raise ValidationError(
                    self.env._(
                        "%(name)s cannot charge %(currency)s.",
                        name=provider.name,
                        currency=currency,
                    )
                )

    # === BUSINESS METHODS === #

    def _pg_can_charge(self, currency_name):
        """Tell whether the gateway takes a currency as it is."""
        currencies = self._pg_get_gateway_class().currencies
        return currencies is None or currency_name in currencies

    def _get_supported_currencies(self):
        """Override of `payment` to leave out what can be neither charged nor converted."""
        currencies = super()._get_supported_currencies()
        if self.code not in GATEWAYS or self.settlement_currency_id:
            return currencies
        return currencies.filtered(lambda currency: self._pg_can_charge(currency.name))

    def _pg_get_conversion(self, amount, currency, company=None):
        """Return what the payer will be charged when the gateway cannot charge a currency.

        To be shown, both amounts and the rate, before the payer is sent to the gateway.

        Note: `self.ensure_one()`

        :param amount: of the payment, positive.
        :param res.currency currency: of the payment.
        :param res.company company: whose rates count; the provider's company by default.
        :return: a `..ports.Conversion`, None when the gateway charges the currency as it is.
        :raise UserError: when it can be neither charged nor converted.
        """
        self.ensure_one()
        if self.code not in GATEWAYS or self._pg_can_charge(currency.name):
            return None
        target = self.settlement_currency_id
        if not target:
            raise UserError(
                self.env._(
                    "%(name)s cannot charge %(currency)s.", name=self.name, currency=currency.name
                )
            )
        rate = self._pg_get_rate(currency, target, company or self.company_id)
        charged = quantize(D(amount) * rate, self._pg_get_gateway_class().decimals(target.name))
        if charged <= 0:
            raise UserError(self.env._("The amount is too small to be charged."))
        return Conversion(D(amount), currency.name, charged, target.name, rate)

    def _pg_get_rate(self, currency, target, company):
        """Return Odoo's rate of today as a Decimal.

        :raise UserError: when one of the currencies has none; Odoo would take 1.
        """
        # In sudo mode since payers may not read rates.
        currencies = (currency | target).sudo()
        for other in currencies - company.currency_id:
            rates = other.rate_ids.filtered(
                lambda rate: rate.company_id.id in (False, company.root_id.id)
            )
            if not rates:
                raise UserError(self.env._("There is no exchange rate for %s.", other.name))
        today = fields.Date.context_today(self)
        rate = currency.sudo()._get_conversion_rate(currency.sudo(), target.sudo(), company, today)
        return quantize(D(rate), RATE_DECIMALS)
