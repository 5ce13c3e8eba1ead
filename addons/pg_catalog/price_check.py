"""Asking a supplier whether a price still holds, in plain frozen data: no record, no cursor."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .ports import CatalogueSku, PriceEstimate

# What arrives may differ by rounding; by more than this the SKU is read again.
CENT = Decimal("0.01")
TOLERANCE = Decimal("0.005")


@dataclass(frozen=True)
class CheckedPrice:
    """What came of a check.

    :param estimate: what the amount costs and brings now; None: it is no longer sold.
    :param item: the SKU as the supplier has it now, when it was read again; to be written.
    :param is_asked: the supplier was asked; a price that is fresh needs no question.
    """

    estimate: PriceEstimate | None
    item: CatalogueSku | None = None
    is_asked: bool = True


@dataclass(frozen=True)
class PriceCheck:
    """One question about one amount of one SKU.

    :param known: what our catalogue says of the amount.
    :param is_fresh: the catalogue is young enough to be trusted: nobody is asked.
    :param port: a ``ports.SupplierPort``.
    """

    sku_id: int
    sku_code: str
    is_range: bool
    is_fresh: bool
    country_code: str
    known: PriceEstimate
    port: Any

    def run(self):
        """Ask the supplier, unless the price is fresh. Reaches outside: never in a transaction.

        A range is estimated; when that is not what the catalogue says, or the SKU is fixed, the SKU
        is read again.

        :rtype: CheckedPrice
        :raise OutsideError: one of its four classes; nothing is known then.
        """
        if self.is_fresh:
            return CheckedPrice(self.known, is_asked=False)
        if not self.is_range:
            item = self._read_item()
            return CheckedPrice(item and _lowest(item), item)
        estimate = self.port.estimate(self.sku_code, send_value=self.known.send_value)
        item = None if self._agrees(estimate) else self._read_item()
        return CheckedPrice(estimate, item)

    def _agrees(self, estimate):
        expected = self.known.receive_net
        allowed = max(CENT, expected * TOLERANCE)
        return (
            estimate.send_currency == self.known.send_currency
            and estimate.receive_currency == self.known.receive_currency
            and estimate.distributor_fee == self.known.distributor_fee
            and abs(net_of(estimate) - expected) <= allowed
        )

    def _read_item(self):
        """Return the SKU as the supplier has it now, None when it is not sold."""
        countries = [self.country_code] if self.country_code else []
        for item in self.port.iter_skus(countries, codes=[self.sku_code]):
            if isinstance(item, CatalogueSku) and item.code == self.sku_code:
                return item
        return None


def net_of(estimate):
    """Return what arrives after tax."""
    return estimate.receive_value if estimate.receive_net is None else estimate.receive_net


def _lowest(item):
    """Return the lowest amount of a SKU, the only one when it is fixed."""
    return PriceEstimate(
        sku_code=item.code,
        send_value=Decimal(item.send_min),
        send_currency=item.send_currency,
        receive_value=item.receive_min,
        receive_currency=item.receive_currency,
        receive_net=item.receive_net_min,
        distributor_fee=item.distributor_fee,
    )
