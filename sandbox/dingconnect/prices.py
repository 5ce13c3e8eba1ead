"""Prices: bounds in the account currency, straight line between them, fees and tax."""

from decimal import Decimal

from sandbox.dingconnect.catalogue import CENT, round_money

ZERO = Decimal("0.00")


def bounds(product, rate):
    """Return (lowest, highest) send value in the account currency."""
    return tuple((amount * rate).quantize(CENT) for amount in product.send)


def receive_for(product, send, rate, drift=Decimal(1)):
    """Return what arrives for a send value inside the bounds.

    :param drift: factor on what arrives, for a rate that moved since the catalogue was read
    """
    low, high = bounds(product, rate)
    receive = product.receive[0]
    if low != high:
        slope = (product.receive[1] - product.receive[0]) / (high - low)
        receive += (send - low) * slope
        receive *= drift
    return round_money(receive, product.currency)


def send_for(product, receive, rate):
    """Return what must be sent so that ``receive`` arrives."""
    low, high = bounds(product, rate)
    if low == high:
        return low
    slope = (high - low) / (product.receive[1] - product.receive[0])
    return (low + (receive - product.receive[0]) * slope).quantize(CENT)


def price(product, send, receive, currency):
    """Return the wire form of a price; fields without a value are left out."""
    wire = {
        "CustomerFee": ZERO,
        "DistributorFee": product.fee,
        "ReceiveValue": receive,
        "ReceiveCurrencyIso": product.currency,
        "ReceiveValueExcludingTax": receive,
        "TaxRate": 0,
        "SendValue": send,
        "SendCurrencyIso": currency,
    }
    if product.tax:
        rate, name, calculation = product.tax
        without = round_money(receive / (1 + Decimal(rate)), product.currency)
        wire.update(TaxRate=Decimal(rate), TaxName=name, TaxCalculation=calculation)
        wire["ReceiveValueExcludingTax"] = without
    return wire
