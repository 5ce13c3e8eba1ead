"""What payer, merchant and bank do by hand at Stripe, for the control API."""

from sandbox.merchant import public
from sandbox.stripe import disputes, page, refunds

find = page.find


def click(account, session, values):
    """Click on the payment page."""
    card = values.get("card") or page.payments.GOOD_CARD
    return page.click(account, session, values.get("outcome") or "pay", card)


def create_refund(account, values):
    """Refund as the merchant does in the dashboard."""
    texts = {k: v if isinstance(v, dict) else str(v) for k, v in values.items()}
    return public(refunds.create(account, texts))


def create_dispute(account, values):
    """Open a dispute as the payer's bank does."""
    return public(disputes.create(account, values.get("payment"), values.get("reason")))


ACTIONS = {"refunds": create_refund, "disputes": create_dispute}
ENDINGS = {
    "refunds": (
        ("succeeded", "failed"),
        lambda account, refund, outcome, values: refunds.finish(account, refund, outcome),
    ),
    "disputes": (
        ("won", "lost"),
        lambda account, dispute, outcome, values: disputes.close(account, dispute, outcome),
    ),
}
