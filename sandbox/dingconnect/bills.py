"""LookupBills: the open bills of an account, the same each time for the same number."""

import zlib
from decimal import Decimal

from sandbox.dingconnect import prices
from sandbox.dingconnect.errors import Problem, answer
from sandbox.dingconnect.methods import method

AMOUNTS = ("12.50", "20.00", "35.75")


@method("POST", "LookupBills")
def lookup_bills(account, body):
    """List two bills; a number that ends in 9 owes nothing. Refusals carry an empty list."""
    try:
        return answer({"Items": _find(account, body)})
    except Problem as problem:
        return answer({"Items": []}, problem)


def _find(account, body):
    if not isinstance(body, dict):
        raise Problem("RequestInvalid")
    for name in ("SkuCode", "AccountNumber"):
        if not body.get(name) or not isinstance(body[name], str):
            raise Problem("ParameterMissing", name)
    product = account.catalogue.products.get(body["SkuCode"])
    if product is None or not product.bills:
        raise Problem("ParameterInvalid", "SkuCode")
    if not product.provider.pattern.fullmatch(body["AccountNumber"]):
        raise Problem("AccountNumberInvalid", "AccountNumberFailedRegex")
    found = bills_of(account, product, body["AccountNumber"])
    return [
        {
            "BillRef": reference,
            "Price": prices.price(product, send, receive, account.currency),
            "AdditionalInfo": {"DueDate": "2026-12-31", "BillName": f"Bill {place}"},
        }
        for place, (reference, (send, receive)) in enumerate(found.items(), 1)
    ]


def bills_of(account, product, number):
    """Return {reference: (send value, receive value)} of what a number owes."""
    if number.endswith("9"):
        return {}
    rate = account.catalogue.rate(account.currency)
    bills = {}
    for place in range(2):
        crc = zlib.crc32(f"{product.sku}/{number}/{place}".encode())
        send = (Decimal(AMOUNTS[crc % len(AMOUNTS)]) * rate).quantize(Decimal("0.01"))
        bills[f"BILL{crc:010d}"] = (send, prices.receive_for(product, send, rate))
    return bills
