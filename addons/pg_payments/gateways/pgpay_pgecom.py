"""PGecom's "PG Pay" (Haiti): PGPay's second wire profile, behind the same port.

Written from its public pages (docs.pgecom.com); nothing was tried against the live service. Its
webhooks carry no signature, so they are never believed: they only say which order to read.
"""

import hashlib
import json
import re
import time
from decimal import Decimal
from functools import cached_property
from urllib.parse import quote

from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools import money

from ..ports import Checkout, Connection, GatewayEvent, PaymentState, SignatureError

#: Host by whether real money is meant.
HOSTS = {False: "https://sandbox.pgecom.com", True: "https://app.pgecom.com"}
READ_TIMEOUT = 20
MAX_BYTES = 2**20
DECIMALS = 2

#: One order is read again at most once in so many seconds, however many webhooks come.
NEWS_SECONDS = 10

ORDER = re.compile(r"[A-Za-z0-9._-]{1,64}")
STATUS = {"pending": "open", "completed": "paid", "failed": "failed", "cancelled": "cancelled"}


class PgecomGateway:
    """One merchant: `client_id` is its user id, `secret_key` the token that reads orders.

    :param `..ports.Account` account: the credentials.
    """

    label = "PG Pay by PGecom"
    required_fields = ("pg_client_id", "pg_secret_key")
    payment_methods = frozenset(("pgpay_pgecom",))
    currencies = frozenset(("HTG", "USD"))
    return_parameter = ""
    return_query = ""
    closes_pages = False
    keeps_customers = False
    asks_payer = False
    refunds_by_hand = True
    refunds_lost_disputes = False
    registers_webhooks = False

    def __init__(self, account):
        self._account = account

    @cached_property
    def _http(self):
        base_url = self._account.api_base or HOSTS[self._account.live]
        return HttpClient(base_url, read_timeout=READ_TIMEOUT, max_bytes=MAX_BYTES)

    # === ACCOUNT === #

    @staticmethod
    def check_account(account):
        """Accept: PGecom's credentials do not show whether they are live; the host tells."""

    @staticmethod
    def is_live(account):
        """Tell no: that is not seen in the credentials."""
        return False

    @staticmethod
    def can_hear(account):
        """Tell whether a webhook can be followed by reading the order."""
        return bool(account.client_id and account.secret_key)

    @staticmethod
    def decimals(currency):
        """Return how many decimals an amount has."""
        return DECIMALS

    def check_connection(self):
        """Read an order that is not there: the token is proven by the way it is refused."""
        try:
            self._read_order("connection-test")
        except Rejected as refusal:
            if refusal.status in (401, 403):
                raise
        return Connection(self._account.client_id, self._account.live)

    # === PAYMENT === #

    def check_amount(self, amount, currency):
        """Raise ValueError unless PGecom can express this amount exactly."""
        if currency not in self.currencies:
            raise ValueError(f"PG Pay cannot charge {currency}")
        if money.to_minor(amount, DECIMALS) <= 0:
            raise ValueError(f"{amount} {currency} is not a positive amount")

    def create_checkout(self, request):
        """Open a page. An order id is taken once only, so a repeated request reads its order."""
        self.check_amount(request.amount, request.currency)
        order_id = f"{request.reference}.{request.key[:8]}"
        if not ORDER.fullmatch(order_id):
            raise ValueError("PG Pay cannot take this reference")
        try:
            order = self._call("POST", "/api/pgpay/token", self._order_body(request, order_id))
        except (Unknown, Rejected) as problem:
            if isinstance(problem, Rejected) and "already exist" not in problem.message:
                raise
            order = self._find_order(order_id)
            if not order:
                raise
        state = _read(_payment_state, order)
        return Checkout(state.url, order_id, request.expires_at, state)

    def _order_body(self, request, order_id):
        return {
            "userID": self._account.client_id,
            "orderId": order_id,
            "amount": _number(request.amount),
            "currency": request.currency.lower(),
            "description": request.description,
            "successUrl": request.return_url,
            "errorUrl": request.cancel_url,
            "customerEmail": request.email,
            "webhookUrl": request.webhook_url,
            "metadata": {"odoo_ref": request.reference, "webhookUrl": request.webhook_url},
        }

    def expire_checkout(self, checkout_id):
        """Do nothing: PGecom's pages cannot be closed. A payment that comes late is honoured."""

    def get_payment(self, *, checkout_id="", payment_id=""):
        """Read an order by its id."""
        return _read(_payment_state, self._read_order(checkout_id or payment_id))

    def capture_payment(self, request):
        """Read the payment: PGecom takes the money by itself."""
        return self.get_payment(checkout_id=request.checkout_id)

    def _find_order(self, order_id):
        try:
            return self._read_order(order_id)
        except Rejected:
            return None

    def _read_order(self, order_id):
        headers = {"Authorization": f"Bearer {self._account.secret_key}"}
        path = f"/api/order/{quote(order_id, safe='')}"
        return self._call("GET", path, headers=headers, reference=order_id)

    # === REFUND === #

    def create_refund(self, request):
        """Refuse: PGecom has no refunds; a person sends the money back and confirms it."""
        raise Rejected("PG Pay has no refunds by its API", reference=request.reference)

    def get_refund(self, refund_id):
        """Refuse: PGecom knows of no refunds."""
        raise Rejected("PG Pay has no refunds by its API", reference=refund_id)

    def find_refunds(self, payment_id):
        """Return none: PGecom knows of no refunds."""
        return ()

    # === NEWS === #

    def verify_event(self, raw, headers):
        """Return a hint to read an order again; nothing of it is believed.

        The id of the hint changes every few seconds, so that a forged webhook does not use up the
        true one, while a flood makes one call.
        """
        try:
            body = json.loads(raw)
            order_id, status = str(body["orderId"]), str(body["status"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise SignatureError("the body is not a PG Pay notice") from None
        if not ORDER.fullmatch(order_id):
            raise SignatureError("the order id is malformed")
        turn = int(time.time()) // NEWS_SECONDS
        digest = hashlib.sha256(f"{order_id}|{turn}".encode()).hexdigest()[:32]
        return GatewayEvent(
            event_id=f"hint_{digest}",
            type=f"order.{status[:20]}" if status in STATUS else "order",
            kind="payment",
            checkout_id=order_id,
        )

    def create_webhook(self, url, provider_id):
        """Refuse: the address goes with each order."""
        raise Rejected("PG Pay is told the webhook address with each order")

    def delete_webhook(self, endpoint_id):
        """Do nothing: there is none."""

    # === TRANSPORT === #

    def _call(self, method, path, body=None, headers=None, reference=""):
        headers = {**(headers or {}), "Content-Type": "application/json"}
        raw = json.dumps(body).encode() if body is not None else None
        answer = self._http.request(method, path, data=raw, headers=headers)
        try:
            data = answer.json()
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict) and 200 <= answer.status < 300:
            return data
        raise _classify(answer.status, data, reference)


def _classify(status, data, reference):
    """Return the outcome that an answer stands for."""
    details = {"status": status, "reference": reference}
    if status == 429:
        return Throttled("PG Pay asks to slow down", **details)
    if isinstance(data, dict) and 400 <= status < 500 and status != 408:
        message = str(data.get("message") or "PG Pay refused the request")[:300]
        return Rejected(message, temporary=status == 401, **details)
    return Unknown("No usable answer from PG Pay", **details)


def _read(function, *args):
    try:
        return function(*args)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        problem = f"PG Pay's answer cannot be read ({type(error).__name__})"
        raise Unknown(problem) from None


def _payment_state(order):
    """Return the state of an order."""
    # A word that PGecom adds later is neither success nor failure.
    status = STATUS.get(order.get("paymentStatus") or order["status"], "pending")
    if order["status"] == "pending" and status == "paid":
        status = "pending"
    currency = str(order["currency"]).upper()
    metadata = order.get("metadata") or {}
    return PaymentState(
        status=status,
        # For gourdes, `amount` is what it is in dollars: not what was asked for.
        amount=_decimal(order["gourdes"] if currency == "HTG" else order["amount"]),
        currency=currency,
        payment_id=str(order["id"]) if status == "paid" else "",
        checkout_id=str(order.get("orderId") or order["id"]),
        reference=str(metadata.get("odoo_ref") or ""),
        url=str(metadata.get("returnUrl") or ""),
        receipt=str(order["id"]) if status == "paid" else "",
    )


def _decimal(value):
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("an amount must be a number")
    return Decimal(value)


def _number(amount):
    """Return an amount as a JSON number: two decimals are written exactly."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
