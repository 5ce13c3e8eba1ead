"""Refunds with PayPal's refusals, and money taken back without the seller's asking."""

import calendar
import time
from decimal import Decimal

from sandbox.paypal import captures, money, webhooks
from sandbox.paypal.account import new_id, stamp
from sandbox.paypal.errors import REFUND_DUPLICATE, PayPalError, malformed

OUTCOMES = ("COMPLETED", "PENDING", "FAILED", "CANCELLED")
TEXTS = {"custom_id": 127, "invoice_id": 127, "note_to_payer": 255}
DAY = 24 * 3600


def create(account, capture, body):
    """Give back a capture or a part of it.

    :raise PayPalError: as PayPal refuses
    """
    for name, longest in TEXTS.items():
        value = body.get(name)
        if value is not None and not (isinstance(value, str) and 1 <= len(value) <= longest):
            raise malformed("INVALID_STRING_LENGTH", f"/{name}", value)
    _check_capture(account, capture)
    left = money.of(capture["amount"]) - captures.refunded(account, capture)
    amount = _read_amount(account, capture, body, left)
    invoice = body.get("invoice_id")
    if invoice and account.newest("refund", invoice_id=invoice):
        raise PayPalError("DUPLICATE_INVOICE_ID", text=REFUND_DUPLICATE)
    _take_from_balance(account, amount)
    refund = _document(account, capture, amount, body)
    account.put("refund", refund)
    captures.recount(account, capture)
    if refund["status"] == "COMPLETED":
        webhooks.emit(account, [("PAYMENT.CAPTURE.REFUNDED", "refund", refund)])
    arm(account, refund)
    return refund


def _check_capture(account, capture):
    if capture["status"] == "PENDING":
        raise PayPalError("PENDING_CAPTURE")
    if capture["status"] in ("DECLINED", "FAILED"):
        raise PayPalError("REFUND_NOT_ALLOWED")
    if capture.get("_lost"):
        raise PayPalError("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
    if capture["status"] == "REFUNDED":
        raise PayPalError("CAPTURE_FULLY_REFUNDED")
    age = time.time() - calendar.timegm(time.strptime(capture["create_time"], "%Y-%m-%dT%H:%M:%SZ"))
    if age >= account.settings["refund_days"] * DAY:
        raise PayPalError("REFUND_TIME_LIMIT_EXCEEDED")


def _read_amount(account, capture, body, left):
    whole, currency = money.of(capture["amount"]), capture["amount"]["currency_code"]
    amount = left
    if body.get("amount") is not None:
        amount, asked = money.read(body["amount"], "/amount", "DECIMALS_NOT_SUPPORTED")
        if asked != currency:
            raise PayPalError("REFUND_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
    if amount > left:
        raise PayPalError("REFUND_AMOUNT_EXCEEDED", field="/amount/value", value=str(amount))
    if amount < whole and not account.settings["partial_refunds"]:
        raise PayPalError("PARTIAL_REFUND_NOT_ALLOWED")
    if amount < whole and account.newest("dispute", _capture=capture["id"], status="OPEN"):
        raise PayPalError("TRANSACTION_DISPUTED")
    return amount


def _take_from_balance(account, amount):
    """Refuse when the account is told to hold less; otherwise take the amount from it."""
    balance = account.settings["refund_balance"]
    if balance in ("", None):
        return
    if amount > Decimal(str(balance)):
        raise PayPalError("REFUND_FAILED_INSUFFICIENT_FUNDS")
    account.configure({"refund_balance": str(Decimal(str(balance)) - amount)})


def _document(account, capture, amount, values, status=None):
    currency, now = capture["amount"]["currency_code"], stamp()
    total = captures.refunded(account, capture) + amount
    seconds, outcome = account.settings["refund_seconds"], account.settings["refund_outcome"]
    refund = {
        "id": new_id(),
        "status": status or ("PENDING" if seconds else outcome),
        "amount": money.money(amount, currency),
        "seller_payable_breakdown": {
            "gross_amount": money.money(amount, currency),
            "paypal_fee": money.money(Decimal(0), currency),
            "net_amount": money.money(amount, currency),
            "total_refunded_amount": money.money(total, currency),
        },
        "create_time": now,
        "update_time": now,
        "_capture": capture["id"],
        "_base": capture["_base"],
    }
    refund.update({k: values[k] for k in TEXTS if values.get(k)})
    if refund["status"] == "PENDING":
        refund["status_details"] = {"reason": "ECHECK"}
    return refund


def arm(account, refund):
    """End a pending refund after ``refund_seconds``, when that is set."""
    seconds, outcome = account.settings["refund_seconds"], account.settings["refund_outcome"]
    if refund["status"] == "PENDING" and seconds and outcome != "PENDING":
        account.later(seconds, finish, account, refund, outcome)


def finish(account, refund, outcome):
    """End a refund as COMPLETED, FAILED or CANCELLED; a failed one frees the amount again.

    PayPal's list of events has none for a refund that fails: it is seen by asking.
    """
    if refund["status"] == outcome or refund["status"] in ("FAILED", "CANCELLED"):
        return
    refund.pop("status_details", None)
    refund.update(status=outcome, update_time=stamp())
    account.put("refund", refund)
    captures.recount(account, account.get("capture", refund["_capture"]))
    if outcome == "COMPLETED":
        webhooks.emit(account, [("PAYMENT.CAPTURE.REFUNDED", "refund", refund)])


def reverse(account, capture, amount=None):
    """Take a capture or a part of it back from the seller, as a bank or PayPal does.

    :param amount: Decimal, None for what is left
    """
    left = money.of(capture["amount"]) - captures.refunded(account, capture)
    if not left:
        raise PayPalError("CAPTURE_FULLY_REFUNDED")
    if amount is not None and amount > left:
        raise PayPalError("REFUND_AMOUNT_EXCEEDED")
    values = {k: capture[k] for k in ("custom_id", "invoice_id") if k in capture}
    refund = _document(account, capture, amount or left, values, "COMPLETED")
    account.put("refund", refund)
    captures.recount(account, capture)
    webhooks.emit(account, [("PAYMENT.CAPTURE.REVERSED", "refund", refund)])
    return refund
