"""Orders: create, change, approve, and the approval that nobody captured."""

import hashlib
import re
import time

from sandbox.paypal import money, webhooks
from sandbox.paypal.account import PAYER, new_id, stamp
from sandbox.paypal.errors import PayPalError, malformed

TEXTS = {"reference_id": 256, "custom_id": 127, "invoice_id": 127, "description": 127}
KEPT = ("amount", "items", *TEXTS)
PATCHABLE = re.compile(
    r"/purchase_units/@reference_id=='(?P<unit>[^']*)'/(?P<field>amount|custom_id|description"
    r"|invoice_id)"
)
WAITING = ("CREATED", "PAYER_ACTION_REQUIRED")


def create(account, body, base):
    """Create an order.

    :param base: address of this process, for the links
    :raise PayPalError: as PayPal refuses
    """
    intent = body.get("intent")
    if intent is None:
        raise malformed("MISSING_REQUIRED_PARAMETER", "/intent")
    if intent not in ("CAPTURE", "AUTHORIZE"):
        raise malformed("INVALID_PARAMETER_SYNTAX", "/intent", intent)
    if intent == "AUTHORIZE":
        raise PayPalError("AUTH_CAPTURE_NOT_ENABLED")
    unit = _read_unit(body.get("purchase_units"))
    context, has_wallet = _read_context(body)
    now = stamp()
    order = {
        "id": new_id(),
        "intent": intent,
        "status": "PAYER_ACTION_REQUIRED" if has_wallet else "CREATED",
        "create_time": now,
        "update_time": now,
        "purchase_units": [unit],
        "_base": base,
        "_wallet": has_wallet,
        "_return_url": context.get("return_url"),
        "_cancel_url": context.get("cancel_url"),
        "_brand": context.get("brand_name") or account.name,
        "_instrument": "good",
    }
    if has_wallet:
        order["payment_source"] = {"paypal": {}}
    return account.put("order", order)


def _read_unit(units):
    if not units:
        raise malformed("MISSING_REQUIRED_PARAMETER", "/purchase_units")
    if not isinstance(units, list) or not isinstance(units[0], dict):
        raise malformed("INVALID_PARAMETER_SYNTAX", "/purchase_units")
    if len(units) > 1:
        raise malformed("INVALID_ARRAY_MAX_ITEMS", "/purchase_units")
    where, unit = "/purchase_units/@reference_id=='default'", units[0]
    amount, currency = money.read(unit.get("amount"), f"{where}/amount")
    for name in TEXTS:
        _check_text(unit, name, where)
    kept = {k: unit[k] for k in KEPT if k in unit}
    kept.setdefault("reference_id", "default")
    return {**kept, "amount": {**unit["amount"], **money.money(amount, currency)}}


def _check_text(unit, name, where):
    value = unit.get(name)
    if value is None:
        return
    if not isinstance(value, str):
        raise malformed("INVALID_PARAMETER_SYNTAX", f"{where}/{name}", value)
    if not 1 <= len(value) <= TEXTS[name]:
        raise malformed("INVALID_STRING_LENGTH", f"{where}/{name}", value)


def _read_context(body):
    """Return (addresses and name for the payer's page, whether a PayPal wallet was named)."""
    source = body.get("payment_source")
    if source is not None and (not isinstance(source, dict) or "paypal" not in source):
        raise malformed("INVALID_PARAMETER_VALUE", "/payment_source")
    wallet = (source or {}).get("paypal")
    context = (wallet or {}).get("experience_context") if wallet is not None else None
    context = context or body.get("application_context") or {}
    if not isinstance(context, dict):
        raise malformed("INVALID_PARAMETER_SYNTAX", "/application_context")
    for name in ("return_url", "cancel_url"):
        if context.get(name) and not re.match(r"https?://", str(context[name])):
            where = "/payment_source/paypal/experience_context/" + name
            raise malformed("INVALID_PARAMETER_SYNTAX", where, context[name])
    return context, wallet is not None


def patch(account, order, operations):
    """Change amount or texts of an order that is not completed."""
    if order["status"] == "COMPLETED":
        raise PayPalError("ORDER_ALREADY_COMPLETED")
    if not isinstance(operations, list):
        raise malformed("INVALID_PARAMETER_SYNTAX", "/")
    unit = dict(order["purchase_units"][0])
    for operation in operations:
        _apply(unit, operation if isinstance(operation, dict) else {})
    order.update(purchase_units=[unit], update_time=stamp())
    account.put("order", order)


def _apply(unit, operation):
    found = PATCHABLE.fullmatch(str(operation.get("path", "")))
    allowed = operation.get("op") in ("add", "replace") and found
    if not allowed or found["unit"] != unit["reference_id"]:
        raise PayPalError("NOT_PATCHABLE", field=str(operation.get("path", "/path")))
    value, field = operation.get("value"), found["field"]
    if field == "amount":
        value = {**money.money(*money.read(value, operation["path"]))}
    changed = {**unit, field: value}
    if field != "amount":
        _check_text(changed, field, "/value")
    unit.update(changed)


# === THE PAYER === #


def approve(account, order, instrument="good", email=""):
    """Note that the payer approved.

    :param instrument: ``good``, ``declined`` (capturing will be refused) or ``echeck`` (pending)
    :param email: who is signed in; the same one has the same payer id in each order. Without one
        it is somebody new.
    :raise PayPalError: when there is nothing to approve any more
    """
    again = order["status"] == "APPROVED" and order["_instrument"] == "declined"
    if order["status"] not in WAITING and not again:
        raise PayPalError("NOT_PATCHABLE", text="This order is not waiting for the payer.")
    payer_id = _payer_id(order, email)
    name, email = {"given_name": "Test", "surname": "Payer"}, email or "payer@example.com"
    order.update(
        status="APPROVED",
        update_time=stamp(),
        payer={"name": name, "email_address": email, "payer_id": payer_id},
        payment_source={
            "paypal": {
                "name": name,
                "email_address": email,
                "account_id": payer_id,
                "account_status": "VERIFIED",
            }
        },
        _instrument=instrument,
        _approved=time.time(),
    )
    account.put("order", order)
    webhooks.emit(account, [("CHECKOUT.ORDER.APPROVED", "order", order)])
    arm(account, order)


def _payer_id(order, email):
    if email:
        digest = hashlib.sha256(email.encode()).digest()
        return "".join(PAYER[byte % len(PAYER)] for byte in digest[:13])
    return order.get("payer", {}).get("payer_id") or new_id(13, PAYER)


def arm(account, order):
    """Reverse an approval that is not captured in time."""
    left = float(order["_approved"]) + account.settings["approval_seconds"] - time.time()
    account.later(left, _reverse_old, account, order["id"], order["_approved"])


def _reverse_old(account, reference, approved):
    order = account.shelves["order"].get(reference)
    if order and order["status"] == "APPROVED" and order["_approved"] == approved:
        reverse(account, order)


def reverse(account, order):
    """Give an approval back to the payer.

    :raise PayPalError: when the order is not approved
    """
    if order["status"] != "APPROVED":
        raise PayPalError("ORDER_NOT_APPROVED")
    order.update(status="VOIDED", update_time=stamp())
    account.put("order", order)
    webhooks.emit(account, [("CHECKOUT.PAYMENT-APPROVAL.REVERSED", "approval", order)])
