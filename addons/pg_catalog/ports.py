"""The supplier's port: what the suite asks of any telecom wholesaler, in plain frozen data.

An adapter addon (one per vendor) implements :class:`SupplierPort`; ``pg.supplier._get_port()``
picks it by the supplier's code. Nothing here knows Odoo records, HTTP or a vendor's words.

Every method raises only the four outcome classes of ``pg_base.outcomes``: Rejected, NotSent,
Throttled, Unknown. All amounts are Decimal in major units of the currency beside them; currencies
are ISO 4217 codes, countries ISO 3166 codes, moments are aware or naive UTC datetimes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

# The states of a transfer at a supplier. Everything that is not surely over is open.
COMPLETED = "completed"
OPEN = "open"
FAILED = "failed"
CANCELLED = "cancelled"


@dataclass(frozen=True)
class TransferRequest:
    """One order to credit a number.

    :param reference: ours, the same on every attempt for the same sale.
    :param account_number: the number to credit; digits in international form, a plus is allowed.
        Empty for a PIN or voucher, which is bought for nobody.
    :param settings: (name, value) pairs that the SKU asks for.
    :param bill_ref: which :class:`Bill` is paid, for SKUs that ask for one.
    """

    reference: str
    sku_code: str
    account_number: str
    send_value: Decimal
    send_currency: str
    settings: tuple[tuple[str, str], ...] = ()
    bill_ref: str = ""


@dataclass(frozen=True)
class TransferRecord:
    """What the supplier holds about one transfer; ``state`` is one of the four above."""

    reference: str
    transfer_ref: str
    state: str
    sku_code: str
    account_number: str
    send_value: Decimal | None
    send_currency: str
    receive_value: Decimal | None
    receive_currency: str
    # May hold a code that is worth money: in no log and no traceback.
    receipt_text: str = field(default="", repr=False)
    receipt_params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    started_at: datetime | None = None
    completed_at: datetime | None = None
    # Why it failed, in the supplier's words; only for people.
    code: str = ""
    context: str = ""


@dataclass(frozen=True)
class CatalogueOperator:
    """A mobile network or brand. ``pattern``: regular expression over the digits of a number."""

    code: str
    name: str
    country_code: str = ""
    pattern: str = ""
    short_name: str = ""
    logo_url: str = ""
    care_number: str = ""
    region_codes: tuple[str, ...] = ()
    payment_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueSku:
    """Something a supplier sells. Equal bounds: a fixed value; different ones: a range.

    :param kind: a key of ``const.KINDS``.
    :param distributor_fee: what the supplier's account loses on top of the send value.
    :param settings: definitions (name, description, is mandatory) of further inputs.
    """

    code: str
    operator_code: str
    name: str
    kind: str
    send_min: Decimal
    send_max: Decimal
    send_currency: str
    receive_min: Decimal
    receive_max: Decimal
    receive_currency: str
    receive_net_min: Decimal | None = None
    receive_net_max: Decimal | None = None
    text_key: str = ""
    distributor_fee: Decimal = Decimal(0)
    customer_fee: Decimal = Decimal(0)
    commission_rate: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)
    tax_name: str = ""
    is_instant: bool = True
    redemption: str = "immediate"
    benefits: tuple[str, ...] = ()
    validity_iso: str = ""
    region_code: str = ""
    payment_types: tuple[str, ...] = ()
    uat_number: str = ""
    additional_information: str = ""
    settings: tuple[tuple[str, str, bool], ...] = ()
    bill_required: bool = False


@dataclass(frozen=True)
class CatalogueFault:
    """A catalogue item that the adapter could not read; takes the item's place in the stream."""

    code: str
    reason: str


@dataclass(frozen=True)
class CatalogueText:
    """A name and description of the SKUs with that ``text_key`` in one language (ISO 639)."""

    text_key: str
    language: str
    name: str
    description: str = ""
    read_more: str = ""


@dataclass(frozen=True)
class CatalogueCountry:
    """A country that the supplier serves.

    :param dialing: (prefix without plus, shortest length, longest length) of its numbers; the
        lengths count the prefix. May be empty.
    """

    code: str
    name: str
    dialing: tuple[tuple[str, int, int], ...] = ()
    region_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueRegion:
    """A part of a country for which operators and SKUs may differ."""

    code: str
    name: str
    country_code: str = ""


@dataclass(frozen=True)
class CataloguePromotion:
    """What an operator adds to top-ups for some time.

    :param code: identifies the promotion among those of the supplier.
    :param text_key: joins it to its :class:`PromotionText`.
    :param ends_at: None when its end is open.
    :param minimum_send: the least send value that it takes, in the supplier's currency.
    """

    code: str
    operator_code: str
    text_key: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    currency: str = ""
    minimum_send: Decimal | None = None
    validity_iso: str = ""


@dataclass(frozen=True)
class PromotionBonus:
    """What is added to send values from ``minimum`` to ``maximum``.

    :param kind: ``+``, ``%``, ``x``, ``MB``, ``GB``, ``SMS`` …, an open list.
    :param days: how long it can be used; 0 when unknown.
    """

    minimum: Decimal
    maximum: Decimal
    kind: str
    quantity: Decimal
    days: int = 0


@dataclass(frozen=True)
class PromotionText:
    """The texts of the promotions with that ``text_key`` in one language; ``terms`` in Markdown."""

    text_key: str
    language: str
    headline: str
    dates: str = ""
    terms: str = ""
    bonus_validity: str = ""
    kind: str = ""
    bonuses: tuple[PromotionBonus, ...] = ()


@dataclass(frozen=True)
class PriceEstimate:
    """What one amount costs and brings right now."""

    sku_code: str
    send_value: Decimal
    send_currency: str
    receive_value: Decimal
    receive_currency: str
    receive_net: Decimal | None = None
    distributor_fee: Decimal = Decimal(0)


@dataclass(frozen=True)
class Bill:
    """A bill that can be paid with a SKU. ``details``: (name, text) pairs for the customer."""

    reference: str
    send_value: Decimal
    send_currency: str
    receive_value: Decimal | None = None
    receive_currency: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class NumberLookup:
    """Who may serve a number, as far as the supplier knows. Several codes: ask the customer."""

    number: str
    country_code: str
    operator_codes: tuple[str, ...]
    is_exact: bool


@dataclass(frozen=True)
class OperatorStatus:
    """Whether an operator takes transfers now."""

    code: str
    is_processing: bool
    message: str = ""


@dataclass(frozen=True)
class Balance:
    """Money available on the supplier's account."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class CancelResult:
    """What became of the wish to cancel: only ``is_cancelled`` means that no money moved."""

    transfer_ref: str
    is_cancelled: bool
    state: str = ""


class SupplierPort(Protocol):
    """What every supplier's adapter can do."""

    def iter_operators(
        self, countries: Iterable[str] = ()
    ) -> Iterator[CatalogueOperator | CatalogueFault]:
        """Yield all operators of some countries, or of all."""

    def iter_skus(
        self, countries: Iterable[str] = (), codes: Iterable[str] = ()
    ) -> Iterator[CatalogueSku | CatalogueFault]:
        """Yield all SKUs of some countries, or of all; with codes, only the SKUs of these."""

    def iter_descriptions(self, languages: Iterable[str]) -> Iterator[CatalogueText]:
        """Yield the texts of the SKUs in some languages."""

    def iter_countries(self) -> Iterator[CatalogueCountry | CatalogueFault]:
        """Yield the countries that are served."""

    def iter_regions(
        self, countries: Iterable[str] = ()
    ) -> Iterator[CatalogueRegion | CatalogueFault]:
        """Yield the regions of some countries, or of all."""

    def iter_promotions(
        self, countries: Iterable[str] = ()
    ) -> Iterator[CataloguePromotion | CatalogueFault]:
        """Yield the present and coming promotions of some countries, or of all."""

    def iter_promotion_texts(self, languages: Iterable[str]) -> Iterator[PromotionText]:
        """Yield the texts of the promotions in some languages."""

    def lookup_number(self, number: str) -> NumberLookup:
        """Return who serves a number."""

    def estimate(
        self,
        sku_code: str,
        *,
        send_value: Decimal | None = None,
        receive_value: Decimal | None = None,
    ) -> PriceEstimate:
        """Return today's price of one amount, named by what is sent or by what arrives."""

    def lookup_bills(
        self, sku_code: str, account_number: str, settings: Iterable[tuple[str, str]] = ()
    ) -> list[Bill]:
        """Return the open bills of an account, for SKUs whose ``bill_required`` is set."""

    def error_texts(self) -> dict[str, str]:
        """Return what the supplier's error codes mean, in its own words."""

    def validate(self, request: TransferRequest) -> None:
        """Ask whether a transfer would be accepted; nothing is sent and no money moves.

        :raise OutsideError: it would not be, in the classes of :meth:`transfer`.
        """

    def transfer(self, request: TransferRequest) -> TransferRecord:
        """Send, once and without any retry.

        :return: the record, when the supplier holds one that is the one asked for. Its state
            decides; ``open`` means that it may still be delivered.
        :raise Rejected, NotSent, Throttled: nothing was and nothing will be delivered.
        :raise Unknown: it may have been delivered: ask :meth:`find_transfers`, never send again.
        """

    def find_transfers(
        self, *, reference: str | None = None, account_number: str | None = None, take: int = 10
    ) -> list[TransferRecord]:
        """Return what the supplier holds, newest first. An empty list is no proof of absence
        while a call may still be under way. An empty account number means, as in a request, what
        was bought for nobody."""

    def cancel(self, *, reference: str, transfer_ref: str) -> CancelResult:
        """Ask to cancel a transfer that is still open."""

    def balance(self) -> Balance:
        """Return the money left on the account."""

    def operator_status(self, codes: Iterable[str] = ()) -> list[OperatorStatus]:
        """Return which operators take transfers now."""
