import logging

from odoo import fields, models
from odoo.addons.pg_base.outcomes import OutsideError

from ..const import SOON

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Refunds as the gateway has them, whoever asked for them: read, never asked for."""

    _inherit = "payment.transaction"

    def _pg_sync_refunds(self, source, refund_id="", payment_id=""):
        """Take over every refund that the gateway has of this payment, whoever asked for it.

        Note: `self.ensure_one()`, on the payment.

        :param str refund_id: the refund that the news is about, in case the list lacks it.
        :param str payment_id: the payment that the news is about, in case it is not known yet.
        """
        self.ensure_one()
        self._gateway_lock()
        if not self.pg_payment_ref:
            # News of the refund came before news of the payment.
            self._pg_refresh(source, payment_id=payment_id)
        if not self.pg_payment_ref:
            return
        gateway = self.provider_id._pg_get_gateway()
        states = gateway.find_refunds(self.pg_payment_ref)
        if refund_id and refund_id not in {state.refund_id for state in states}:
            state = gateway.get_refund(refund_id)
            states += (state,) if state.payment_id == self.pg_payment_ref else ()
        for state in states:
            child = self._pg_find_refund(state)
            if not child and state.status not in ("failed", "cancelled"):
                child = self._pg_adopt_refund(state)
            if child:
                child._process(child.provider_code, {"pg_refund": state})
        _logger.info("payment %s by %s: refunds read", self.reference, source)

    def _pg_find_refund(self, state):
        """Return our child of a refund: by the gateway's id, else by our reference in it."""
        refunds = self.child_transaction_ids.filtered(lambda tx: tx.operation == "refund")
        known = refunds.filtered(lambda tx: tx.provider_reference == state.refund_id)
        return known or refunds.filtered(
            lambda tx: (
                state.reference and tx.reference == state.reference and not tx.provider_reference
            )
        )

    def _pg_adopt_refund(self, state):
        """Create the child of a refund that was made in the gateway's dashboard."""
        amount, values = self._pg_get_adopted_refund(state)
        child = self._create_child_transaction(
            float(amount),
            is_refund=True,
            pg_refund_step="accepted",
            provider_reference=state.refund_id,
            **values,
        )
        _logger.info("payment %s: refund %s made elsewhere", self.reference, state.refund_id)
        child._log_sent_message()
        return child

    def _pg_catch_up_refunds(self, state, source):
        """Take over refunds whose news came before ours of the payment, or never.

        :param state: a `..ports.PaymentState`, followed already.
        """
        if not state.has_refunds or self.state != "done" or self._pg_get_counted_refunds():
            return
        try:
            self._pg_sync_refunds(source)
        except OutsideError as error:
            _logger.warning("payment %s: refunds not read: %r", self.reference, error)
            self.pg_next_poll_at = fields.Datetime.now() + SOON
