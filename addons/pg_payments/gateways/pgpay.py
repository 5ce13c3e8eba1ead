"""PGPay, Papua New Guinea's mobile money, behind `GatewayPort`.

There is no public API: this speaks the project's own contract, by `pgpay_wire.PgpayWire`.
"""

import re
from functools import cached_property

from odoo.addons.pg_base.outcomes import OutsideError, Rejected, Unknown
from odoo.addons.pg_base.tools import money, options

from ..ports import Checkout, Connection
from . import pgpay_answer
from .pgpay_answer import read
from .pgpay_const import CHANNELS, CURRENCIES, LARGEST, PAGE_LIFE, PUSH, PUSH_LIFE
from .pgpay_wire import PgpayWire

#: What the contract allows as a reference.
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/#-]{0,63}")


class PgpayGateway:
    """One merchant: `client_id` names its key, `secret_key` signs.

    :param `..ports.Account` account: the credentials.
    """

    label = "PGPay"
    required_fields = ("pg_client_id", "pg_secret_key")
    payment_methods = frozenset(CHANNELS)
    currencies = CURRENCIES
    return_parameter = ""
    return_query = ""
    closes_pages = True
    keeps_customers = False
    asks_payer = True
    refunds_by_hand = False
    refunds_lost_disputes = False
    registers_webhooks = False

    def __init__(self, account):
        self._account = account

    @cached_property
    def _wire(self):
        account = self._account
        return PgpayWire(_base_url(account), account.client_id, account.secret_key)

    # === ACCOUNT === #

    @staticmethod
    def check_account(account):
        """Raise ValueError unless key, address and state belong together."""
        is_live = PgpayGateway.is_live(account)
        if account.live and not is_live:
            raise ValueError("Real payments need a key that starts with pk_live_.")
        if account.state == "test" and is_live:
            raise ValueError("A live key is not used in test mode.")
        if account.state != "disabled" and not _base_url(account):
            raise ValueError("The address of PGPay's API must be filled.")

    @staticmethod
    def is_live(account):
        """Tell whether the key moves real money."""
        return account.client_id.startswith("pk_live_")

    @staticmethod
    def can_hear(account):
        """Tell whether webhooks can be proven."""
        return bool(account.webhook_secrets)

    @staticmethod
    def decimals(currency):
        """Return how many decimals an amount has: toea."""
        return pgpay_answer.DECIMALS

    def check_connection(self):
        """Ask whether key, signature and clock are right."""
        answer = self._wire.ping()
        return Connection(str(answer.get("merchant_id") or ""), answer.get("livemode") is True)

    def list_channels(self):
        """Return the merchant's channels: {code: (enabled, least, most)}, amounts in toea."""
        rows = self._wire.list_channels()
        return read(_channels, rows)

    # === PAYMENT === #

    def check_amount(self, amount, currency):
        """Raise ValueError unless PGPay can express this amount exactly."""
        if currency not in CURRENCIES:
            raise ValueError(f"PGPay cannot charge {currency}")
        minor = money.to_minor(amount, pgpay_answer.DECIMALS)
        if not 0 < minor <= LARGEST:
            raise ValueError(f"{amount} {currency} cannot be charged")

    @staticmethod
    def needs_number(channel):
        """Tell whether a channel asks the payer on a phone."""
        return channel in PUSH

    def create_checkout(self, request):
        """Ask for a payment; the same request gives the same payment again.

        :raise Unknown: when it is not known whether the payer was asked; look by `find_payment`.
        """
        self.check_amount(request.amount, request.currency)
        if not REFERENCE.fullmatch(request.reference):
            raise ValueError("PGPay cannot take this reference")
        try:
            payment = self._wire.create_payment(_payment_body(request), request.key)
        except (Unknown, Rejected) as problem:
            if isinstance(problem, Rejected) and problem.code != "reference_duplicate":
                raise
            payment = self._find_after(problem, request.reference)
        state = read(pgpay_answer.payment_state, payment)
        return Checkout(state.url, state.checkout_id, state.expires_at, state)

    def _find_after(self, problem, reference):
        """Return the payment that may exist after a lost answer.

        :raise Unknown: when it is not seen: that does not prove that there is none.
        """
        try:
            payment = self._wire.find_payment(reference)
        except OutsideError:
            payment = None
        if not payment:
            raise Unknown(problem.message, status=problem.status, reference=reference)
        return payment

    def find_payment(self, reference):
        """Return the state of the payment of a reference, None when there is none."""
        payment = self._wire.find_payment(reference)
        return read(pgpay_answer.payment_state, payment) if payment else None

    def expire_checkout(self, checkout_id):
        """Withdraw a payment. One that is approved or over cannot be: the caller reads it again."""
        try:
            self._wire.cancel_payment(checkout_id)
        except Rejected as refusal:
            if refusal.code not in ("payment_not_cancellable", "not_found"):
                raise

    def get_payment(self, *, checkout_id="", payment_id=""):
        """Read a payment: page and payment have one id."""
        return read(pgpay_answer.payment_state, self._wire.get_payment(checkout_id or payment_id))

    def capture_payment(self, request):
        """Read the payment: PGPay takes the money by itself."""
        return self.get_payment(checkout_id=request.checkout_id)

    # === REFUND === #

    def create_refund(self, request):
        """Send money back; the same key never sends it twice."""
        body = {
            "reference": request.reference,
            "amount": money.to_minor(request.amount, pgpay_answer.DECIMALS),
            "currency": request.currency,
            "reason": "requested_by_customer",
            "metadata": _metadata(request),
        }
        try:
            refund = self._wire.create_refund(request.payment_id, body, request.key)
        except Rejected as refusal:
            if refusal.code != "reference_duplicate":
                raise
            for state in self.find_refunds(request.payment_id):
                if state.reference == request.reference:
                    return state
            raise
        return read(pgpay_answer.refund_state, refund)

    def get_refund(self, refund_id):
        """Read one refund."""
        return read(pgpay_answer.refund_state, self._wire.get_refund(refund_id))

    def find_refunds(self, payment_id):
        """Return every refund of one payment, whoever asked for it."""
        rows = self._wire.list_refunds(payment_id)
        return tuple(read(pgpay_answer.refund_state, row) for row in rows)

    # === NEWS === #

    def verify_event(self, raw, headers):
        """Return the news in a webhook, if it is PGPay's."""
        header, secrets = headers.get("PGPay-Signature"), self._account.webhook_secrets
        return pgpay_answer.gateway_event(PgpayWire.verify_webhook(raw, header, secrets))

    def list_events(self, since, starting_after=""):
        """Return (news since a moment, whether there is more), oldest first."""
        rows, has_more = self._wire.list_events(since, starting_after)
        return [pgpay_answer.gateway_event(row) for row in rows], has_more

    def create_webhook(self, url, provider_id):
        """Refuse: the address is put into PGPay's merchant portal by hand."""
        raise Rejected("PGPay's webhook address is set in its merchant portal")

    def delete_webhook(self, endpoint_id):
        """Do nothing: there is none that PGPay lets us delete."""


def _base_url(account):
    """Return the address of the API: the account's, else the installation's; '' when unknown."""
    return account.api_base or options.get("pgpay_base_url") or ""


def _channels(rows):
    return {
        row["code"]: (row["enabled"] is True, row["min_amount"], row["max_amount"]) for row in rows
    }


def _payment_body(request):
    """Build the request body; the same request always gives the same body, as its key demands."""
    payer = {"msisdn": request.payer_number, "email": request.email[:254]}
    body = {
        "reference": request.reference,
        "amount": money.to_minor(request.amount, pgpay_answer.DECIMALS),
        "currency": request.currency,
        "channel": request.channel,
        "payer": {name: value for name, value in payer.items() if value},
        "description": request.description[:140],
        "return_url": request.return_url,
        "cancel_url": request.cancel_url,
        "webhook_url": request.webhook_url,
        "expires_in": PUSH_LIFE if request.channel in PUSH else PAGE_LIFE,
        "metadata": _metadata(request),
    }
    return {name: value for name, value in body.items() if value}


def _metadata(request):
    """Name the transaction by its reference: its id changes when a request is run again."""
    return {
        "odoo_ref": request.reference,
        "odoo_db": request.database,
        "odoo_provider_id": str(request.provider_id),
    }
