"""What payer, merchant and bank do by hand at PayPal, for the control API."""

from decimal import Decimal, InvalidOperation

from sandbox.accounts import Refused
from sandbox.paypal import captures, disputes, orders, page, refunds

find = page.find


def click(account, order, values):
    """Click on the approval page."""
    email = str(values.get("email") or "")[:254]
    return page.click(account, order, values.get("outcome") or "approve", email)


def _capture_of(account, reference):
    """Return a capture by its own id or that of its order."""
    for capture in account.shelves["capture"].values():
        if reference in (capture["id"], capture["_order"]):
            return capture
    return account.get("capture", reference)


def _amount(values):
    """Return the Decimal under ``amount``, or None."""
    if values.get("amount") in (None, ""):
        return None
    try:
        return Decimal(str(values["amount"]))
    except InvalidOperation:
        raise Refused("amount must be a decimal number such as 2.50.") from None


def create_refund(account, values):
    """Refund as the merchant does in the dashboard: no custom id, no invoice id."""
    capture = _capture_of(account, values.get("payment"))
    amount, body = _amount(values), {}
    if amount is not None:
        currency = capture["amount"]["currency_code"]
        body["amount"] = {"currency_code": currency, "value": str(amount)}
    return account.show("refund", refunds.create(account, capture, body))


def create_dispute(account, values):
    """Open a dispute as a payer does."""
    capture = _capture_of(account, values.get("payment"))
    return account.show("dispute", disputes.create(account, capture, values.get("reason")))


def end_capture(account, capture, outcome, values):
    """Complete or deny a pending capture, or take a completed one back."""
    if outcome == "REVERSED":
        refunds.reverse(account, capture, _amount(values))
    elif capture["status"] != "PENDING":
        raise Refused(f"This capture is not pending but {capture['status']}.")
    else:
        captures.finish(account, capture, outcome)


ACTIONS = {"refunds": create_refund, "disputes": create_dispute}
ENDINGS = {
    "orders": (
        ("REVERSED",),
        lambda account, order, outcome, values: orders.reverse(account, order),
    ),
    "captures": ((*captures.ENDS, "REVERSED"), end_capture),
    "refunds": (
        ("COMPLETED", "FAILED", "CANCELLED"),
        lambda account, refund, outcome, values: refunds.finish(account, refund, outcome),
    ),
    "disputes": (
        tuple(disputes.OUTCOMES),
        lambda account, dispute, outcome, values: disputes.resolve(account, dispute, outcome),
    ),
}
