"""Refunds: never more than was paid, at once or pending, failed when asked."""

from sandbox.stripe import params as form
from sandbox.stripe import payments, webhooks
from sandbox.stripe.account import new_id, now
from sandbox.stripe.errors import StripeError, invalid, required

KNOWN = {"payment_intent", "charge", "amount", "metadata", "reason", "expand", "currency"}
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(account, params):
    """Give money back.

    :return: the refund in Stripe's shape
    :raise StripeError: as Stripe refuses
    """
    form.refuse_unknown(params, KNOWN)
    charge = _find_charge(account, params)
    if params.get("reason") and params["reason"] not in REASONS:
        raise invalid("reason", f"Invalid reason: must be one of {', '.join(REASONS)}")
    left = charge["amount"] - charge["amount_refunded"]
    if not left:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(message, code="charge_already_refunded", kept=True)
    amount = form.integer(params, "amount", left, least=1)
    if amount > left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
            kept=True,
        )
    refund = _document(charge, amount, params)
    account.put("refund", refund)
    _count(account, charge, amount)
    events = [("refund.created", dict(refund)), ("charge.refunded", charge)]
    webhooks.emit(account, events + arm(account, refund))
    return refund


def _find_charge(account, params):
    if params.get("charge"):
        charge = account.get("charge", params["charge"])
    elif params.get("payment_intent"):
        intent = account.get("intent", params["payment_intent"])
        if intent["status"] != "succeeded":
            message = (
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            )
            raise StripeError(message, param="payment_intent", kept=True)
        charge = account.get("charge", intent["latest_charge"])
    else:
        raise required("payment_intent")
    if charge["status"] != "succeeded":
        raise StripeError("This charge was not successful and cannot be refunded.", kept=True)
    return charge


def _document(charge, amount, params):
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "destination_details": {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        },
        "metadata": form.metadata(params),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason") or None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }


def _count(account, charge, amount):
    """Add to what a charge has given back; negative when a refund failed."""
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.put("charge", charge)


def arm(account, refund):
    """Finish a pending refund, at once or after ``refund_seconds``.

    :return: the events of what was done at once
    """
    seconds = account.settings["refund_seconds"]
    outcome = account.settings["refund_outcome"]
    if outcome == "pending":
        return []
    if not seconds:
        return _finish(account, refund, outcome)
    account.later(seconds, finish, account, refund, outcome)
    return []


def finish(account, refund, outcome):
    """End a refund as ``succeeded`` or ``failed``; a failed one frees the amount again."""
    events = _finish(account, refund, outcome)
    if events:
        webhooks.emit(account, events)


def _finish(account, refund, outcome):
    if refund["status"] == "failed" or refund["status"] == outcome:
        return []
    charge = account.get("charge", refund["charge"])
    refund["status"] = outcome
    if outcome == "failed":
        refund["failure_reason"] = "lost_or_stolen_card"
        _count(account, charge, -refund["amount"])
        if refund["balance_transaction"]:
            back = payments.book(
                account, refund["amount"], refund["currency"], "refund_failure", refund["id"]
            )
            refund["failure_balance_transaction"] = back["id"]
    else:
        taken = payments.book(
            account, -refund["amount"], refund["currency"], "refund", refund["id"]
        )
        refund["balance_transaction"] = taken["id"]
    account.put("refund", refund)
    events = [("refund.updated", refund)]
    if outcome == "failed":
        events.append(("refund.failed", refund))
    return events
