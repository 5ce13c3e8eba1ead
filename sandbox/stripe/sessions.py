"""Checkout sessions: create, expire, and the amount the payer is asked for."""

import re
import time

from sandbox.stripe import params as form
from sandbox.stripe.account import new_id, now
from sandbox.stripe.errors import StripeError, invalid, required

DAY = 24 * 3600
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
KNOWN = {
    *("mode", "ui_mode", "client_reference_id", "line_items", "success_url", "cancel_url"),
    *("customer", "customer_email", "customer_creation", "locale", "submit_type", "expires_at"),
    *("metadata", "payment_intent_data", "adaptive_pricing", "currency", "expand"),
    *("payment_method_types", "payment_method_options", "billing_address_collection"),
    *("phone_number_collection", "automatic_tax", "allow_promotion_codes", "custom_text"),
}


def create(account, params, base_url):
    """Create a session.

    :param base_url: where this process is reached, for the address of the hosted page
    :return: the session in Stripe's shape
    :raise StripeError: as Stripe refuses
    """
    form.refuse_unknown(params, KNOWN)
    if params.get("mode") != "payment":
        raise invalid("mode", "The sandbox knows mode=payment only.")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("ui_mode", "The sandbox knows ui_mode=hosted_page only.")
    if not params.get("success_url"):
        raise required("success_url")
    for name in ("success_url", "cancel_url"):
        if params.get(name) and not re.match(r"https?://", params[name]):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
    if len(params.get("client_reference_id", "")) > 200:
        raise invalid("client_reference_id", "Invalid string: at most 200 characters.")
    if params.get("customer"):
        account.get("customer", params["customer"])
        if params.get("customer_email"):
            raise invalid(
                "customer_email", "You may only specify one of these: customer, customer_email."
            )
    items = _read_items(params.get("line_items"))
    session = _document(account, params, items)
    session["url"] = f"{base_url}/stripe/pay/{session['id']}#{new_id('fid', 32)}"
    account.put("session", session)
    arm(account, session)
    return session


def _read_items(items):
    """Return [(name, quantity, unit amount, currency)] of the line items."""
    if not isinstance(items, list) or not items:
        raise required("line_items")
    rows = []
    for number, item in enumerate(items):
        where = f"line_items[{number}]"
        data = item.get("price_data") if isinstance(item, dict) else None
        if not isinstance(data, dict):
            raise required(f"{where}[price_data]")
        currency = str(data.get("currency", "")).lower()
        if not re.fullmatch(r"[a-z]{3}", currency):
            raise invalid(f"{where}[price_data][currency]", f"Invalid currency: {currency}.")
        name = form.mapping(data, "product_data").get("name")
        if not name:
            raise required(f"{where}[price_data][product_data][name]")
        amount = form.integer(data, "unit_amount")
        if currency in THREE_DECIMALS and amount % 10:
            raise invalid("unit_amount", "The last digit must be 0 in this currency.")
        rows.append([name, form.integer(item, "quantity", least=1), amount, currency])
    if len({row[3] for row in rows}) > 1:
        raise invalid("line_items", "All line items must have the same currency.")
    return rows


def _read_expiry(account, params):
    created = now()
    expires = form.integer(params, "expires_at", created + DAY)
    if not account.settings["min_expiry_seconds"] <= expires - created <= DAY:
        raise invalid(
            "expires_at",
            "The `expires_at` timestamp must be between 30 minutes and 24 hours ahead.",
        )
    return expires


def _document(account, params, items):
    total = sum(quantity * amount for _name, quantity, amount, _currency in items)
    if not total:
        raise invalid("line_items", "The total must be more than zero.")
    adaptive = form.mapping(params, "adaptive_pricing")
    return {
        "id": new_id("cs_test", 58),
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": adaptive.get("enabled", "true") == "true"},
        "after_expiration": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now(),
        "currency": items[0][3],
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": params.get("customer"),
        "customer_creation": None if params.get("customer") else "if_required",
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "expires_at": _read_expiry(account, params),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": form.metadata(params),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_collection": "if_required",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
        "_items": items,
        "_intent": _intent_data(params),
    }


def _intent_data(params):
    data = form.mapping(params, "payment_intent_data")
    return {
        "description": data.get("description"),
        "metadata": form.metadata(data),
        "receipt_email": data.get("receipt_email"),
    }


def arm(account, session):
    """Set the timer that expires an open session."""
    account.later(session["expires_at"] - time.time(), _expire_when_due, account, session["id"])


def _expire_when_due(account, reference):
    session = account.shelves["session"].get(reference)
    if session and session["status"] == "open":
        close(account, session)


def close(account, session):
    """Expire an open session and tell the merchant."""
    from sandbox.stripe import payments, webhooks

    session.update(status="expired", url=None)
    account.put("session", session)
    events = [("checkout.session.expired", session)]
    if session["payment_intent"]:
        events = payments.cancel_intent(account, session["payment_intent"]) + events
    webhooks.emit(account, events)


def expire(account, reference):
    """Expire a session because the merchant asked.

    :raise StripeError: when it is not open any more
    """
    session = account.get("session", reference)
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired.'
            f" This Checkout Session has a status of `{session['status']}`.",
            kept=True,
        )
    close(account, session)
    return session
