"""What PayPal answers, in the words of the port."""

from dataclasses import replace

from odoo.addons.pg_base.tools.money import D

from ..ports import PaymentState, RefundState
from . import paypal_event
from .paypal_const import (
    CAPTURE_STATUS,
    ORDER_MESSAGES,
    ORDER_STATUS,
    PENDING_REASONS,
    REFUND_STATUS,
    REFUNDED,
)
from .paypal_money import from_paypal


def purchase_unit(order):
    return (order.get("purchase_units") or [{}])[0]


def payer_link(order):
    """Return where to send the payer, '' when there is nothing to approve."""
    links = {link.get("rel"): link.get("href") for link in order.get("links") or ()}
    return links.get("payer-action") or links.get("approve") or ""


def up_link(thing):
    links = {link.get("rel"): link.get("href") for link in thing.get("links") or ()}
    up = links.get("up") or ""
    return up.rsplit("/", 1)[-1] if "/orders/" in up else ""


def order_state(order):
    """Return the state of an order: that of its capture once there is one."""
    unit = purchase_unit(order)
    captures = (unit.get("payments") or {}).get("captures") or ()
    if captures:
        state = capture_state(_pick_capture(captures), order_id=order["id"], unit=unit)
        return replace(state, payer=(order.get("payer") or {}).get("payer_id") or "")
    amount, currency = from_paypal(unit.get("amount"))
    return PaymentState(
        ORDER_STATUS.get(order.get("status"), "open"),
        amount=amount,
        currency=currency,
        checkout_id=order["id"],
        reference=unit.get("custom_id") or "",
        message=ORDER_MESSAGES.get(order.get("status"), ""),
        url=payer_link(order),
    )


def _pick_capture(captures):
    """Return the capture that holds money, else the newest."""
    paid = [row for row in captures if CAPTURE_STATUS.get(row.get("status")) == "paid"]
    return (paid or captures)[-1]


def capture_state(capture, order_id="", unit=None):
    amount, currency = from_paypal(capture["amount"])
    related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
    return PaymentState(
        CAPTURE_STATUS.get(capture.get("status"), "pending"),
        amount=amount,
        currency=currency,
        payment_id=capture["id"],
        checkout_id=order_id or related.get("order_id") or up_link(capture),
        reference=capture.get("custom_id") or (unit or {}).get("custom_id") or "",
        message=_capture_message(capture),
        receipt=capture["id"],
        has_refunds=capture.get("status") in REFUNDED,
        **_fee_values(capture.get("seller_receivable_breakdown"), currency),
    )


def _capture_message(capture):
    """Return why a capture waits or failed, in a payer's words."""
    reason = (capture.get("status_details") or {}).get("reason") or ""
    if CAPTURE_STATUS.get(capture.get("status")) == "failed":
        return PENDING_REASONS.get(reason, "PayPal declined the payment.")
    return PENDING_REASONS.get(reason, reason and f"PayPal holds the payment ({reason}).")


def _fee_values(breakdown, currency):
    """Return fee, net and rate in the currency in which the account receives; {} until known."""
    if not breakdown or not breakdown.get("paypal_fee"):
        return {}
    received, settled = from_paypal(breakdown.get("receivable_amount"))
    if settled and settled != currency:
        fee, _currency = from_paypal(breakdown.get("paypal_fee_in_receivable_currency"))
        rate = (breakdown.get("exchange_rate") or {}).get("value")
        if fee is None or rate is None:
            return {}
        return {"fee": fee, "net": received, "fee_currency": settled, "rate": D(str(rate))}
    fee, currency = from_paypal(breakdown["paypal_fee"])
    net, _currency = from_paypal(breakdown.get("net_amount"))
    return {"fee": fee, "net": net, "fee_currency": currency}


def refund_state(refund, payment_id=""):
    amount, currency = from_paypal(refund.get("amount"))
    return RefundState(
        status=REFUND_STATUS.get(refund.get("status"), "pending"),
        refund_id=refund["id"],
        amount=amount,
        currency=currency,
        payment_id=paypal_event.find_capture_id(refund) or payment_id,
        reference=refund.get("custom_id") or "",
        message=(refund.get("status_details") or {}).get("reason") or "",
    )
