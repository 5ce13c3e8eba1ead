"""Disputes: a payer complains, and somebody wins."""

from sandbox.accounts import Refused
from sandbox.paypal import refunds, webhooks
from sandbox.paypal.account import new_id, stamp

REASONS = (
    *("MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED"),
    *("UNAUTHORISED", "CREDIT_NOT_PROCESSED", "DUPLICATE_TRANSACTION", "OTHER"),
)
OUTCOMES = {"won": "RESOLVED_SELLER_FAVOUR", "lost": "RESOLVED_BUYER_FAVOUR"}


def create(account, capture, reason=None):
    """Open a dispute about a capture.

    :raise Refused: when the reason is unknown or the money never came
    """
    reason = reason or "UNAUTHORISED"
    if reason not in REASONS:
        raise Refused(f"reason must be one of: {', '.join(REASONS)}.")
    if capture["status"] in ("PENDING", "DECLINED", "FAILED"):
        raise Refused("Only a capture that was paid can be disputed.")
    now = stamp()
    transaction = {
        "seller_transaction_id": capture["id"],
        "create_time": capture["create_time"],
        "transaction_status": "COMPLETED",
        "gross_amount": capture["amount"],
        "seller": {"name": account.name},
        "seller_protection_eligible": True,
    }
    named = (("custom", "custom_id"), ("invoice_number", "invoice_id"))
    transaction.update({k: capture[name] for k, name in named if name in capture})
    dispute = {
        "id": f"PP-D-{new_id(6, '0123456789')}",
        "create_time": now,
        "update_time": now,
        "disputed_transactions": [transaction],
        "reason": reason,
        "status": "OPEN",
        "dispute_amount": capture["amount"],
        "dispute_life_cycle_stage": "CHARGEBACK",
        "_capture": capture["id"],
        "_base": capture["_base"],
    }
    dispute["dispute_id"] = dispute["id"]
    account.put("dispute", dispute)
    webhooks.emit(account, [("CUSTOMER.DISPUTE.CREATED", "dispute", dispute)])
    return dispute


def resolve(account, dispute, outcome):
    """End a dispute as ``won`` or ``lost`` for the seller; lost takes the money.

    :raise Refused: when the outcome is unknown or the dispute has ended
    """
    if outcome not in OUTCOMES:
        raise Refused("outcome must be won or lost.")
    if dispute["status"] != "OPEN":
        raise Refused("This dispute has ended.")
    code = OUTCOMES[outcome]
    dispute.update(status="RESOLVED", update_time=stamp(), dispute_outcome={"outcome_code": code})
    account.put("dispute", dispute)
    webhooks.emit(account, [("CUSTOMER.DISPUTE.RESOLVED", "dispute", dispute)])
    capture = account.get("capture", dispute["_capture"])
    if outcome == "lost" and capture["status"] != "REFUNDED":
        refunds.reverse(account, capture)
        capture["_lost"] = True
        account.put("capture", capture)
