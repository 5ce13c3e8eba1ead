"""Orders: made, paid or refused, and told without a signature."""

import copy
import re
import uuid
from decimal import Decimal

from sandbox import delivery
from sandbox.pgecom.account import PgecomError, stamp
from sandbox.wire import is_loopback_url

CURRENCIES = ("htg", "usd")
METHODS = ("pgpay", "moncash", "crypto")
TEXTS = (
    *("phone", "description", "successUrl", "errorUrl", "customerEmail"),
    *("customerFirstName", "customerLastName"),
)


def create(account, body, base, fault=None):
    """Make an order and the token that stands for it.

    :param base: address of this process, for the payer's page
    :param fault: ``wrong_amount`` and ``wrong_currency`` change what is paid in the end
    :raise PgecomError: as PGecom refuses
    """
    amount, currency = _read_amount(body)
    for name in TEXTS:
        if not isinstance(body.get(name, ""), str):
            raise PgecomError(f"{name} must be a string")
    methods = body.get("paymentMethods") or list(METHODS)
    if not isinstance(methods, list) or not set(methods) <= set(METHODS):
        raise PgecomError(f"paymentMethods must be among {', '.join(METHODS)}")
    hook = _read_webhook(body)
    key = str(body.get("orderId") or uuid.uuid4())
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", key):
        raise PgecomError("orderId is not valid")
    if key in account.shelves["order"]:
        raise PgecomError(f"Order ID {key} already exist, please create a new one")
    order = _document(account, body, key, amount, currency)
    token = account.new_token(key)
    order["metadata"] = {
        **(body.get("metadata") if isinstance(body.get("metadata"), dict) else {}),
        "isProd": False,
        "webhookUrl": hook,
        "token": token,
        "pgPayMerchantName": account.name,
        "customerEmail": body.get("customerEmail", ""),
        "paymentMethods": methods,
        "customerFirstName": body.get("customerFirstName", ""),
        "customerLastName": body.get("customerLastName", ""),
        "returnUrl": f"{base}/pgecom/payment/pgpay/{token}?merchantName=PGecom&amount={amount}",
    }
    order["_paid"] = _paid(fault, amount, currency)
    return account.put("order", order)


def _read_amount(body):
    amount, currency = body.get("amount"), str(body.get("currency") or "usd").lower()
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or amount <= 0:
        raise PgecomError("amount must be a number greater than 0")
    if currency not in CURRENCIES:
        raise PgecomError(f"currency must be one of {', '.join(CURRENCIES)}")
    return Decimal(amount), currency


def _read_webhook(body):
    metadata = body.get("metadata")
    inner = metadata.get("webhookUrl") if isinstance(metadata, dict) else None
    url = body.get("webhookUrl") or inner or ""
    if url and not is_loopback_url(str(url)):
        raise PgecomError("webhookUrl: the sandbox calls this machine only")
    return url


def _document(account, body, key, amount, currency):
    now = stamp()
    return {
        "id": key,
        "orderId": key,
        "userID": account.credential,
        "status": "pending",
        "paymentStatus": "pending",
        "currency": currency,
        **_amounts(account, amount, currency),
        "userFee": 0,
        "quantity": 1,
        "description": body.get("description", ""),
        "phone": body.get("phone", ""),
        "successUrl": body.get("successUrl", ""),
        "errorUrl": body.get("errorUrl", ""),
        "transactionType": "pgpay_deposit",
        "paymentMethod": "pgpay",
        "platform": "pgrewards",
        "deliveryMethod": "instant",
        "createdAt": now,
        "updatedAt": now,
    }


def _amounts(account, amount, currency):
    """Return ``amount`` and, for gourdes, ``gourdes``: amount is then what it is in dollars."""
    if currency != "htg":
        return {"amount": amount}
    dollars = amount / Decimal(str(account.settings["gourdes_per_usd"]))
    return {"amount": dollars.quantize(Decimal("1e-16")), "gourdes": amount}


def _paid(fault, amount, currency):
    """Return [amount, currency] that the payer will really pay."""
    if fault and fault.fault == "wrong_amount":
        return [Decimal(fault.amount).scaleb(-2) if fault.amount else amount - 1, currency]
    if fault and fault.fault == "wrong_currency":
        return [amount, (fault.code or "usd").lower()]
    return [amount, currency]


def finish(account, order, status):
    """End an order as ``completed`` or ``failed`` and tell the address it named.

    :raise PgecomError: when it has ended
    """
    if order["status"] != "pending":
        raise PgecomError(f"This order is {order['status']}.")
    order.update(status=status, paymentStatus=status, updatedAt=stamp())
    if status == "completed":
        amount, currency = order["_paid"]
        order.update(currency=currency, **_amounts(account, Decimal(str(amount)), currency))
        percent = Decimal(str(account.settings["fee_percent"])) / 100
        order["userFee"] = Decimal(str(amount)) * percent
        order["newBalance"] = balance(account)
    account.put("order", order)
    _tell(account, order)


def balance(account):
    """Return the sum of what was paid, in whatever currency, as PGecom's sample does."""
    rows = [o["_paid"][0] for o in account.shelves["order"].values() if o["status"] == "completed"]
    return sum((Decimal(str(amount)) for amount in rows), Decimal(0))


def _tell(account, order):
    key = f"evt_{uuid.uuid4().hex}"
    body = {
        "orderId": order["id"],
        "status": order["status"],
        "transactionId": order["id"],
        "currency": order["currency"],
        "token": order["metadata"]["token"],
    }
    event = {"id": key, "type": f"order.{order['status']}", "body": copy.deepcopy(body)}
    event["url"] = order["metadata"]["webhookUrl"]
    account.put("event", event)
    delivery.send(account, [event])
