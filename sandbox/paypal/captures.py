"""Captures: the moment when money moves, is waited for, is refused, or is taken back."""

from decimal import Decimal

from sandbox.paypal import money, views, webhooks
from sandbox.paypal.account import new_id, stamp
from sandbox.paypal.errors import PayPalError

OUTCOMES = ("COMPLETED", "PENDING", "DECLINED", "FAILED")
ENDS = ("COMPLETED", "DECLINED", "DENIED")
PROTECTION = {
    "status": "ELIGIBLE",
    "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
}


def capture(account, order, fault=None):
    """Take the money of an approved order, once.

    :param fault: ``wrong_amount`` or ``wrong_currency`` change what is taken
    :raise PayPalError: as PayPal refuses
    """
    if order["status"] == "COMPLETED":
        raise PayPalError("ORDER_ALREADY_CAPTURED")
    if order["status"] != "APPROVED":
        raise PayPalError("ORDER_NOT_APPROVED", links=[views.payer_link(order)])
    if order["_instrument"] == "declined":
        link = {**views.payer_link(order), "rel": "redirect"}
        raise PayPalError("INSTRUMENT_DECLINED", links=[link])
    unit = order["purchase_units"][0]
    _check_invoice(account, unit.get("invoice_id"))
    document = _document(account, order, unit, fault)
    account.put("capture", document)
    order.update(status="COMPLETED", update_time=stamp())
    account.put("order", order)
    kinds = {"COMPLETED": "COMPLETED", "PENDING": "PENDING"}
    kind = "PAYMENT.CAPTURE." + kinds.get(document["status"], "DECLINED")
    webhooks.emit(account, [(kind, "capture", document)])
    arm(account, document)
    return order


def _check_invoice(account, invoice):
    used = [c for c in account.shelves["capture"].values() if c.get("invoice_id") == invoice]
    taken = [c for c in used if c["status"] not in ("DECLINED", "FAILED")]
    if invoice and taken and account.settings["unique_invoices"]:
        raise PayPalError("DUPLICATE_INVOICE_ID")


def _document(account, order, unit, fault):
    status, reason = account.settings["capture_outcome"], account.settings["capture_reason"]
    if order["_instrument"] == "echeck":
        status, reason = "PENDING", "ECHECK"
    now = stamp()
    document = {
        "id": new_id(),
        "status": status,
        "amount": _taken(unit["amount"], fault),
        "final_capture": True,
        "disbursement_mode": "INSTANT",
        "seller_protection": PROTECTION,
        "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        "create_time": now,
        "update_time": now,
        "_order": order["id"],
        "_base": order["_base"],
    }
    document.update({k: unit[k] for k in ("custom_id", "invoice_id") if k in unit})
    if status == "PENDING":
        document["status_details"] = {"reason": reason}
    elif status == "COMPLETED":
        _book(account, document)
    return document


def _taken(amount, fault):
    """Return the amount that is taken: that of the order, unless a fault says otherwise."""
    value, currency = money.of(amount), amount["currency_code"]
    if fault and fault.fault == "wrong_amount":
        unit = Decimal(1).scaleb(-money.decimals(currency))
        value = fault.amount * unit if fault.amount else value - unit
    elif fault and fault.fault == "wrong_currency":
        currency = fault.code or ("EUR" if currency == "USD" else "USD")
    return money.money(value, currency)


def _book(account, document):
    amount = document["amount"]
    document["seller_receivable_breakdown"] = money.breakdown(
        account, money.of(amount), amount["currency_code"]
    )


def arm(account, document):
    """End a pending capture after ``capture_seconds``, when that is set."""
    seconds = account.settings["capture_seconds"]
    if document["status"] == "PENDING" and seconds:
        account.later(seconds, finish, account, document, account.settings["capture_end"])


def finish(account, document, outcome):
    """End a pending capture as ``COMPLETED`` or ``DENIED`` (its status is then DECLINED).

    :param outcome: ``DECLINED`` does the same as ``DENIED`` under PayPal's other name of the event
    """
    if document["status"] != "PENDING":
        return
    document.pop("status_details", None)
    is_good = outcome == "COMPLETED"
    document.update(status="COMPLETED" if is_good else "DECLINED", update_time=stamp())
    if is_good:
        _book(account, document)
    account.put("capture", document)
    webhooks.emit(account, [(f"PAYMENT.CAPTURE.{outcome}", "capture", document)])


def refunded(account, document):
    """Return how much of a capture went back or is on its way back."""
    rows = [r for r in account.shelves["refund"].values() if r["_capture"] == document["id"]]
    rows = [r for r in rows if r["status"] in ("COMPLETED", "PENDING")]
    return sum((money.of(r["amount"]) for r in rows), Decimal(0))


def recount(account, document):
    """Bring the status of a capture in line with its refunds."""
    back, whole = refunded(account, document), money.of(document["amount"])
    status = "REFUNDED" if back >= whole else "PARTIALLY_REFUNDED" if back else "COMPLETED"
    document.update(status=status, update_time=stamp())
    account.put("capture", document)
