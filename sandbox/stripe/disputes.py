"""Disputes: the payer's bank takes the money back, and perhaps gives it back again."""

from sandbox.accounts import Refused
from sandbox.stripe import payments, webhooks
from sandbox.stripe.account import new_id, now

REASONS = ("fraudulent", "product_not_received", "duplicate", "general")
WEEK = 7 * 24 * 3600
FEE = 1500


def create(account, payment, reason=None):
    """Open a dispute about a paid charge.

    :param payment: id of a charge or a payment intent
    :raise Refused: when there is nothing to dispute
    """
    reason = reason or "fraudulent"
    if reason not in REASONS:
        raise Refused(f"reason must be one of: {', '.join(REASONS)}.")
    intent = account.shelves["intent"].get(payment)
    charge = account.get("charge", intent["latest_charge"] if intent else payment)
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise Refused("Only a paid charge without a dispute can be disputed.")
    dispute = _document(charge, reason)
    charge["disputed"] = True
    account.put("charge", charge)
    _book(account, dispute, -charge["amount"], FEE)
    account.put("dispute", dispute)
    created = ("charge.dispute.created", dispute)
    webhooks.emit(account, [created, ("charge.dispute.funds_withdrawn", dispute)])
    return dispute


def _document(charge, reason):
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now() + WEEK,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }


def _book(account, dispute, amount, fee):
    row = payments.book(account, amount, dispute["currency"], "adjustment", dispute["id"])
    row.update(fee=fee, net=row["amount"] - fee, reporting_category="dispute")
    if fee:
        detail = {"amount": fee, "application": None, "currency": row["currency"]}
        row["fee_details"] = [{**detail, "description": "Dispute fee", "type": "stripe_fee"}]
    account.put("transaction", row)
    dispute["balance_transactions"].append(dict(row))


def close(account, dispute, outcome):
    """End a dispute as ``won`` or ``lost`` for the merchant; won brings the money back.

    :raise Refused: when it has ended
    """
    if dispute["status"] in ("won", "lost"):
        raise Refused("This dispute has ended.")
    dispute["status"] = outcome
    events = [("charge.dispute.closed", dispute)]
    if outcome == "won":
        _book(account, dispute, dispute["amount"], 0)
        events.append(("charge.dispute.funds_reinstated", dispute))
    account.put("dispute", dispute)
    webhooks.emit(account, events)
