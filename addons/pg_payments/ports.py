"""What the payment engine asks of a gateway, whoever it is.

An adapter is plain Python: frozen dataclasses in and out, no records, no database. It raises the
four classes of ``pg_base.outcomes`` and ``ValueError`` for an amount that its gateway cannot
express; it never rounds one. Amounts are positive ``Decimal`` in major units of ``currency``, an
upper case ISO 4217 code.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Protocol

#: What a payment can be. `open`: the payer may still pay; `approved`: the payer agreed and the
#: money is ours to take by `capture_payment`; `pending`: it was taken and is not there yet; the
#: other four are ends, of which only `paid` means money.
PAYMENT_STATUSES = ("paid", "open", "approved", "pending", "failed", "expired", "cancelled")
REFUND_STATUSES = ("done", "pending", "failed", "cancelled")


class SignatureError(Exception):
    """A webhook does not prove where it comes from. The message holds nothing of its body."""


@dataclass(frozen=True)
class Account:
    """The credentials of one account at a gateway, as its provider record holds them.

    :param str state: of the provider: disabled, test or enabled.
    :param str client_id: public half of the credentials, where the gateway has one.
    :param str webhook_id: what the gateway calls our webhook address.
    :param tuple webhook_secrets: all that are valid now; two while one replaces the other.
    :param str api_base: empty for the real gateway, else a sandbox's address.
    :param str profile: which dialect the gateway speaks, where it has several.
    """

    provider_id: int
    state: str
    client_id: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    webhook_id: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    api_base: str = ""
    profile: str = ""

    @property
    def live(self):
        """Whether real money is meant."""
        return self.state == "enabled"


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
    brand: str = ""
    customer_id: str = ""
    #: Which way to pay was chosen, whose phone is asked, where news is sent; where it matters.
    channel: str = ""
    payer_number: str = field(default="", repr=False)
    webhook_url: str = ""


@dataclass(frozen=True)
class CustomerRequest:
    """A payer to be known at the gateway. `key` is the same whenever the same one is meant."""

    key: str
    name: str
    email: str
    database: str
    provider_id: int


@dataclass(frozen=True)
class Checkout:
    """An open payment page: where to send the payer and until when (naive UTC)."""

    url: str = field(repr=False)
    gateway_id: str
    expires_at: datetime | None = None
    state: "PaymentState | None" = None


@dataclass(frozen=True)
class Conversion:
    """What is charged instead of an amount; `rate` is charged currency per `currency`."""

    amount: Decimal
    currency: str
    charged: Decimal
    charged_currency: str
    rate: Decimal


@dataclass(frozen=True)
class CaptureRequest:
    """Approved money to take. `key` is the same in every try of one capture."""

    reference: str
    key: str
    checkout_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class PaymentState:
    """What the gateway says of one payment now.

    `fee`, `net` and `rate` are in the settlement currency `fee_currency` and None until known;
    `receipt` is what the payer finds on the gateway's own receipt. `failure` is why it failed, in
    the gateway's word; `has_refunds` whether some of it went back already, whoever asked for that;
    `action` what the payer has to do now: redirect, approve_on_handset or dial_ussd (the code to
    dial is `ussd`), in the gateway's words `instruction`. `payer` is the gateway's name of the card
    or account, the same for each of its payments; never a number.
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
    payer: str = field(default="", repr=False)
    failure: str = ""
    has_refunds: bool = False
    action: str = ""
    ussd: str = ""
    instruction: str = ""
    expires_at: datetime | None = None


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

    `type` is the gateway's word, `kind` ours: payment, approval (the payer agreed, maybe once
    more), refund, reversal, dispute or other.
    `database` is our database's uuid or the start of it (8 characters at least). `outcome` is how
    a dispute ended: won, lost, or the gateway's word; empty while it runs.
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
    outcome: str = ""


@dataclass(frozen=True)
class Connection:
    """Whose account answers, and whether it moves real money."""

    account: str
    live: bool


@dataclass(frozen=True)
class WebhookEndpoint:
    """A webhook registered at the gateway; its secret is told only once, or there is none."""

    endpoint_id: str
    secret: str = field(default="", repr=False)


class GatewayPort(Protocol):
    """The one way in which the engine talks to a gateway; made of an `Account`."""

    #: What sellers call it.
    label: ClassVar[str]
    #: Fields of the provider that must be filled before it is switched on.
    required_fields: ClassVar[tuple[str, ...]]
    #: Codes of the payment methods that it starts with.
    payment_methods: ClassVar[frozenset[str]]
    #: What it can charge; None when the account decides. Others are converted or refused.
    currencies: ClassVar[frozenset[str] | None]
    #: The query parameter in which it hands its page's id back to our return address; empty when
    #: it does not, then an access token of ours proves the payer.
    return_parameter: ClassVar[str]
    #: What is added to the return address so that it does, e.g. `session_id={ID}`.
    return_query: ClassVar[str]
    #: Whether an unpaid page can be closed. If not, its payment is simply never captured.
    closes_pages: ClassVar[bool]
    #: Whether it keeps customers, by `create_customer`.
    keeps_customers: ClassVar[bool]
    #: Whether the payer is asked by a page of ours for channel and number before the payment is
    #: made; its class then also has `needs_number`, `find_payment` and `list_channels`.
    asks_payer: ClassVar[bool]
    #: Whether a person sends refunds and confirms them, since the gateway has none.
    refunds_by_hand: ClassVar[bool]
    #: Whether a dispute that was lost arrives as a refund of its own, by news of kind `reversal`.
    refunds_lost_disputes: ClassVar[bool]
    #: Whether `create_webhook` works; if not, the address is put in at the gateway by hand.
    registers_webhooks: ClassVar[bool]

    @staticmethod
    def check_account(account: Account) -> None:
        """Raise ValueError, with a sentence for a person, unless credentials and state belong
        together. Filled fields and the address are checked by the engine already."""

    @staticmethod
    def is_live(account: Account) -> bool:
        """Tell whether these credentials are known to move real money."""

    @staticmethod
    def can_hear(account: Account) -> bool:
        """Tell whether webhooks can be proven; if not, their address does not exist (404)."""

    @staticmethod
    def decimals(currency: str) -> int:
        """Return how many decimals the gateway gives a currency."""

    def check_amount(self, amount: Decimal, currency: str) -> None:
        """Raise ValueError unless the gateway can express this amount exactly."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout: ...

    def create_customer(self, request: CustomerRequest) -> str:
        """Return the gateway's id of a new customer; only where it `keeps_customers`."""

    def expire_checkout(self, checkout_id: str) -> None:
        """Close a payment page, so that it cannot be paid any more. Closed already is fine."""

    def get_payment(self, *, checkout_id: str = "", payment_id: str = "") -> PaymentState:
        """Read a payment by its page or by its own id; when both are given, by the surer one."""

    def capture_payment(self, request: CaptureRequest) -> PaymentState:
        """Take approved money. The same key never takes it twice; a payer whose instrument is
        declined gives `open`. Called by the worker of captures only, and only when some payment
        was `approved`."""

    def create_refund(self, request: RefundRequest) -> RefundState: ...

    def get_refund(self, refund_id: str) -> RefundState: ...

    def find_refunds(self, payment_id: str) -> tuple[RefundState, ...]:
        """Return every refund of one payment, whoever asked for it."""

    def check_connection(self) -> Connection: ...

    def create_webhook(self, url: str, provider_id: int) -> WebhookEndpoint:
        """Register a webhook address, beside an older one of ours where the gateway allows it."""

    def delete_webhook(self, endpoint_id: str) -> None:
        """Forget a webhook. Gone already is fine."""

    def verify_event(self, raw: bytes, headers) -> GatewayEvent:
        """Return the news in a webhook.

        :raise SignatureError: when it is not proven to be the gateway's.
        :raise OutsideError: when the proof needs the gateway and it does not answer.
        """
