from odoo import fields, models
from odoo.addons.pg_base.tools.money import ROUND_HALF_UP, D, quantize
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang


class PaymentTransaction(models.Model):
    """A currency that the gateway cannot charge: what it charges instead, at a rate kept here."""

    _inherit = "payment.transaction"

    gateway_amount = fields.Monetary(
        "Charged", currency_field="gateway_currency_id", readonly=True, copy=False
    )
    gateway_currency_id = fields.Many2one(
        "res.currency", "Charged currency", readonly=True, copy=False
    )
    gateway_conversion_rate = fields.Float(
        "Conversion rate",
        digits=(20, 10),
        readonly=True,
        copy=False,
        help="Charged currency per currency of the payment; its refunds use the same rate.",
    )

    def _pg_get_gateway_pair(self):
        """Return what the gateway charges, or gives back: (positive Decimal, currency code).

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        amount = abs(D(self.amount))
        if not self.gateway_currency_id:
            return amount, self.currency_id.name
        currency = self.gateway_currency_id.name
        if self.operation == "refund":
            return D(self.gateway_amount), currency
        # From the amount, so that an amount that was changed since is seen as a mismatch.
        return self._pg_convert(amount, ROUND_HALF_UP), currency

    def _pg_convert(self, amount, rounding):
        """Return an amount of this payment in the charged currency, at the kept rate."""
        gateway = self.provider_id._pg_get_gateway_class()
        decimals = gateway.decimals(self.gateway_currency_id.name)
        return quantize(D(amount) * D(self.gateway_conversion_rate), decimals, rounding)

    def _pg_pin_conversion(self):
        """Keep what will be charged, at the rate of today, before a page is opened.

        :raise ValueError: when the currency can be neither charged nor converted.
        """
        provider = self.provider_id
        try:
            conversion = provider._pg_get_conversion(self.amount, self.currency_id, self.company_id)
        except UserError as error:
            raise ValueError(str(error)) from None
        if conversion is None:
            if self.gateway_currency_id:
                self._pg_write_conversion(0, False, 0)
            return
        target = provider.settlement_currency_id
        if self.gateway_currency_id != target or D(self.gateway_amount) != conversion.charged:
            self._pg_write_conversion(conversion.charged, target.id, conversion.rate)

    def _pg_write_conversion(self, amount, currency_id, rate):
        self.write(
            {
                "gateway_currency_id": currency_id,
                "gateway_amount": float(amount),
                "gateway_conversion_rate": float(rate),
            }
        )

    # === REFUNDS === #

    def _pg_get_refund_conversion(self, amount):
        """Return the values of a refund's child for an amount of this payment.

        A part is rounded down, the last part takes what is left, so that all parts together are
        what was charged, to the last cent.

        :raise ValidationError: when the part is too small for the charged currency.
        """
        if not self.gateway_currency_id:
            return {}
        left = self._pg_get_refundable_at_gateway()
        part = left
        if D(amount) != self._pg_get_refundable():
            part = min(left, self._pg_convert(amount, "ROUND_DOWN"))
        if part <= 0:
            raise ValidationError(
                self.env._(
                    "%(amount)s %(currency)s is too little to be refunded in %(charged)s.",
                    amount=amount,
                    currency=self.currency_id.name,
                    charged=self.gateway_currency_id.name,
                )
            )
        return self._pg_make_refund_values(part)

    def _pg_make_refund_values(self, part):
        return {
            "gateway_currency_id": self.gateway_currency_id.id,
            "gateway_amount": float(part),
            "gateway_conversion_rate": self.gateway_conversion_rate,
        }

    def _pg_describe_refund(self, amount):
        """Return what goes back for an amount in the charged currency, False where it is the same.

        :return: an amount with its currency, or why it cannot be.
        """
        if not self.gateway_currency_id:
            return False
        if not 0 < D(amount) <= self._pg_get_refundable():
            return "-"
        try:
            part = self._pg_get_refund_conversion(amount)["gateway_amount"]
        except ValidationError as error:
            return str(error)
        return formatLang(self.env, part, currency_obj=self.gateway_currency_id)

    def _pg_get_refundable_at_gateway(self):
        """Return what may still be sent back, in the charged currency."""
        back = (D(child.gateway_amount) for child in self._pg_get_counted_refunds())
        return D(self.gateway_amount) - sum(back, D(0))

    def _pg_get_adopted_refund(self, state):
        """Return (amount, values) of the child of a refund made elsewhere, in our currency."""
        if not self.gateway_currency_id or state.currency != self.gateway_currency_id.name:
            return state.amount, {}
        left = self._pg_get_refundable()
        amount = left
        if state.amount != self._pg_get_refundable_at_gateway():
            rate, decimals = D(self.gateway_conversion_rate), self.currency_id.decimal_places
            amount = min(left, quantize(state.amount / rate, decimals))
        return amount, self._pg_make_refund_values(state.amount)
