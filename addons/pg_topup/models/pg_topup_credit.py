from odoo import fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from .. import const


class PgTopup(models.Model):
    """Credit with the seller: money of a failed top-up that pays the next one."""

    _inherit = "pg.topup"

    def _can_have_credit(self):
        """Tell whether the customer could ever find and spend credit: it needs a sign-in."""
        return bool(self.payment_tx_id and self.partner_id.email)

    def _is_credited(self):
        """Tell whether the money of this top-up went, or is about to go, into credit."""
        return self.payment_tx_id._pg_goes_to_credit() or any(
            child.provider_code == const.CREDIT and child.operation == "refund"
            for child in self.payment_tx_id.child_transaction_ids
        )

    def _pay_with_credit(self, partner):
        """Pay with the customer's credit: the whole amount, or nothing.

        The same door as any payment; a second call for the same top-up changes nothing.

        :param partner: who is signed in; the caller has made sure of it.
        :raise UserError: it is another's order, it cannot be paid any more, or credit is short;
            nothing is changed then.
        """
        self.ensure_one()
        topup = self.sudo()
        topup._lock()
        if topup.partner_id != partner.sudo():
            raise UserError(self.env._("This order belongs to another customer."))
        if topup.state != "pending":
            if topup.payment_tx_id.provider_code == const.CREDIT:
                return
            raise UserError(self.env._("This order cannot be paid any more."))
        customer, amount = topup.partner_id, D(topup.amount)
        customer._pg_lock_credit()
        if customer._pg_credit_balance(topup.company_id, topup.currency_id) < amount:
            raise UserError(self.env._("Your credit does not cover this order."))
        still_open = topup.payment_tx_ids.filtered(lambda tx: tx.state in ("draft", "pending"))
        provider = self.env["payment.provider"]._pg_get_credit(topup.company_id)
        transaction = topup._create_payment(provider)
        self.env["pg.credit"]._move(transaction, topup, -amount)
        still_open._pg_abandon()
        transaction._set_done()


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pg_refund_as_credit = fields.Boolean("Goes back as credit", readonly=True, copy=False)

    def _pg_goes_to_credit(self):
        """Tell whether money of this payment goes back as credit; money of credit always does."""
        return bool(self.pg_refund_as_credit or self.provider_code == const.CREDIT)

    def _pg_refund_to_credit(self):
        """Give back, as credit, what was not given back yet; done at once.

        It is a refund like any other, through the seller's own account of credit: so nothing of it
        can go back through the gateway as well.

        :return: the refund transaction, done.
        :raise UserError: nothing is left to give back.
        """
        self.ensure_one()
        amount, topup = self._pg_get_refundable(), self.pg_topup_id
        self._pg_check_refund(amount)
        provider = self.env["payment.provider"]._pg_get_credit(topup.company_id)
        refund = self._create_child_transaction(
            float(amount),
            is_refund=True,
            pg_refund_step="accepted",
            provider_id=provider.id,
            payment_method_id=provider.payment_method_ids[:1].id,
        )
        self.env["pg.credit"]._move(refund, topup, amount)
        refund._set_done()
        return refund
