import logging
from datetime import timedelta

from odoo import fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError

from ..const import APPROVAL_GRACE, APPROVAL_HORIZON, APPROVAL_POLL_DELAYS, pick_delay
from ..gateways.pgpay_const import PUSH_LIFE
from ..ports import PaymentState

_logger = logging.getLogger(__name__)

#: A visitor's page makes us ask the gateway at most once in so many seconds; and a gateway that
#: does not answer is left alone for longer, since each question keeps an HTTP worker waiting.
ASK_SECONDS = 5
REST_SECONDS = 30


class PaymentTransaction(models.Model):
    """Waiting for a payer's approval: asked soon at first, then slower, to the end."""

    _inherit = "payment.transaction"

    pg_asked_at = fields.Datetime("Last question to the gateway", readonly=True, copy=False)

    def _pg_read_states(self, checkout_id, payment_id):
        """Override to look a payment up by its reference as long as its id is not known."""
        self.pg_asked_at = fields.Datetime.now()
        if not self.pg_is_unsure or self.pg_checkout_ref:
            return super()._pg_read_states(checkout_id, payment_id)
        state = self.provider_id._pg_get_gateway().find_payment(self.reference)
        return [state or self._pg_get_absent_state()]

    def _pg_get_absent_state(self):
        """Return what a payment is that the gateway does not know: on its way at first; cancelled
        when its time is over, since then nobody can approve it any more."""
        started_at = self.pg_started_at or self.create_date
        end = started_at + timedelta(seconds=PUSH_LIFE) + APPROVAL_GRACE
        status = "pending" if fields.Datetime.now() < end else "cancelled"
        return PaymentState(
            status=status,
            reference=self.reference,
            message=self.env._("The payment did not reach the operator. Nothing was charged.")
            if status == "cancelled"
            else "",
        )

    def _pg_plan_poll(self):
        """Override to ask sooner when a payer is looking at a phone."""
        if (
            not self._pg_asks_payer()
            or self.operation == "refund"
            or self.state not in ("draft", "pending")
        ):
            return super()._pg_plan_poll()
        if not self._pg_is_started():
            self.pg_next_poll_at = False
            return None
        now = fields.Datetime.now()
        expires_at = self.pg_checkout_expires_at or self.pg_started_at or now
        if now > expires_at + APPROVAL_HORIZON:
            self.pg_next_poll_at = False
            self._pg_flag(self.env._("The gateway has not said how this payment ended."))
            return None
        delay = pick_delay(APPROVAL_POLL_DELAYS, self.pg_poll_count)
        if now > expires_at + APPROVAL_GRACE:
            delay = timedelta(seconds=APPROVAL_POLL_DELAYS[-1])
        self.pg_next_poll_at = now + delay
        self.env.ref("pg_payments.cron_poll")._trigger(at=self.pg_next_poll_at)
        return None

    def _pg_ask_for_visitor(self):
        """Ask the gateway because the payer is looking, unless somebody did just now.

        A gateway that gives no answer, or is set up wrongly, breaks no page: the page goes on
        showing what is known, and the cron asks again.

        :return: whether it was asked.
        """
        self.ensure_one()
        limit = fields.Datetime.now() - timedelta(seconds=ASK_SECONDS)
        is_open = self.state in ("draft", "pending") and self._pg_is_started()
        if not is_open or (self.pg_asked_at and self.pg_asked_at > limit):
            return False
        if not self.try_lock_for_update():
            return False
        try:
            self._pg_refresh("page")
        except (OutsideError, UserError) as error:
            _logger.warning("payment %s: no answer for its page: %r", self.reference, error)
            rest = timedelta(seconds=REST_SECONDS - ASK_SECONDS)
            self.pg_asked_at = fields.Datetime.now() + rest
            return False
        return True
