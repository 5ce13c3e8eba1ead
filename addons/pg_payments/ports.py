"""What the payment engine asks of a gateway, whoever it is.

An adapter is plain Python: frozen dataclasses in and out, no records, no database. It raises the
four classes of ``pg_base.outcomes`` and ``ValueError`` for an amount that its gateway cannot
express; it never rounds one. Amounts are positive ``Decimal`` in major units of ``currency``, an
upper case ISO 4217 code.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

#: What a payment can be. `open`: the payer may still pay; `pending`: the payer did, the money is
#: not there yet; the last four are ends, of which only `paid` means money.
PAYMENT_STATUSES = ("paid", "open", "pending", "failed", "expired", "cancelled")
REFUND_STATUSES = ("done", "pending", "failed", "cancelled")


class SignatureError(Exception):
    """A webhook does not prove where it comes from. The message holds nothing of its body."""


@dataclass(frozen=True)
class CheckoutRequest:
    """A payment page to open. `key` is the same whenever the same page is asked for again."""

    reference: str
    key: str
    amount: Decimal
    currency: str
    description: str
    return_url: str
    cancel_url: str
    expires_at: datetime
    database: str
    provider_id: int
    email: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Checkout:
    """An open payment page: where to send the payer and until when (naive UTC)."""

    url: str = field(repr=False)
    gateway_id: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class PaymentState:
    """What the gateway says of one payment now.

    `fee`, `net` and `rate` are in the settlement currency `fee_currency` and None until known;
    `receipt` is what the payer finds on the gateway's own receipt.
    """

    status: str
    amount: Decimal | None = None
    currency: str = ""
    payment_id: str = ""
    checkout_id: str = ""
    reference: str = ""
    message: str = ""
    url: str = field(default="", repr=False)
    fee: Decimal | None = None
    net: Decimal | None = None
    fee_currency: str = ""
    rate: Decimal | None = None
    receipt: str = ""


@dataclass(frozen=True)
class RefundRequest:
    """Money to send back. `key` is the same in every try of one refund."""

    reference: str
    key: str
    payment_id: str
    amount: Decimal
    currency: str
    database: str
    provider_id: int


@dataclass(frozen=True)
class RefundState:
    """What the gateway says of one refund now; `reference` is empty when we did not ask for it."""

    status: str
    refund_id: str
    amount: Decimal
    currency: str
    payment_id: str = ""
    reference: str = ""
    message: str = ""


@dataclass(frozen=True)
class GatewayEvent:
    """A verified piece of news: a hint where to look, never a fact to book.

    `type` is the gateway's word, `kind` ours: payment, refund, dispute or other.
    """

    event_id: str
    type: str
    kind: str = "other"
    created: datetime | None = None
    reference: str = ""
    database: str = ""
    provider_id: int | None = None
    checkout_id: str = ""
    payment_id: str = ""
    refund_id: str = ""


@dataclass(frozen=True)
class Connection:
    """Whose account answers, and whether it moves real money."""

    account: str
    live: bool


@dataclass(frozen=True)
class WebhookEndpoint:
    """A webhook registered at the gateway; its secret is told only once."""

    endpoint_id: str
    secret: str = field(repr=False)


class GatewayPort(Protocol):
    """The one way in which the engine talks to a gateway."""

    def check_amount(self, amount: Decimal, currency: str) -> None:
        """Raise ValueError unless the gateway can express this amount exactly."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout: ...

    def expire_checkout(self, checkout_id: str) -> None:
        """Close a payment page, so that it cannot be paid any more. Closed already is fine."""

    def get_payment(self, *, checkout_id: str = "", payment_id: str = "") -> PaymentState: ...

    def create_refund(self, request: RefundRequest) -> RefundState: ...

    def get_refund(self, refund_id: str) -> RefundState: ...

    def find_refunds(self, payment_id: str) -> tuple[RefundState, ...]:
        """Return every refund of one payment, whoever asked for it."""

    def check_connection(self) -> Connection: ...

    def create_webhook(self, url: str, provider_id: int) -> WebhookEndpoint: ...

    @staticmethod
    def verify_event(raw: bytes, headers, secret: str) -> GatewayEvent:
        """Return the news in a webhook; raise SignatureError unless it is really the gateway's."""
