"""Payments: asked for, approved on a handset or a page, settled, refused, expired, taken back."""

import time
from decimal import ROUND_HALF_UP, Decimal

from sandbox import delivery
from sandbox.pgpay import channels, checks, events
from sandbox.pgpay.account import new_id, stamp
from sandbox.pgpay.errors import PgpayError

KNOWN = {
    *("reference", "amount", "currency", "channel", "payer", "description", "return_url"),
    *("cancel_url", "webhook_url", "expires_in", "metadata"),
}
WAITING = ("created", "pending")
# status: what may follow
FOLLOWING = {
    "created": ("pending", "processing", "failed", "cancelled", "expired"),
    "pending": ("processing", "failed", "cancelled", "expired"),
    "processing": ("succeeded", "failed"),
    "succeeded": ("reversed",),
}
# failure: (code of the operator, message)
FAILURES = {
    "insufficient_funds": ("1", "The balance is not enough."),
    "payer_not_found": ("PAYER_NOT_FOUND", "The number has no wallet."),
    "payer_not_registered": ("PAYER_NOT_REGISTERED", "The number is not registered."),
    "payer_limit_reached": ("PAYER_LIMIT_REACHED", "The daily limit is reached."),
    "payer_rejected": ("1032", "The payer rejected the request."),
    "payer_timeout": ("1037", "The payer did not answer."),
    "pin_incorrect": ("2001", "The PIN was wrong."),
    "otp_incorrect": ("OTP_INCORRECT", "The one-time code was wrong."),
    "account_blocked": ("ACCOUNT_BLOCKED", "The wallet is blocked."),
    "operator_unavailable": ("SERVICE_UNAVAILABLE", "The operator is not answering."),
    "risk_declined": ("RISK", "Declined by risk rules."),
    "internal_error": ("INTERNAL_PROCESSING_ERROR", "The operator had a fault."),
    "unknown": ("99", "No reason given."),
}
NOBODY = "0000"


def create(account, body, base, fault=None):
    """Ask for a payment.

    :param base: address of this process, for the hosted page
    :param fault: ``wrong_amount`` and ``wrong_currency`` change what is taken in the end
    :raise PgpayError: as the contract refuses
    """
    checks.refuse_unknown(body, KNOWN)
    checks.required(body, "reference", "amount", "currency", "return_url", "cancel_url")
    reference = checks.text(body, "reference", checks.REFERENCE)
    amount = checks.whole(body, "amount", 1, checks.LARGEST)
    currency = checks.text(body, "currency", checks.CURRENCY)
    life = checks.whole(body, "expires_in", 60, 86400, 900)
    payer, code = checks.payer(body), checks.text(body, "channel")
    urls = {name: checks.text(body, name, checks.URL) for name in ("return_url", "cancel_url")}
    check_channel(account, code, amount, currency, payer)
    if account.newest("payment", reference=reference):
        raise PgpayError("reference_duplicate", f"{reference} exists already", "reference")
    key, now = new_id("pgp"), time.time()
    payment = {
        "id": key,
        "object": "payment",
        "livemode": False,
        "reference": reference,
        "status": "created",
        "amount": amount,
        "currency": currency,
        "amount_refunded": 0,
        "channel": code,
        "payer": payer,
        "description": checks.text(body, "description", longest=140),
        "next_action": None,
        **urls,
        "checkout_url": f"{base}/pgpay/c/{key}",
        "operator_reference": None,
        "fee": None,
        "failure": None,
        "metadata": checks.metadata(body),
        "created_at": stamp(now),
        "expires_at": stamp(now + life),
        "completed_at": None,
        "_ends": now + (account.settings["life_seconds"] or life),
        "_webhook_url": checks.webhook_url(body),
        "_taken": _taken(fault, amount, currency),
    }
    payment["next_action"] = channels.next_action(payment)
    account.put("payment", payment)
    if payment["next_action"]["type"] != "redirect":
        ask(account, payment)
    arm(account, payment)
    return payment


def _taken(fault, amount, currency):
    """Return [amount, currency] that the payer will really be charged."""
    if fault and fault.fault == "wrong_amount":
        return [fault.amount or max(1, amount - 1), currency]
    if fault and fault.fault == "wrong_currency":
        return [amount, fault.code or "AUD"]
    return [amount, currency]


def check_channel(account, code, amount, currency, payer):
    """Refuse a channel that is unknown, off, or cannot take this amount from this payer."""
    if code is not None and code not in channels.CHANNELS:
        raise PgpayError("channel_unknown", f"{code} is not a channel", "channel")
    if code and not channels.is_enabled(account, code):
        raise PgpayError("channel_not_enabled", f"{code} is not enabled", "channel")
    label = f"Channel {code}" if code else "PGPay"
    if currency != channels.CURRENCY:
        text = f"{label} accepts {channels.CURRENCY} only."
        raise PgpayError("currency_unsupported", text, "currency")
    least, most = channels.limits(account, code)
    if amount < least:
        raise PgpayError("amount_below_minimum", f"{label} takes {least} at least.", "amount")
    if amount > most:
        raise PgpayError("amount_above_maximum", f"{label} takes {most} at most.", "amount")
    if code and channels.CHANNELS[code][1] == "push" and not (payer or {}).get("msisdn"):
        raise PgpayError("msisdn_invalid", f"{label} needs the payer's number.", "payer.msisdn")


def arm(account, payment):
    """Arm the end of a payment's life, and of what it waits for."""
    if payment["status"] in WAITING:
        account.later(float(payment["_ends"]) - time.time(), _expire_old, account, payment)
    elif payment["status"] == "processing":
        account.later(account.settings["settle_seconds"], settle, account, payment)


def _expire_old(account, payment):
    if payment["status"] in WAITING:
        move(account, payment, "expired")


def move(account, payment, status, **values):
    """Bring a payment to another status and tell the merchant.

    :raise PgpayError: when the contract has no such step
    """
    if status not in FOLLOWING.get(payment["status"], ()):
        text = f"a payment that is {payment['status']} cannot become {status}"
        raise PgpayError("payment_not_cancellable", text)
    payment.update(status=status, **values)
    if status not in ("pending", "reversed"):
        payment["next_action"] = None
    if status in ("succeeded", "failed", "cancelled", "expired"):
        payment["completed_at"] = stamp()
    account.put("payment", payment)
    events.emit(account, [(f"payment.{status}", payment)])


def ask(account, payment):
    """Ask the payer: the handset rings, or the page was opened."""
    if payment["status"] == "created":
        move(account, payment, "pending")
    number = (payment["payer"] or {}).get("msisdn", "")
    if number.endswith(NOBODY):
        fail(account, payment, "payer_not_found")
    elif account.settings["auto_outcome"]:
        account.later(account.settings["auto_seconds"], _answer_alone, account, payment)


def _answer_alone(account, payment):
    """Answer for the payer, as the setting ``auto_outcome`` says."""
    outcome = account.settings["auto_outcome"]
    if payment["status"] in WAITING and outcome:
        answer(account, payment, outcome)


def answer(account, payment, outcome):
    """Do what the payer does: ``approve``, or fail with the code of a failure.

    :raise PgpayError: when nothing is waiting for the payer
    """
    if outcome != "approve":
        fail(account, payment, outcome)
        return
    seconds = account.settings["settle_seconds"]
    with delivery.together(account):
        move(account, payment, "processing")
        if not seconds:
            settle(account, payment)
    if seconds:
        account.later(seconds, settle, account, payment)


def settle(account, payment, outcome=None):
    """Let the operator settle what the payer approved."""
    if payment["status"] != "processing":
        return
    outcome = outcome or account.settings["settle_outcome"]
    if outcome != "succeeded":
        code = outcome if outcome in FAILURES else "operator_unavailable"
        fail(account, payment, code)
        return
    amount, currency = payment["_taken"]
    percent = Decimal(str(account.settings["fee_percent"])) / 100
    fee = int((amount * percent).quantize(Decimal(1), ROUND_HALF_UP))
    prefix = channels.CHANNELS[payment["channel"] or "card"][4]
    moment = time.strftime("%y%m%d.%H%M", time.gmtime())
    move(
        account,
        payment,
        "succeeded",
        amount=amount,
        currency=currency,
        fee={"amount": fee, "currency": currency},
        operator_reference=f"{prefix}{moment}.{new_id('A')[-6:]}",
    )


def fail(account, payment, code):
    """End a payment as failed, for a reason of the contract."""
    operator_code, message = FAILURES[code]
    failure = {"code": code, "message": message, "operator_code": operator_code}
    move(account, payment, "failed", failure=failure)


def cancel(account, payment):
    """Withdraw a payment that still waits.

    :raise PgpayError: payment_not_cancellable
    """
    if payment["status"] not in WAITING:
        text = f"this payment is {payment['status']}"
        raise PgpayError("payment_not_cancellable", text)
    move(account, payment, "cancelled")
    return payment
