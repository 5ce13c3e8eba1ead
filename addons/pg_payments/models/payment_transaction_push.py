import logging
from dataclasses import replace

from odoo import fields, models
from odoo.addons.payment import utils as payment_utils
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Throttled, Unknown
from odoo.addons.pg_base.tools.redact import mask_number
from odoo.exceptions import UserError

from ..gateways.pgpay_number import normalise
from .payment_transaction_checkout import STATUS_PAGE

_logger = logging.getLogger(__name__)

APPROVE_PAGE = "/payment/pgpay/approve"


class PaymentTransaction(models.Model):
    """Payments for which the payer is asked by a page of ours, then approves on a phone."""

    _inherit = "payment.transaction"

    pg_payer_mask = fields.Char("Asked on", readonly=True, copy=False)
    pg_started_at = fields.Datetime("Payer asked", readonly=True, copy=False)
    pg_is_unsure = fields.Boolean(
        "Not known at the gateway",
        readonly=True,
        copy=False,
        help="The answer to the request was lost: it is looked up by its reference.",
    )
    pg_action = fields.Char("What the payer has to do", readonly=True, copy=False)
    pg_ussd = fields.Char("Code to dial", readonly=True, copy=False)
    pg_instruction = fields.Char("The gateway's words to the payer", readonly=True, copy=False)
    pg_failure = fields.Char("Why it failed", readonly=True, copy=False)

    # === BUSINESS METHODS - PAGE === #

    def _pg_asks_payer(self):
        """Tell whether a page of ours asks the payer before the payment is made."""
        provider = self.provider_id
        return self._pg_is_ours() and provider._pg_get_gateway_class().asks_payer

    def _get_specific_rendering_values(self, processing_values):
        """Override of `payment` to send the payer to our own page; no call is made for that."""
        if not self._pg_asks_payer():
            return super()._get_specific_rendering_values(processing_values)
        self._ensure_provider_is_not_disabled()
        if self.state not in ("draft", "pending"):
            return {"api_url": self.landing_route or STATUS_PAGE, "url_params": []}
        if not self._pg_is_started():
            try:
                self._pg_pin_conversion()
            except ValueError as error:
                self._set_error(str(error))
                return {}
        return {
            "api_url": self._pg_get_page_url(),
            "url_params": [("access_token", self._pg_make_page_token())],
        }

    def _pg_get_page_url(self):
        return f"{self.provider_id.get_base_url()}{APPROVE_PAGE}/{self.reference}"

    def _pg_make_page_token(self):
        """Return what proves that a visitor may pay this payment."""
        return payment_utils.generate_access_token(self.reference, "approve", env=self.env)

    def _pg_is_started(self):
        """Tell whether the payer was asked already, for all that is known."""
        return bool(self.pg_checkout_ref or self.pg_is_unsure)

    def _pg_get_channels(self):
        """Return the ways to pay this payment: [(channel, payment.method)]."""
        return self.provider_id._pg_get_channels(self._pg_get_gateway_pair()[0])

    def _pg_is_confirming(self):
        """Override to tell that a payer has approved, or that it is being found out."""
        if not self._pg_asks_payer():
            return super()._pg_is_confirming()
        return self._pg_get_page_step() == "confirm"

    # === BUSINESS METHODS - START === #

    def _pg_start(self, channel, number=""):
        """Ask the payer: the handset rings, or a page or a code to dial is made.

        :param str channel: one of `_pg_get_channels`.
        :param str number: as typed; only where the channel asks on a phone.
        :raise UserError: with a sentence for the payer; nobody was asked then.
        """
        self.ensure_one()
        self._ensure_provider_is_not_disabled()
        self._gateway_lock()
        if self.state not in ("draft", "pending") or self._pg_is_started():
            return
        self._pg_pin_charge()
        gateway = self.provider_id._pg_get_gateway()
        method = dict(self._pg_get_channels()).get(channel)
        if not method:
            raise UserError(self.env._("Please choose how you want to pay."))
        payer = self._pg_normalise_number(number) if gateway.needs_number(channel) else ""
        self.write(
            {
                "payment_method_id": method.id,
                "pg_payer_mask": mask_number(payer),
                "pg_payer_key": payer and self._pg_make_payer_key(payer),
                "pg_started_at": fields.Datetime.now(),
                "pg_asked_at": fields.Datetime.now(),
            }
        )
        try:
            checkout = gateway.create_checkout(self._pg_prepare_start(channel, payer))
        except OutsideError as error:
            self._pg_apply_start_failure(error)
        except ValueError as error:
            raise UserError(str(error)) from None
        else:
            self._process(self.provider_code, {"pg_state": checkout.state})
            self._pg_plan_poll()

    def _pg_pin_charge(self):
        try:
            self._pg_pin_conversion()
        except ValueError as error:
            raise UserError(str(error)) from None

    def _pg_normalise_number(self, number):
        try:
            return normalise(number)
        except ValueError:
            raise UserError(
                self.env._("Please check the phone number, for example 7000 1234.")
            ) from None

    def _pg_prepare_start(self, channel, payer):
        """Build the request. Its key goes with channel and number, so that the same click again
        is the same payment."""
        request = self._pg_prepare_checkout()
        key = self._pg_make_key("start", channel, payer, request.amount, request.currency)
        return replace(request, key=key, channel=channel, payer_number=payer)

    def _pg_apply_start_failure(self, error):
        """Follow a start that was refused, or of which nothing is known.

        :raise UserError: nobody was asked; the payer may try again.
        """
        _logger.warning("payment %s: not started: %r", self.reference, error)
        if isinstance(error, Unknown):
            self.pg_is_unsure = True
            self._set_pending(state_message=self.env._("We are finding out about your payment."))
            self._pg_plan_poll()
            return
        if isinstance(error, NotSent | Throttled) or error.temporary:
            raise UserError(
                self.env._("The payment service does not answer. Please try again in a minute.")
            )
        raise UserError(self._pg_get_refusal_text(error.code))

    def _pg_withdraw(self):
        """Take the request back as the payer wishes; one that is approved goes on.

        The payer means to pay another way: the context says `pg_payer_stays` while this payment is
        cancelled, so that what it was for is not.

        :raise OutsideError: when it is not known whether it was taken back.
        """
        self.ensure_one()
        self._gateway_lock()
        if self.state not in ("draft", "pending") or self.pg_is_unsure:
            return
        withdrawn = self.with_context(pg_payer_stays=True)
        if not self.pg_checkout_ref:
            withdrawn._set_canceled()
            return
        self.provider_id._pg_get_gateway().expire_checkout(self.pg_checkout_ref)
        withdrawn._pg_refresh("payer")

    def _pg_abandon(self):
        """Override to also end payments for which nobody was asked yet."""
        super()._pg_abandon()
        for tx in self.filtered(lambda tx: tx.state == "draft" and tx._pg_asks_payer()):
            if not tx._pg_is_started():
                tx._set_canceled()

    # === BUSINESS METHODS - PROCESSING === #

    def _pg_apply_payment(self, state):
        """Override to keep what the payer has to do, and to tell failures in plain words."""
        if not self._pg_asks_payer():
            return super()._pg_apply_payment(state)
        self.write(
            {
                "pg_action": state.action,
                "pg_ussd": state.ussd,
                "pg_instruction": state.instruction,
                "pg_failure": state.failure,
            }
        )
        if state.checkout_id and not self.pg_checkout_ref:
            self._pg_keep_checkout(state)
        if state.failure == "reversed" and self.state == "done":
            self._pg_flag(self.env._("Money was taken back at the gateway."))
        if state.status == "failed":
            state = replace(state, message=self._pg_get_failure_text(state.failure))
        return super()._pg_apply_payment(state)

    def _pg_keep_checkout(self, state):
        self.write(
            {
                "pg_checkout_ref": state.checkout_id,
                "pg_checkout_count": self.pg_checkout_count + 1,
                "pg_checkout_expires_at": state.expires_at,
                "pg_checkout_url": state.url,
                "pg_is_unsure": False,
            }
        )
