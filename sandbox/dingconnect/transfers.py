"""SendTransfer: the decision order, then execution."""

import time
from decimal import Decimal

from sandbox.dingconnect import numbers, prices
from sandbox.dingconnect.account import stamp
from sandbox.dingconnect.bills import bills_of
from sandbox.dingconnect.catalogue import PIN_ACCOUNT
from sandbox.dingconnect.errors import SUCCESS, Problem, answer

LARGEST = 10**12
TEXTS = ("SkuCode", "AccountNumber", "DistributorRef")
# the outcome is known to the caller before anything is stored
NOT_STORED = ("RateLimited", "AccountNumberFailedRegex")


def send_transfer(account, body, headers):
    """Execute one call of SendTransfer.

    :param body: the decoded JSON
    :return: the Reply
    """
    try:
        order = check_request(account, body)
    except Problem as problem:
        return answer({}, problem)
    problem = find_refusal(account, order)
    if problem:
        return refuse(account, order, problem)
    if order["validate_only"]:
        return answer({"TransferRecord": _validation_record(account, order)})
    deferred = headers.get("x-option", "").lower() == "defertransfer"
    return answer({"TransferRecord": wire_record(account, execute(account, order, deferred))})


def check_request(account, body):
    """Check form and bounds, steps 2 to 6 of the decision order.

    :return: the order: product, number, send, receive, reference, validate_only, uat
    :raise Problem: result code 4, nothing stored
    """
    _check_fields(body)
    product = account.catalogue.products.get(body["SkuCode"])
    if product is None:
        raise Problem("ParameterInvalid", "SkuCode")
    number = body["AccountNumber"]
    is_pin = product.is_pin and number == PIN_ACCOUNT
    if not is_pin and not product.provider.pattern.fullmatch(number):
        raise Problem("AccountNumberInvalid", "AccountNumberFailedRegex")
    send = Decimal(body["SendValue"])
    _check_value(account, product, send, body.get("SendCurrencyIso"))
    _check_settings(product, body.get("Settings") or [])
    _check_bill(account, product, number, body.get("BillRef"))
    rate, drift = account.catalogue.rate(account.currency), account.settings["fx_drift"]
    return {
        "product": product,
        "number": number,
        "send": send.quantize(Decimal("0.01")),
        "receive": prices.receive_for(product, send, rate, Decimal(str(drift))),
        "reference": body["DistributorRef"],
        "validate_only": body["ValidateOnly"],
        "settings": body.get("Settings") or [],
        "uat": numbers.is_uat(product, number),
    }


def _check_fields(body):
    if not isinstance(body, dict):
        raise Problem("RequestInvalid")
    for name in TEXTS:
        value = body.get(name)
        if value is None or value == "":
            raise Problem("ParameterMissing", name)
        if not isinstance(value, str):
            raise Problem("ParameterInvalid", name)
    if not isinstance(body.get("ValidateOnly"), bool):
        raise Problem("ParameterInvalid", "ValidateOnly")
    value = body.get("SendValue")
    if value is None:
        raise Problem("ParameterMissing", "SendValue")
    check_amount("SendValue", value)
    if Decimal(value) != round(Decimal(value), 2):
        raise Problem("ParameterInvalid", "SendValue")


def check_amount(name, value):
    """Refuse what is no JSON number of a sensible size.

    :raise Problem: ParameterInvalid or ParameterOutOfRange
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Problem("ParameterInvalid", name)
    if not -LARGEST < value < LARGEST:
        raise Problem("ParameterOutOfRange", name)


def _check_value(account, product, send, currency):
    low, high = prices.bounds(product, account.catalogue.rate(account.currency))
    other_currency = bool(currency) and currency != account.currency
    if product.is_fixed and (send != low or other_currency):
        raise Problem("ParameterCombinationInvalid")
    if other_currency:
        raise Problem("ParameterInvalid", "SendCurrencyIso")
    if not low <= send <= high:
        raise Problem("ParameterOutOfRange", "SendValue")


def _check_settings(product, settings):
    if not isinstance(settings, list) or not all(isinstance(s, dict) for s in settings):
        raise Problem("ParameterInvalid", "Settings")
    given = {s.get("Name") for s in settings if s.get("Value")}
    for name, _hint, mandatory in product.settings:
        if mandatory and name not in given:
            raise Problem("ParameterMissing", name)


def _check_bill(account, product, number, reference):
    if not product.bills:
        return
    if not reference:
        raise Problem("ParameterMissing", "BillRef")
    if reference not in bills_of(account, product, number):
        raise Problem("ParameterInvalid", "BillRef")


def find_refusal(account, order):
    """Return why a well-formed order is refused (steps 7 to 9), or None."""
    product, settings = order["product"], account.settings
    if not order["validate_only"] and settings["prevent_duplicates"]:
        earlier = account.by_reference.get(order["reference"], ())
        if any(t["state"] != "Failed" for t in earlier):
            return Problem("DuplicateTransactionPrevented")
    if order["uat"]:
        return numbers.ENDINGS[order["number"][-1]]
    if _is_too_often(account, order):
        return Problem("RateLimited")
    if product.provider.code in settings["providers_down"]:
        return Problem("ProviderError", "ProviderTemporarilyUnavailable")
    if settings["check_operator"] and _is_other_operator(account, product, order["number"]):
        return Problem("AccountNumberInvalid", "ProviderRefusedRequest")
    account.settle()
    if not settings["test_agent"] and account.balance < order["send"] + product.fee:
        return Problem("InsufficientBalance")
    return None


def _is_too_often(account, order):
    """Apply the rule of ``sends_per_number`` within ``sends_seconds``, when it is switched on."""
    limit = account.settings["sends_per_number"]
    if not limit or order["validate_only"]:
        return False
    now = time.time()
    recent = [
        t for t in account.sends[order["number"]] if t > now - account.settings["sends_seconds"]
    ]
    account.sends[order["number"]] = [*recent, now]
    return len(recent) >= limit


def _is_other_operator(account, product, number):
    country = numbers.find_country(account.catalogue, number)
    found = numbers.find_providers(account.catalogue, country, number) if country else []
    return bool(found) and product.provider not in found


def refuse(account, order, problem):
    """Answer a refusal; beyond form errors and throttling a Failed record is kept and shown."""
    unstored = {problem.code, problem.context} & set(NOT_STORED) or order["validate_only"]
    if unstored or problem.code == "DuplicateTransactionPrevented":
        return answer({}, problem)
    transfer = _new_transfer(account, order, "Failed")
    transfer["errors"] = [[problem.code, problem.context]]
    transfer["receive"] = Decimal("0.00")
    transfer["completed_at"] = transfer["started_at"]
    account.add(transfer)
    return answer({"TransferRecord": wire_record(account, transfer)}, problem)


def execute(account, order, deferred=False):
    """Take the money and deliver; batch products and deferred sends are delivered later."""
    product = order["product"]
    later = deferred or product.mode == "Batch"
    transfer = _new_transfer(account, order, "Submitted" if later else "Complete")
    transfer["commission"] = (order["send"] * product.commission).quantize(Decimal("0.01"))
    if not order["uat"] and not account.settings["test_agent"]:
        transfer["cost"] = order["send"] + product.fee - transfer["commission"]
    if later:
        transfer["due_at"] = transfer["started_at"] + account.settings["batch_seconds"]
    else:
        transfer["completed_at"] = time.time()
    if product.redemption == "ReadReceipt":
        pin = f"{int(transfer['transfer_ref']) * 7919 % 10**12:012d}"
        transfer["pin"] = pin
    account.add(transfer)
    return transfer


def _new_transfer(account, order, state):
    product = order["product"]
    return {
        "transfer_ref": account.next_reference(),
        "distributor_ref": order["reference"],
        "sku_code": product.sku,
        "account_number": order["number"],
        "state": state,
        "send": order["send"],
        "send_currency": account.currency,
        "receive": order["receive"],
        "receive_currency": product.currency,
        "commission": Decimal("0.00"),
        "cost": Decimal("0.00"),
        "uat": order["uat"],
        "settings": order["settings"],
        "started_at": time.time(),
        "completed_at": None,
        "due_at": 0,
        "errors": [],
    }


def _validation_record(account, order):
    product = order["product"]
    return {
        "TransferId": {"TransferRef": "0", "DistributorRef": order["reference"]},
        "SkuCode": product.sku,
        "Price": prices.price(product, order["send"], order["receive"], account.currency),
        "CommissionApplied": 0,
        "ProcessingState": "Complete",
        "AccountNumber": order["number"],
    }


def wire_record(account, transfer):
    """Return a stored transfer as TransferRecord; fields without a value are left out."""
    product = account.product(transfer["sku_code"])
    record = {
        "TransferId": {
            "TransferRef": transfer["transfer_ref"],
            "DistributorRef": transfer["distributor_ref"],
        },
        "SkuCode": transfer["sku_code"],
        "Price": prices.price(
            product, transfer["send"], transfer["receive"], transfer["send_currency"]
        ),
        "CommissionApplied": transfer["commission"],
        "StartedUtc": stamp(transfer["started_at"]),
        "ProcessingState": transfer["state"],
        "AccountNumber": transfer["account_number"],
    }
    if transfer["completed_at"]:
        record["CompletedUtc"] = stamp(transfer["completed_at"])
    if transfer["state"] == "Complete":
        record.update(_receipt(transfer, product))
    return record


def _receipt(transfer, product):
    if not transfer.get("pin"):
        return {}
    return {
        "ReceiptText": f"{product.text}. Your code is {transfer['pin']}.",
        "ReceiptParams": {"pin": transfer["pin"], "providerRef": f"R{transfer['transfer_ref']}"},
    }


def wrapped(account, transfer):
    """Return a stored transfer as an item of ListTransferRecords, with its own outcome."""
    problems = [Problem(code, context) for code, context in transfer["errors"]]
    envelope = problems[0].envelope() if problems else SUCCESS
    return {"TransferRecord": wire_record(account, transfer), **envelope}
