"""What payer, merchant and operator do by hand at PGPay, for the control API."""

from sandbox.accounts import Refused
from sandbox.pgpay import page, payments, refunds
from sandbox.pgpay.account import new_id

find = page.find


def click(account, payment, values):
    """Click on the payer's page or handset."""
    return page.click(account, payment, values.get("outcome") or "approve")


def create_refund(account, values):
    """Refund as the merchant does in the portal, under a reference of the portal's own."""
    payment = account.get("payment", values.get("payment"))
    left = payment["amount"] - payment["amount_refunded"]
    body = {"reference": values.get("reference") or f"PORTAL-{new_id('R')[-8:]}"}
    body.update(amount=_whole(values.get("amount"), left), currency=payment["currency"])
    return account.show("refund", refunds.create(account, payment, body))


def _whole(value, default):
    try:
        return default if value in (None, "") else int(value)
    except (TypeError, ValueError):
        raise Refused("amount must be a whole number of toea.") from None


def reverse(account, values):
    """Take a succeeded payment back, as an operator does after a complaint."""
    payment = account.get("payment", values.get("payment"))
    payments.move(account, payment, "reversed")
    return account.show("payment", payment)


def rotate(account, values):
    """Begin (``finish`` false) or end a change of the webhook secret."""
    if str(values.get("finish", "")).lower() in ("1", "true", "yes", "on"):
        account.retire_webhook_secret()
    else:
        account.rotate_webhook_secret()
    return account.describe()


def end_payment(account, payment, outcome, values):
    """Settle, refuse or take back what was approved; or let it expire."""
    if outcome in ("succeeded", "failed"):
        if payment["status"] != "processing":
            raise Refused(f"This payment is not processing but {payment['status']}.")
        payments.settle(account, payment, values.get("code") or outcome)
    else:
        payments.move(account, payment, outcome)


ACTIONS = {"refunds": create_refund, "disputes": reverse, "webhook_secret": rotate}
ENDINGS = {
    "payments": (("succeeded", "failed", "expired", "reversed"), end_payment),
    "refunds": (
        ("succeeded", "failed"),
        lambda account, refund, outcome, values: refunds.finish(account, refund, outcome),
    ),
}
