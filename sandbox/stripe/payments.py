"""What happens when somebody pays: intents, charges, balance transactions."""

import hashlib
from decimal import ROUND_HALF_UP, Decimal

from sandbox.stripe import webhooks
from sandbox.stripe.account import new_id, now
from sandbox.stripe.errors import StripeError

DECLINES = {
    "4000000000000002": ("generic_decline", "Your card was declined."),
    "4000000000009995": ("insufficient_funds", "Your card has insufficient funds."),
    "4000000000000069": ("expired_card", "Your card has expired."),
}
GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
WHOLE_UNITS = {
    *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
    *("pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"),
}
# units of a currency for one US dollar, for accounts that settle in another currency
PER_USD = {
    **{"usd": "1", "aud": "1.52", "nzd": "1.68", "eur": "0.92", "gbp": "0.79"},
    **{"pgk": "4.05", "fjd": "2.25", "vuv": "119.5", "php": "57.2", "wst": "2.72"},
}


def pay(account, session, card=GOOD_CARD):
    """Try to pay an open session with a card.

    :return: None when it worked, else the message for the payer
    :raise StripeError: when the session is not open
    """
    if session["status"] != "open":
        raise StripeError("This Checkout Session is no longer open.")
    card = "".join(filter(str.isdigit, card)) or GOOD_CARD
    intent = _intent_of(account, session)
    charge = _charge(account, intent, card)
    if card in DECLINES:
        return _decline(account, session, intent, charge, card)
    charge.update(paid=True, captured=True, status="succeeded", amount_captured=charge["amount"])
    account.put("charge", charge)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        last_payment_error=None,
    )
    account.put("intent", intent)
    _complete(account, session, intent)
    webhooks.emit(
        account,
        [
            ("charge.succeeded", charge),
            ("payment_intent.succeeded", intent),
            ("checkout.session.completed", session),
            *settle(account, charge),
        ],
    )
    return None


def _complete(account, session, intent):
    details = {"address": None, "email": session["customer_email"], "name": "Test Payer"}
    details.update(phone=None, tax_exempt="none", tax_ids=[])
    if session["customer"]:
        details["email"] = account.get("customer", session["customer"])["email"]
    session.update(
        status="complete",
        payment_status="paid",
        url=None,
        customer_details=details,
        amount_total=intent["amount"],
    )
    account.put("session", session)


def _intent_of(account, session):
    """Return the intent of a session, made at the first attempt to pay."""
    if session["payment_intent"]:
        return account.get("intent", session["payment_intent"])
    reference, data = new_id("pi"), session["_intent"]
    amount = session.get("_pay_amount") or session["amount_total"]
    intent = {
        "id": reference,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{reference}_secret_{new_id('s', 20)}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": session.get("_pay_currency") or session["currency"],
        "customer": session["customer"],
        "description": data["description"],
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": data["metadata"],
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "receipt_email": data["receipt_email"],
        "status": "requires_payment_method",
    }
    session["payment_intent"] = reference
    account.put("session", session)
    return account.put("intent", intent)


def _fingerprint(account, card):
    """Return the name of a card: the same in one account, another one in each other."""
    return hashlib.sha256(f"{account.id}:{card}".encode()).hexdigest()[:16]


def _charge(account, intent, card):
    brand = {"4": "visa", "5": "mastercard", "3": "amex"}.get(card[:1], "visa")
    details = {
        "brand": brand,
        "checks": {"address_line1_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": _fingerprint(account, card),
        "funding": "credit",
        "last4": card[-4:],
        "network": brand,
    }
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {
            **{"address": None, "email": None, "name": "Test Payer"},
            **{"phone": None, "tax_id": None},
        },
        "captured": False,
        "created": now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm"),
        "payment_method_details": {"type": "card", "card": details},
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "status": "failed",
    }


def _decline(account, session, intent, charge, card):
    reason, message = DECLINES[card]
    charge.update(failure_code="card_declined", failure_message=message)
    account.put("charge", charge)
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": reason,
        "message": message,
        "charge": charge["id"],
    }
    intent.update(last_payment_error=error, latest_charge=charge["id"])
    account.put("intent", intent)
    webhooks.emit(account, [("charge.failed", charge), ("payment_intent.payment_failed", intent)])
    return message


def cancel_intent(account, reference):
    """Cancel an intent that was never paid; return the event to send, if any."""
    intent = account.get("intent", reference)
    if intent["status"] == "succeeded":
        return []
    intent.update(status="canceled", canceled_at=now(), cancellation_reason="automatic")
    account.put("intent", intent)
    return [("payment_intent.canceled", intent)]


def settle(account, charge):
    """Give a charge its balance transaction, at once or after ``settle_seconds``.

    :return: the events of what was done at once
    """
    seconds = account.settings["settle_seconds"]
    if not seconds:
        return _settle(account, charge)
    account.later(seconds, lambda: webhooks.emit(account, _settle(account, charge)))
    return []


def _settle(account, charge):
    transaction = book(account, charge["amount"], charge["currency"], "charge", charge["id"])
    charge["balance_transaction"] = transaction["id"]
    account.put("charge", charge)
    return [("charge.updated", charge)]


def book(account, amount, currency, kind, source):
    """Write a balance transaction in the settlement currency.

    :param amount: minor units of ``currency``; negative for refunds
    """
    settlement = account.currency.lower() or currency
    rate = _rate(currency, settlement)
    booked = amount if rate is None else int(_minor(amount, currency, settlement) * rate)
    fee = _fee(account, booked, settlement) if kind == "charge" else 0
    fees = [{"amount": fee, "application": None, "currency": settlement}] if fee else []
    for entry in fees:
        entry.update(description="Stripe processing fees", type="stripe_fee")
    transaction = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": booked,
        "available_on": now() + 2 * 24 * 3600,
        "balance_type": "payments",
        "created": now(),
        "currency": settlement,
        "description": None,
        "exchange_rate": rate,
        "fee": fee,
        "fee_details": fees,
        "net": booked - fee,
        "reporting_category": kind,
        "source": source,
        "status": "pending",
        "type": kind,
    }
    return account.put("transaction", transaction)


def _rate(currency, settlement):
    if currency == settlement:
        return None
    ratio = Decimal(PER_USD.get(settlement, "1")) / Decimal(PER_USD.get(currency, "1"))
    return ratio.quantize(Decimal("0.000001"))


def _minor(amount, currency, settlement):
    """Bring minor units of one currency to the scale of another, before the rate."""
    decimals = [0 if c in WHOLE_UNITS else 2 for c in (currency, settlement)]
    return Decimal(amount).scaleb(decimals[1] - decimals[0])


def _fee(account, amount, currency):
    percent = Decimal(str(account.settings["fee_percent"])) / 100
    fixed = account.settings["fee_fixed"]
    fixed = fixed if currency not in WHOLE_UNITS else 0
    return int((amount * percent).quantize(Decimal(1), ROUND_HALF_UP)) + fixed
