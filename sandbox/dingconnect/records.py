"""Stored transfers and batches: ListTransferRecords, EstimatePrices, CancelTransfers."""

from decimal import Decimal

from sandbox.dingconnect import prices, transfers
from sandbox.dingconnect.errors import SUCCESS, Problem, answer
from sandbox.dingconnect.methods import method


@method("POST", "ListTransferRecords")
def list_transfer_records(account, body):
    if not isinstance(body, dict):
        raise Problem("RequestInvalid")
    take, skip = body.get("Take"), body.get("Skip") or 0
    if take is None:
        raise Problem("ParameterMissing", "Take")
    for name, value in (("Take", take), ("Skip", skip)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem("ParameterInvalid", name)
    if not 1 <= take <= account.settings["max_take"]:
        raise Problem("ParameterOutOfRange", "Take")
    if skip < 0:
        raise Problem("ParameterOutOfRange", "Skip")
    account.settle()
    found = _find(account, body)
    page = found[skip : skip + take]
    more = len(found) > skip + take
    return answer(
        {"Items": [transfers.wrapped(account, t) for t in page], "ThereAreMoreItems": more}
    )


def _find(account, body):
    """Return the stored transfers that a list request asks for, newest first."""
    reference = body.get("DistributorRef")
    rows = account.by_reference.get(reference, []) if reference else account.transfers
    for field, key in (("TransferRef", "transfer_ref"), ("AccountNumber", "account_number")):
        if body.get(field):
            rows = [t for t in rows if t[key] == body[field]]
    return rows[::-1]


def _check_batch(body):
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise Problem("RequestInvalid")
    references = [item.get("BatchItemRef") for item in body]
    if not all(isinstance(r, str) and r for r in references):
        raise Problem("RequestInvalid")
    if len(set(references)) != len(references):
        raise Problem("BatchItemRefMustBeUnique")


@method("POST", "EstimatePrices")
def estimate_prices(account, body):
    _check_batch(body)
    items = []
    for question in body:
        item = {"BatchItemRef": question["BatchItemRef"]}
        try:
            item.update(_estimate(account, question), **SUCCESS)
        except Problem as problem:
            item.update(problem.envelope())
        items.append(item)
    return answer({"Items": items})


def _estimate(account, question):
    product = account.catalogue.products.get(str(question.get("SkuCode")))
    if product is None:
        raise Problem("ParameterInvalid", "SkuCode")
    send, receive = question.get("SendValue") or 0, question.get("ReceiveValue") or 0
    for name, value in (("SendValue", send), ("ReceiveValue", receive)):
        transfers.check_amount(name, value)
    if bool(send) == bool(receive):
        raise Problem("ParameterCombinationInvalid" if send else "ParameterMissing", "SendValue")
    rate = account.catalogue.rate(account.currency)
    low, high = prices.bounds(product, rate)
    send = Decimal(send).quantize(Decimal("0.01")) if send else None
    asked = "SendValue" if send else "ReceiveValue"
    send = send or prices.send_for(product, Decimal(receive), rate)
    if not low <= send <= high:
        raise Problem("ParameterOutOfRange", asked)
    drift = Decimal(str(account.settings["fx_drift"]))
    arrives = prices.receive_for(product, send, rate, drift)
    return {
        "Price": prices.price(product, send, arrives, account.currency),
        "SkuCode": product.sku,
    }


@method("POST", "CancelTransfers")
def cancel_transfers(account, body):
    _check_batch(body)
    account.settle()
    return answer({"Items": [_cancel(account, item) for item in body]})


def _cancel(account, item):
    wanted = item.get("TransferId")
    wanted = wanted if isinstance(wanted, dict) else {}
    reference = {k: str(wanted.get(k) or "") for k in ("TransferRef", "DistributorRef")}
    rows = account.by_reference.get(reference["DistributorRef"], ())
    found = next((t for t in rows if t["transfer_ref"] == reference["TransferRef"]), None)
    outcome = {"TransferId": reference, "BatchItemRef": item["BatchItemRef"]}
    if found is None:
        problem = Problem("ParameterInvalid", "TransferId")
        return {**outcome, "ProcessingState": "Failed", **problem.envelope()}
    if found["state"] == "Submitted":
        account.finish(found, "Cancelled")
        return {**outcome, "ProcessingState": "Cancelled", **SUCCESS}
    problem = Problem("OtherError", "TransferNotCancellable")
    return {**outcome, "ProcessingState": found["state"], **problem.envelope()}
