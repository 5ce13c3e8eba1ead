"""Refunds: accepted, then succeeded or failed."""

import calendar
import time

from sandbox.pgpay import channels, checks, events
from sandbox.pgpay.account import new_id, stamp
from sandbox.pgpay.errors import PgpayError

KNOWN = {"reference", "amount", "currency", "reason", "metadata"}
DAY = 24 * 3600


def create(account, payment, body):
    """Give back a payment or a part of it.

    :raise PgpayError: as the contract refuses
    """
    checks.refuse_unknown(body, KNOWN)
    checks.required(body, "reference", "amount", "currency")
    reference = checks.text(body, "reference", checks.REFERENCE)
    amount = checks.whole(body, "amount", 1, checks.LARGEST)
    currency = checks.text(body, "currency", checks.CURRENCY)
    reason = checks.text(body, "reason")
    if reason is not None and reason not in checks.REASONS:
        raise PgpayError("parameter_invalid", "reason is not known", "reason")
    _check_payment(account, payment, amount, currency)
    if account.newest("refund", reference=reference):
        raise PgpayError("reference_duplicate", f"{reference} exists already", "reference")
    refund = {
        "id": new_id("pgr"),
        "object": "refund",
        "livemode": False,
        "payment_id": payment["id"],
        "reference": reference,
        "status": "pending",
        "amount": amount,
        "currency": currency,
        "reason": reason,
        "operator_reference": None,
        "failure": None,
        "metadata": checks.metadata(body),
        "created_at": stamp(),
        "completed_at": None,
    }
    account.put("refund", refund)
    recount(account, payment)
    if not account.settings["refund_seconds"] and account.settings["refund_outcome"] != "pending":
        finish(account, refund, account.settings["refund_outcome"])
    arm(account, refund)
    return refund


def _check_payment(account, payment, amount, currency):
    if payment["status"] != "succeeded":
        text = f"this payment is {payment['status']}"
        raise PgpayError("payment_not_refundable", text)
    if currency != payment["currency"]:
        text = f"this payment was in {payment['currency']}"
        raise PgpayError("currency_unsupported", text, "currency")
    if amount > payment["amount"] - payment["amount_refunded"]:
        raise PgpayError("refund_exceeds_payment", "more than is left", "amount")
    rule = channels.CHANNELS[payment["channel"] or "card"][3]
    if rule == "none" or (rule == "full_only" and amount != payment["amount"]):
        text = f"{channels.name(payment['channel'])} refunds: {rule}"
        raise PgpayError("payment_not_refundable", text, "amount")
    done = calendar.timegm(time.strptime(payment["completed_at"], "%Y-%m-%dT%H:%M:%SZ"))
    if time.time() - done >= account.settings["refund_days"] * DAY:
        raise PgpayError("refund_window_closed", "too late for a refund")


def recount(account, payment):
    """Write how much of a payment went back or is on its way back."""
    rows = account.newest("refund", payment_id=payment["id"])
    payment["amount_refunded"] = sum(r["amount"] for r in rows if r["status"] != "failed")
    account.put("payment", payment)


def arm(account, refund):
    """End a pending refund after ``refund_seconds``, when that is set."""
    seconds, outcome = account.settings["refund_seconds"], account.settings["refund_outcome"]
    if refund["status"] == "pending" and seconds and outcome != "pending":
        account.later(seconds, finish, account, refund, outcome)


def finish(account, refund, outcome):
    """End a refund as ``succeeded`` or ``failed``; a failed one frees the amount again."""
    if refund["status"] == "failed" or refund["status"] == outcome:
        return
    payment = account.get("payment", refund["payment_id"])
    refund.update(status=outcome, completed_at=stamp())
    if outcome == "failed":
        refund["failure"] = {
            "code": "account_blocked",
            "message": "The wallet does not take the money back.",
            "operator_code": "ACCOUNT_BLOCKED",
        }
    else:
        refund["operator_reference"] = f"R{new_id('A')[-10:]}"
    account.put("refund", refund)
    recount(account, payment)
    events.emit(account, [(f"refund.{outcome}", refund)])
