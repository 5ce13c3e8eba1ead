"""PGPay's dictionaries as the port's dataclasses."""

from datetime import UTC, datetime

from odoo.addons.pg_base.outcomes import Unknown
from odoo.addons.pg_base.tools import money

from ..ports import GatewayEvent, PaymentState, RefundState, SignatureError
from .pgpay_const import EVENT_KINDS, PAYMENT_STATUS, REFUND_STATUS

DECIMALS = 2


def read(function, *args):
    """Return what a reader makes of an answer.

    :raise Unknown: when fields of the contract are missing or of another form.
    """
    try:
        return function(*args)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        problem = f"PGPay's answer cannot be read ({type(error).__name__})"
        raise Unknown(problem) from None


def payment_state(payment):
    """Return the state of a payment."""
    word = payment["status"]
    status = PAYMENT_STATUS.get(word, "pending")
    failure = payment.get("failure") or {}
    action = (payment.get("next_action") or {}) if word in ("created", "pending") else {}
    values = {}
    if word in ("succeeded", "reversed"):
        values.update(payment_id=payment["id"], receipt=payment.get("operator_reference") or "")
    if word == "succeeded":
        values.update(_fee_values(payment), has_refunds=bool(payment.get("amount_refunded")))
    return PaymentState(
        status=status,
        amount=amount_of(payment["amount"]),
        currency=payment["currency"],
        checkout_id=payment["id"],
        reference=_reference(payment),
        message=failure.get("message") or "",
        failure="reversed" if word == "reversed" else failure.get("code") or "",
        url=payment.get("checkout_url") or "",
        action=action.get("type") or "",
        ussd=action.get("ussd") or "",
        instruction=action.get("message") or "",
        expires_at=moment(payment.get("expires_at")),
        **values,
    )


def _fee_values(payment):
    """Return fee and net, once the fee is known."""
    fee = payment.get("fee")
    if not fee or fee["currency"] != payment["currency"]:
        return {}
    amount = amount_of(fee["amount"])
    net = amount_of(payment["amount"]) - amount
    return {"fee": amount, "net": net, "fee_currency": fee["currency"]}


def refund_state(refund):
    """Return the state of a refund."""
    failure = refund.get("failure") or {}
    return RefundState(
        # A word that PGPay adds later is neither success nor failure.
        status=REFUND_STATUS.get(refund["status"], "pending"),
        refund_id=refund["id"],
        amount=amount_of(refund["amount"]),
        currency=refund["currency"],
        payment_id=refund["payment_id"],
        reference=(refund.get("metadata") or {}).get("odoo_ref") or "",
        message=failure.get("message") or "",
    )


def gateway_event(event):
    """Return the few facts of an event that tell where to look.

    :raise SignatureError: when it is not an event of the contract.
    """
    try:
        return _gateway_event(event)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignatureError(f"unreadable event ({type(error).__name__})") from None


def _gateway_event(event):
    thing = event["data"]["object"]
    metadata = thing.get("metadata") or {}
    provider = str(metadata.get("odoo_provider_id") or "")
    is_refund = thing.get("object") == "refund"
    kind = str(event["type"])
    return GatewayEvent(
        event_id=str(event["id"]),
        type=kind,
        kind=next((name for start, name in EVENT_KINDS if kind.startswith(start)), "other"),
        created=moment(event.get("created_at")),
        reference=str(metadata.get("odoo_ref") or ""),
        database=str(metadata.get("odoo_db") or ""),
        provider_id=int(provider) if provider.isdigit() else None,
        checkout_id="" if is_refund else str(thing["id"]),
        payment_id=str(thing["payment_id"]) if is_refund else "",
        refund_id=str(thing["id"]) if is_refund else "",
    )


def _reference(payment):
    return (payment.get("metadata") or {}).get("odoo_ref") or payment["reference"]


def amount_of(minor):
    """Return toea as kina.

    :raise ValueError: when it is not a whole number.
    """
    if isinstance(minor, bool) or not isinstance(minor, int):
        raise ValueError("an amount must be a whole number")
    return money.from_minor(minor, DECIMALS)


def moment(text):
    """Return an RFC 3339 moment as naive UTC, None for nothing."""
    if not text:
        return None
    value = datetime.fromisoformat(str(text))
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
