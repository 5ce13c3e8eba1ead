from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from .. import const
from ..clock import now


class PgTopup(models.Model):
    """How an order is paid: the gateway's page, and what its news mean for the order."""

    _inherit = "pg.topup"

    def _get_payment_providers(self):
        """Return the gateways by which this top-up can be paid, in the seller's order."""
        self.ensure_one()
        providers = self.env["payment.provider"].sudo()
        return providers._get_compatible_providers(
            self.company_id.id,
            self.partner_id.id,
            self.amount,
            currency_id=self.currency_id.id,
        ).filtered("redirect_form_view_id")

    def _start_payment(self, provider):
        """Open a payment page at a gateway and return the form that leads the customer there.

        An open payment of the same gateway is taken up again, so that two clicks are one payment.

        :param provider: one of :meth:`_get_payment_providers`.
        :return: the redirect form of Odoo's payment flow, as Markup.
        :raise UserError: it cannot be paid any more, or the gateway gave no page.
        """
        self.ensure_one()
        self._lock()
        if self.state != "pending":
            raise UserError(self.env._("This order cannot be paid any more."))
        if provider not in self._get_payment_providers():
            raise UserError(self.env._("This way to pay is not available."))
        still_open = self.payment_tx_ids.filtered(lambda tx: tx.state in ("draft", "pending"))
        transaction = still_open.filtered(lambda tx: tx.provider_id == provider)[:1]
        transaction = transaction or self._create_payment(provider)
        (still_open - transaction)._pg_abandon()
        form = transaction._get_processing_values().get("redirect_form_html")
        if not form or transaction.state == "error":
            raise ValidationError(
                self.env._("The payment page could not be opened. Please try again.")
            )
        return form

    def _create_payment(self, provider):
        Transaction = self.env["payment.transaction"].sudo()
        method = provider.payment_method_ids.filtered(lambda m: m.active and m.is_primary)[:1]
        if not method:
            raise UserError(self.env._("This way to pay is not available."))
        transaction = Transaction.create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": Transaction._compute_reference(provider.code, prefix=self.name),
                "amount": self.amount,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": "online_redirect",
                "landing_route": self._get_status_url(),
                "pg_topup_id": self.id,
            }
        )
        self._log_event("payment", self.env._("Payment page of %s opened.", provider.name))
        return transaction

    def _on_paid(self, transaction):
        """Take the news that a payment is done; in the same transaction as the payment itself.

        A second payment, or one that does not fit, goes back to the payer.
        """
        self.ensure_one()
        self._lock()
        fits = (
            transaction.currency_id == self.currency_id
            and self.currency_id.compare_amounts(transaction.amount, self.amount) == 0
        )
        self._post_paid(transaction)
        if self.state not in ("pending", "cancelled") or not fits:
            self._log_event(
                "alert", self.env._("A second or unfitting payment arrived; it goes back.")
            )
            transaction._pg_queue_refund()
            return
        self.payer_key = transaction.pg_payer_key
        refusal = self._apply_limits_late()
        send_at = self._get_send_time()
        self._set_state(
            "paid",
            note=self.env._("Paid with %s.", transaction.provider_id.name),
            payment_tx_id=transaction.id,
            next_attempt_at=False if self.review_state == "held" else send_at,
            undo_until=send_at,
        )
        if refusal:
            self._fail(refusal, policy="refund")
            return
        if self.review_state == "held":
            self._ask_for_review()
            return
        self._wake_dispatcher(at=send_at)

    def _on_payment_over(self, transaction):
        """Take the news that a payment page is closed without money."""
        self.ensure_one()
        self._lock()
        still_open = self.payment_tx_ids.filtered(lambda tx: tx.state in ("draft", "pending"))
        if self.state == "pending" and not still_open - transaction:
            self._set_state("cancelled", note=self.env._("The payment page closed unpaid."))

    @api.model
    def _cron_cancel_unpaid(self):
        """Cancel orders that nobody pays, once no payment page is open for them any more."""
        limit = now() - timedelta(hours=const.PENDING_HOURS)
        stale = self.search([("state", "=", "pending"), ("create_date", "<", limit)], limit=500)
        for topup in stale:
            if not any(tx.state in ("draft", "pending") for tx in topup.payment_tx_ids):
                topup._set_state("cancelled", note=self.env._("Not paid in time."))
