"""What a catalogue answers to the layers above it, in plain frozen data."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Quote:
    """The price of one sale, to be pinned on it.

    ``sell_price``, ``tax`` (the part of it that is tax) and ``cost`` are in ``currency``, the ISO
    code of the company's currency, or of the price list's when one was asked for. ``fx_rate`` is
    that currency per one unit of send currency.
    """

    offer_id: int
    sku_id: int
    operator_id: int
    supplier_id: int
    sell_price: Decimal
    tax: Decimal
    currency: str
    cost: Decimal
    fx_rate: Decimal
    send_value: Decimal
    send_currency: str
    receive_value: Decimal
    receive_currency: str
    pricelist_id: int | None = None


@dataclass(frozen=True)
class NumberMatch:
    """A phone number and who may serve it.

    ``e164`` like +67570000000, ``digits`` the same without plus, ``country_code`` ISO 3166,
    ``operators`` a recordset of ``pg.operator``, the best guess first; it may be empty.
    ``is_certain``: the first one is the only one, or was confirmed for this number before; else the
    customer should be asked.
    """

    e164: str
    digits: str
    country_code: str
    operators: Any
    is_certain: bool = False
