import logging
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from odoo import fields, models
from odoo.addons.payment import utils as payment_utils
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.outcomes import OutsideError, Rejected

from ..const import CHECKOUT_LIFETIME
from ..ports import CheckoutRequest

_logger = logging.getLogger(__name__)

STATUS_PAGE = "/payment/status"

#: Pages close on such a boundary: a request that is run again asks for the very same page.
EXPIRY_STEP = timedelta(minutes=10)


class PaymentTransaction(models.Model):
    """Opening the gateway's payment page and sending the payer there."""

    _inherit = "payment.transaction"

    pg_checkout_url = fields.Char(
        "Address of the payment page", readonly=True, copy=False, groups="base.group_system"
    )

    def _get_specific_rendering_values(self, processing_values):
        """Override of `payment` to open the payment page and return where it is.

        Note: self.ensure_one() from `_get_processing_values`
        """
        if not self._pg_is_ours():
            return super()._get_specific_rendering_values(processing_values)
        try:
            url = self._pg_open_checkout()
            if not url:
                # Nothing to pay any more, or it is being confirmed: the payer is told where.
                return {"api_url": self.landing_route or STATUS_PAGE, "url_params": []}
            return self._pg_split_url(url)
        except OutsideError as error:
            _logger.warning("payment %s: no payment page: %r", self.reference, error)
            # Opening a page moves no money, so an unknown outcome is as good as a refusal.
            self._set_error(self._pg_get_checkout_failure(error))
        except ValueError as error:
            self._set_error(str(error))
        return {}

    def _pg_open_checkout(self):
        """Return the address of the payer's page: the open one if there is one, else a new one.

        :return: an address, or '' when there is nothing to pay any more.
        :raise OutsideError: when the gateway gives no page.
        :raise ValueError: when the gateway can neither express nor convert the amount.
        """
        self.ensure_one()
        self._ensure_provider_is_not_disabled()
        self._gateway_lock()
        gateway = self.provider_id._pg_get_gateway()
        if self.pg_checkout_ref and (url := self._pg_find_open_checkout(gateway)) is not None:
            return url
        if self.state not in ("draft", "pending"):
            return ""
        self._pg_pin_conversion()
        checkout = self._pg_create_checkout(gateway)
        self.write(
            {
                "pg_checkout_ref": checkout.gateway_id,
                "pg_checkout_count": self.pg_checkout_count + 1,
                "pg_checkout_expires_at": checkout.expires_at,
                "pg_checkout_url": checkout.url,
                "pg_capture_step": False,
            }
        )
        self._pg_plan_poll()
        return checkout.url

    def _pg_find_open_checkout(self, gateway):
        """Return the address of the page that is open already, '' when there is nothing to pay;
        None, and the old page closed, when a new one is needed."""
        state = self._pg_refresh("reload")
        if self.state not in ("draft", "pending") or self._pg_is_confirming():
            return ""
        if state and state.status in ("open", "approved") and self._pg_is_same_amount(state):
            return state.url or self.pg_checkout_url
        if state and state.status == "pending":
            return ""  # The money is on its way.
        gateway.expire_checkout(self.pg_checkout_ref)
        return None

    def _pg_create_checkout(self, gateway):
        """Open a page; without the customer when the gateway has lost it meanwhile."""
        Customer = self.env["pg.payment.customer"].sudo()
        customer = Customer._ensure(
            self.provider_id, self.partner_id, self.partner_name or "", self.partner_email or ""
        )
        try:
            return gateway.create_checkout(self._pg_prepare_checkout(customer.reference or ""))
        except Rejected as refusal:
            if not customer or refusal.code != "resource_missing":
                raise
            customer.unlink()
            return gateway.create_checkout(self._pg_prepare_checkout())

    def _pg_is_same_amount(self, state):
        return (state.amount, state.currency) == self._pg_get_gateway_pair()

    def _pg_prepare_checkout(self, customer_id=""):
        """Build the request for a page. It must not hold what changes when a request is run again
        (record ids, the minute): the same key goes with the same body only."""
        expires_at = _round_up(fields.Datetime.now() + CHECKOUT_LIFETIME)
        amount, currency = self._pg_get_gateway_pair()
        scope = f"checkout-{self.pg_checkout_count}{customer_id and '-'}{customer_id}"
        return CheckoutRequest(
            reference=self.reference,
            key=self._pg_make_key(scope, amount, currency, expires_at.isoformat()),
            amount=amount,
            currency=currency,
            description=self._pg_get_checkout_description(),
            return_url=self._pg_get_return_url(),
            cancel_url=self._pg_get_cancel_url(),
            expires_at=expires_at,
            database=self._pg_get_database(),
            provider_id=self.provider_id.id,
            email=self.partner_email or "",
            locale=self.partner_lang or self.env.lang or "",
            brand=self.company_id.name or "",
            customer_id=customer_id,
            webhook_url=self._pg_get_webhook_url(),
        )

    def _pg_get_checkout_description(self):
        """Hook: what the payer reads beside the amount."""
        return self.reference

    def _pg_get_webhook_url(self):
        """Return where news of this payment is sent, '' when it could not be proven."""
        provider = self.provider_id
        return provider.pg_webhook_url if provider._pg_can_hear() else ""

    def _pg_get_return_url(self):
        """Return where the gateway sends a payer who is through; it fills in its own page's id."""
        gateway = self.provider_id._pg_get_gateway_class()
        url = f"{self.provider_id.get_base_url()}/payment/{self.provider_code}/return"
        query = {"reference": self.reference}
        if not gateway.return_parameter:
            query["access_token"] = payment_utils.generate_access_token(
                self.reference, "return", env=self.env
            )
        parts = [urlencode(query, quote_via=quote, safe="")]
        if gateway.return_query:
            parts.append(gateway.return_query)
        return f"{url}?{'&'.join(parts)}"

    def _pg_get_cancel_url(self):
        """Return where the gateway sends a payer who goes back."""
        token = payment_utils.generate_access_token(self.reference, "cancel", env=self.env)
        query = urlencode({"reference": self.reference, "access_token": token})
        return f"{self.provider_id.get_base_url()}/payment/{self.provider_code}/cancel?{query}"

    def _pg_split_url(self, url):
        """Return an address for a GET form: browsers drop the query of its action, so each
        parameter is an input of its own; the fragment stays.

        :raise ValueError: when the address is not one to send a payer to.
        """
        check_endpoint(url, live=self.provider_id.state == "enabled")
        parts = urlsplit(url)
        return {
            "api_url": urlunsplit(parts._replace(query="")),
            "url_params": parse_qsl(parts.query, keep_blank_values=True),
        }

    def _pg_get_checkout_failure(self, error):
        """Return the sentence for a payer to whom no page could be opened."""
        if isinstance(error, Rejected) and not error.temporary:
            return self.env._("The payment cannot be started: %s", error.message)
        return self.env._("The payment page cannot be opened right now. Please try again.")

    def _pg_abandon(self):
        """Ask for the payment pages to be closed since something else replaces these payments.

        Closing is a call to the outside, so the cron does it; the transaction is cancelled once the
        gateway says that the page is closed unpaid, or at once where nothing is taken without our
        capture. A payment that came first is honoured.
        """
        txs = self.filtered(
            lambda tx: tx._pg_is_ours() and tx.state in ("draft", "pending") and tx.pg_checkout_ref
        )
        txs.filtered(lambda tx: tx.pg_capture_step == "waiting")._pg_end_capture(False)
        txs.write({"pg_is_abandoned": True, "pg_next_poll_at": fields.Datetime.now()})
        if txs:
            self.env.ref("pg_payments.cron_poll")._trigger()


def _round_up(moment):
    """Return the next boundary of `EXPIRY_STEP`."""
    rest = (moment - datetime(1970, 1, 1)) % EXPIRY_STEP
    return moment if not rest else moment + EXPIRY_STEP - rest
