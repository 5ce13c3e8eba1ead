from datetime import timedelta

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_catalog.tools.numbering import format_number
from odoo.tools import format_datetime
from odoo.tools.misc import consteq

from ..const import PENDING_HOURS
from ..report.receipt import Receipt, render_receipt

FINAL_STATES = ("completed", "refunded", "cancelled")


class PgTopup(models.Model):
    """What the customer sees: the truth in words, the receipt, the address of both."""

    _inherit = "pg.topup"

    @api.model
    def _from_token(self, company, token):
        """Return the top-up of a seller with this token (sudo), or an empty recordset.

        :param str token: from an address, so anything.
        """
        none = self.sudo().browse()
        if not isinstance(token, str) or not 16 <= len(token) <= 64:
            return none
        topup = none.search(
            [("access_token", "=", token), ("company_id", "=", company.id)], limit=1
        )
        return topup if topup and consteq(topup.access_token, token) else none

    def _get_status_url(self):
        """Return the path of the customer's page of this top-up."""
        self.ensure_one()
        topup = self.sudo()
        return f"/topup/{topup.company_id.pg_slug}/order/{topup.access_token}"

    def _get_public_status(self):
        """Return what the customer may know, as plain values.

        :return: ``state``, ``title``, ``detail``, ``final`` (nothing more will change), ``steps``
            (``key``, ``label``, ``done``, ``at``), ``order``, ``number``, ``operator``, ``paid``,
            ``receives``, ``refund`` (the money's way back: ``state``, ``amount``, ``gateway``,
            ``at``; None without one), ``has_receipt``, ``undo_seconds`` (for how long `_undo` is
            still possible), ``confirming`` (the payer is through, the gateway has not settled),
            ``converted`` (what was charged in another currency, or False), ``pin`` (dict of
            ``code`` and ``text`` of a delivered PIN or voucher, else None).
        :rtype: dict
        """
        self.ensure_one()
        topup = self.sudo()
        title, detail = topup._get_status_words()
        waits_for_refund = topup.state == "failed" and topup.refund_state in (
            "waiting",
            "due",
            "requested",
        )
        return {
            "state": topup.state,
            "title": title,
            "detail": detail,
            "final": topup.state in FINAL_STATES
            or (topup.state == "failed" and not waits_for_refund),
            "steps": topup._get_status_steps(),
            "order": topup.name,
            "number": topup.number,
            "operator": topup.operator_id.name,
            "paid": topup._format_money(topup.amount, topup.currency_id),
            "receives": topup._format_money(topup.receive_value, topup.receive_currency_id),
            "refund": topup._get_refund(),
            "has_receipt": bool(topup.paid_at),
            "undo_seconds": topup._get_undo_seconds(),
            "confirming": topup._is_confirming(),
            "converted": topup._get_converted(),
            "pin": topup._reveal_pin(),
        }

    def _get_status_words(self):
        """Return title and one sentence for the customer."""
        amount = self._format_money(self.amount, self.currency_id)
        gateway = self.payment_tx_id.provider_id.name or ""
        if self._is_confirming():
            return self.env._("Confirming your payment"), self.env._(
                "You have paid; the payment service is confirming it. Please do not pay again: the "
                "top-up is sent as soon as it is confirmed."
            )
        if self._is_expired():
            return self.env._("Expired"), self.env._(
                "This order was not paid in time. Nothing was charged; please start a new one."
            )
        if self.state == "failed":
            title = self.env._("Taken back") if self.is_undone else self.env._("Not delivered")
            return title, self._get_failed_sentence(amount, gateway)
        return {
            "pending": self._get_pending_words(),
            "paid": (
                self.env._("Paid"),
                self.env._("Thank you. The seller looks at the order before it is sent.")
                if self.review_state == "held"
                else self.env._("Thank you. The top-up is about to be sent."),
            ),
            "processing": (
                self.env._("Sending"),
                self.env._("The top-up is on its way to %s.", format_number(self.number)),
            ),
            "in_doubt": (
                self.env._("We are checking with the operator"),
                self.env._(
                    "Your money is safe. The operator has not confirmed yet; we look it up until "
                    "it is certain, and you get the top-up or your money back."
                ),
            ),
            "completed": (
                self.env._("Delivered"),
                self._get_delivered_sentence(),
            ),
            "refunded": (
                self.env._("Refunded"),
                self._get_refunded_sentence(amount, gateway),
            ),
            "cancelled": (
                self.env._("Cancelled"),
                self.env._("This order was not paid. Nothing was charged."),
            ),
        }[self.state]

    def _get_pending_words(self):
        """Return title and sentence of an order that waits, after what became of its payment."""
        if self._is_declined():
            return self.env._("The payment did not go through"), self.env._(
                "Nothing was charged. Your order is kept: please try again, or pay another way."
            )
        title = self.env._("Waiting for payment")
        if self.payment_tx_ids.sorted("id")[-1:].state == "cancel":
            return title, self.env._(
                "The payment was stopped and nothing was charged. Your order is kept: you can pay "
                "it now or later."
            )
        return title, self.env._("Your order is kept. Nothing is charged yet.")

    def _is_declined(self):
        """Tell whether the order waits for payment because its last payment was refused."""
        self.ensure_one()
        last = self.sudo().payment_tx_ids.sorted("id")[-1:]
        is_refused = last.state == "error" or last.pg_capture_step == "declined"
        return self.state == "pending" and is_refused

    def _get_delivered_sentence(self):
        if self._is_code():
            return self.env._("Your code for %s is on your order's page.", self.offer_id.name)
        return self.env._(
            "%(number)s received %(value)s.",
            number=format_number(self.number),
            value=self._get_received_words(),
        )

    def _get_refunded_sentence(self, amount, gateway):
        if self._is_credited():
            return self.env._(
                "The operator could not deliver. %(amount)s is yours as credit with %(seller)s: "
                "sign in to pay your next top-up with it.",
                amount=amount,
                seller=self.company_id.name,
            )
        return self.env._(
            "The operator could not deliver. %(amount)s went back through %(gateway)s on "
            "%(date)s; your bank may take some days to show it.",
            amount=amount,
            gateway=gateway,
            date=self._format_time(self.refunded_at, "d MMMM y"),
        )

    def _is_confirming(self):
        """Tell whether the payer is through and the gateway has not settled yet."""
        return self.state == "pending" and any(tx._pg_is_confirming() for tx in self.payment_tx_ids)

    def _is_expired(self):
        """Tell whether the order was cancelled because nobody paid it in time."""
        if self.state != "cancelled" or not self.cancelled_at:
            return False
        return self.cancelled_at - self.create_date >= timedelta(hours=PENDING_HOURS)

    def _get_refund(self):
        """Return the money's way back for people, None when there is none."""
        if self.refund_state == "none":
            return None
        return {
            "state": self.refund_state,
            "amount": self._format_money(self.amount, self.currency_id),
            "gateway": self.payment_tx_id.provider_id.name or "",
            "at": self._format_time(self.refunded_at, "d MMMM y, HH:mm"),
        }

    def _get_converted(self):
        """Return what the gateway charged in another currency, for people, else False."""
        transaction = self.payment_tx_id or self.payment_tx_ids[:1]
        if not transaction.gateway_currency_id:
            return False
        return self._format_money(transaction.gateway_amount, transaction.gateway_currency_id)

    def _get_failed_sentence(self, amount, gateway):
        if self.is_undone and self.refund_state in ("due", "requested"):
            return self.env._(
                "You took the order back in time. Your %(amount)s is on its way back through "
                "%(gateway)s.",
                amount=amount,
                gateway=gateway,
            )
        if self.refund_state in ("due", "requested"):
            return self.env._(
                "The operator could not deliver. Your %(amount)s is on its way back through "
                "%(gateway)s.",
                amount=amount,
                gateway=gateway,
            )
        return self.env._(
            "The operator could not deliver. %(seller)s takes care of your refund of %(amount)s.",
            seller=self.company_id.name,
            amount=amount,
        )

    def _get_status_steps(self):
        """Return the customer's steps with the time at which each was reached.

        The last one is the delivery, or the refund once the delivery has failed.
        """
        steps = [
            ("placed", self.env._("Order placed"), self.create_date),
            ("paid", self.env._("Paid"), self.paid_at),
            ("sent", self.env._("Sent to the operator"), self.processing_at),
        ]
        if self.failed_at:
            steps.append(("failed", self.env._("Not delivered"), self.failed_at))
            steps.append(("refunded", self.env._("Refunded"), self.refunded_at))
        else:
            steps.append(("delivered", self.env._("Delivered"), self.completed_at))
        return [
            {"key": key, "label": label, "done": bool(at), "at": self._format_time(at, "HH:mm")}
            for key, label, at in steps
        ]

    def _get_received_words(self):
        """Return what arrives: an amount, or the name of a package."""
        if self.sku_id.kind == "topup":
            return self._format_money(self.receive_value, self.receive_currency_id)
        return self.offer_id.name

    def _format_money(self, amount, currency):
        """Return an amount for people, with its currency's code: symbols are shared by many."""
        return f"{currency.name}\u00a0{D(amount):,.{currency.decimal_places}f}"

    def _format_time(self, moment, pattern):
        """Return a moment in the seller's timezone, '' when there is none."""
        if not moment:
            return ""
        return format_datetime(
            self.env,
            moment,
            tz=self.company_id.pg_tz or "UTC",
            dt_format=pattern,
            lang_code=self.lang or None,
        )

    # === RECEIPT === #

    def _render_receipt_pdf(self, *, with_code=False):
        """Return the receipt as PDF bytes; for a top-up that was paid.

        :param bool with_code: print the code of a PIN or voucher; only for what the buyer loads
            from the order's own page, never for what is stored or mailed.
        """
        self.ensure_one()
        return render_receipt(self.sudo()._prepare_receipt(with_code=with_code))

    def _prepare_receipt(self, *, with_code=False):
        """Return the plain values of the receipt."""
        known = (self._reveal_pin() if with_code else None) or {"code": "", "text": ""}
        company, transaction = self.company_id, self.payment_tx_id
        title, detail = self._get_status_words()
        # What the payer finds on the gateway's own receipt.
        receipt = transaction.gateway_receipt or transaction.provider_reference or ""
        lines = [
            (self.env._("Order"), self.name),
            (self.env._("Date"), self._format_time(self.paid_at, "d MMMM y, HH:mm")),
            (self.env._("Phone number"), format_number(self.number)),
            (self.env._("Operator"), self.operator_id.name),
            (self.env._("Product"), "" if self.sku_id.is_range else self.offer_id.name),
            (self.env._("Recipient gets"), self._get_received_words()),
            (self.env._("Paid with"), transaction.provider_id.name or ""),
            (self.env._("Charged as"), self._get_converted() or ""),
            (self.env._("Payment reference"), transaction.reference or ""),
            (self.env._("Gateway's reference"), receipt),
            (self.env._("Operator's reference"), self.transfer_ref or ""),
            (self.env._("Code"), known["code"] or known["text"]),
        ]
        return Receipt(
            title=self.env._("Receipt"),
            seller=company.name,
            seller_lines=[
                *filter(None, (company.street, company.city, company.country_id.name)),
                *filter(None, (company.phone, company.email, company.vat)),
            ],
            color=company.pg_brand_color or "#0b6e4f",
            status=title,
            status_detail=detail,
            lines=[(label, value) for label, value in lines if value],
            tax=(self.env._("of which tax"), self._format_money(self.amount_tax, self.currency_id))
            if self.amount_tax
            else None,
            total=(self.env._("Total paid"), self._format_money(self.amount, self.currency_id)),
            footer=self.env._("Keep the order number: it answers every question about this sale."),
        )
