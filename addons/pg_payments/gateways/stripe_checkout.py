"""Stripe's hosted Checkout behind `GatewayPort`."""

from datetime import UTC
from functools import cached_property

from odoo.addons.pg_base.outcomes import Rejected
from odoo.addons.pg_base.tools.money import D

from ..ports import Checkout, Connection, PaymentState, RefundState, WebhookEndpoint
from . import stripe_client, stripe_event, stripe_money
from .stripe_const import API_VERSION, EVENTS, LANGUAGES, LOCALES, REFUND_STATUS
from .stripe_money import from_stripe, to_stripe

SESSION_EXPAND = ["payment_intent.latest_charge.balance_transaction"]
INTENT_EXPAND = ["latest_charge.balance_transaction"]


class StripeCheckoutGateway:
    """One Stripe account; its secret key is `sk_…` or `rk_…`.

    :param `..ports.Account` account: the credentials.
    """

    label = "Stripe Checkout"
    required_fields = ("pg_secret_key",)
    payment_methods = frozenset(("card", "visa", "mastercard", "amex"))
    currencies = None
    return_parameter = "session_id"
    # Stripe fills it in; it must stay as it is.
    return_query = "session_id={CHECKOUT_SESSION_ID}"
    closes_pages = True
    keeps_customers = True
    asks_payer = False
    refunds_by_hand = False
    refunds_lost_disputes = False
    registers_webhooks = True

    def __init__(self, account):
        self._account = account

    @cached_property
    def _client(self):
        return stripe_client.make_client(self._account.secret_key, self._account.api_base)

    @property
    def _v1(self):
        return self._client.v1

    @staticmethod
    def check_account(account):
        """Raise ValueError unless key and state belong together."""
        is_test = account.secret_key.startswith(("sk_test_", "rk_test_"))
        if account.state == "test" and not is_test:
            raise ValueError("Test mode needs a key that starts with sk_test_.")
        if account.live and is_test and not account.api_base:
            raise ValueError("A test key cannot take real payments.")

    @staticmethod
    def is_live(account):
        """Tell whether the key moves real money."""
        return account.secret_key.startswith(("sk_live_", "rk_live_"))

    @staticmethod
    def can_hear(account):
        """Tell whether webhooks can be proven."""
        return bool(account.webhook_secrets)

    @staticmethod
    def decimals(currency):
        """Return how many decimals a currency really has: ISK and UGX have none."""
        return stripe_money.real_decimals(currency)

    # === PAYMENT === #

    def check_amount(self, amount, currency):
        """Raise ValueError unless Stripe can express this amount exactly."""
        to_stripe(amount, currency)

    def create_customer(self, request):
        """Create a customer; the same key gives the same one again (for 24 hours)."""
        customer = stripe_client.call(
            "customer.create",
            self._v1.customers.create,
            {
                "email": request.email,
                **({"name": request.name} if request.name else {}),
                "metadata": {
                    "odoo_db": request.database,
                    "odoo_provider_id": str(request.provider_id),
                },
            },
            {"idempotency_key": request.key},
        )
        return customer["id"]

    def create_checkout(self, request):
        """Open a payment page; the same key gives the same page again."""
        session = stripe_client.call(
            "checkout.create",
            self._v1.checkout.sessions.create,
            _session_params(request),
            {"idempotency_key": request.key},
            reference=request.reference,
        )
        return Checkout(session["url"], session["id"], request.expires_at)

    def expire_checkout(self, checkout_id):
        """Close a payment page. Stripe refuses one that is paid or closed already: that is fine,
        the caller reads it again."""
        try:
            stripe_client.call(
                "checkout.expire",
                self._v1.checkout.sessions.expire,
                checkout_id,
                reference=checkout_id,
            )
        except Rejected as refusal:
            if refusal.temporary:
                raise

    def capture_payment(self, request):
        """Read the payment: Checkout takes the money by itself."""
        return self.get_payment(checkout_id=request.checkout_id)

    def get_payment(self, *, checkout_id="", payment_id=""):
        """Read a payment by its session, or by its intent when there is no session."""
        session = {}
        intent = payment_id
        if checkout_id:
            session = stripe_client.read(
                "checkout.get",
                self._client,
                "checkout/sessions",
                checkout_id,
                expand=SESSION_EXPAND,
            )
            intent = session.get("payment_intent")
        if isinstance(intent, str) and intent:
            intent = stripe_client.read(
                "payment.get", self._client, "payment_intents", intent, expand=INTENT_EXPAND
            )
        return _payment_state(session, intent or {})

    # === REFUND === #

    def create_refund(self, request):
        """Send money back; the same key never sends it twice while Stripe keeps the key (24 h)."""
        refund = stripe_client.call(
            "refund.create",
            self._v1.refunds.create,
            {
                "payment_intent": request.payment_id,
                "amount": to_stripe(request.amount, request.currency),
                "metadata": _metadata(request),
            },
            {"idempotency_key": request.key},
            reference=request.reference,
        )
        return _refund_state(refund)

    def get_refund(self, refund_id):
        """Read one refund."""
        return _refund_state(
            stripe_client.call(
                "refund.get", self._v1.refunds.retrieve, refund_id, reference=refund_id
            )
        )

    def find_refunds(self, payment_id):
        """Return every refund of one payment, page by page."""
        found, params = [], {"payment_intent": payment_id, "limit": 100}
        while True:
            page = stripe_client.call(
                "refund.list", self._v1.refunds.list, dict(params), reference=payment_id
            )
            found += page["data"]
            if not page.get("has_more") or not page["data"]:
                return tuple(_refund_state(refund) for refund in found)
            params["starting_after"] = page["data"][-1]["id"]

    # === ACCOUNT === #

    def check_connection(self):
        """Read the balance: the smallest question that proves the key."""
        balance = stripe_client.call("balance.get", self._v1.balance.retrieve)
        currencies = sorted({row["currency"].upper() for row in balance.get("available", ())})
        return Connection(", ".join(currencies), bool(balance.get("livemode")))

    def create_webhook(self, url, provider_id):
        """Register a webhook address for all events that the engine handles."""
        endpoint = stripe_client.call(
            "webhook.create",
            self._v1.webhook_endpoints.create,
            {
                "url": url,
                "enabled_events": list(EVENTS),
                "api_version": API_VERSION,
                "metadata": {"odoo_provider_id": str(provider_id)},
            },
        )
        return WebhookEndpoint(endpoint["id"], endpoint["secret"])

    def delete_webhook(self, endpoint_id):
        """Forget a webhook. Gone already is fine."""
        try:
            stripe_client.call("webhook.delete", self._v1.webhook_endpoints.delete, endpoint_id)
        except Rejected as refusal:
            if refusal.status != 404:
                raise

    def verify_event(self, raw, headers):
        """Return the news in a webhook, if it is Stripe's."""
        secrets = self._account.webhook_secrets
        return stripe_event.parse(raw, headers.get("Stripe-Signature"), secrets)


def _session_params(request):
    """Build the request body; the same request always gives the same body, as its key demands."""
    metadata = _metadata(request)
    params = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "client_reference_id": request.reference,
        # One line with the whole amount: ours is the authority, no rounding of lines at Stripe.
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": to_stripe(request.amount, request.currency),
                    "product_data": {"name": request.description},
                },
            }
        ],
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "submit_type": "pay",
        "expires_at": int(request.expires_at.replace(tzinfo=UTC).timestamp()),
        # Session metadata is not copied to the intent by Stripe, so both carry it.
        "metadata": metadata,
        "payment_intent_data": {"description": request.description, "metadata": metadata},
        # Otherwise the payer may be charged in another currency than ours.
        "adaptive_pricing": {"enabled": False},
    }
    if request.customer_id:
        params["customer"] = request.customer_id
    elif request.email:
        params["customer_email"] = request.email
    if locale := _locale(request.locale):
        params["locale"] = locale
    return params


def _metadata(request):
    """Name the transaction by its reference: its id changes when a request is run again."""
    return {
        "odoo_ref": request.reference,
        "odoo_db": request.database,
        "odoo_provider_id": str(request.provider_id),
    }


def _locale(lang):
    """Return Stripe's name of an Odoo language, None when Stripe does not speak it."""
    if lang in LOCALES:
        return LOCALES[lang]
    short = (lang or "").split("_")[0]
    return short if short in LANGUAGES else None


def _payment_state(session, intent):
    """Join a session and its intent into one state."""
    metadata = session.get("metadata") or intent.get("metadata") or {}
    currency = (intent.get("currency") or session.get("currency") or "").upper()
    return PaymentState(
        status=_status(session, intent),
        amount=from_stripe(_amount(session, intent), currency),
        currency=currency,
        payment_id=intent.get("id") or "",
        checkout_id=session.get("id") or "",
        reference=session.get("client_reference_id") or metadata.get("odoo_ref") or "",
        message=((intent.get("last_payment_error") or {}).get("message") or ""),
        url=session.get("url") or "",
        **_charge_values(intent),
    )


def _status(session, intent):
    """Return the port's word. The intent knows best, since it holds the money."""
    if intent.get("status") == "succeeded":
        return "paid"
    if intent.get("status") == "canceled":
        return "expired" if session.get("status") == "expired" else "cancelled"
    if session.get("status") == "expired":
        return "expired"
    if intent.get("status") == "processing":
        return "pending"
    if session.get("status") == "complete":
        return "failed" if intent.get("status") == "requires_payment_method" else "pending"
    return "open"


def _amount(session, intent):
    """Return what was received, or is asked for as long as nothing was."""
    if intent.get("status") == "succeeded":
        return intent.get("amount_received", intent.get("amount"))
    return intent.get("amount", session.get("amount_total"))


def _fingerprint(charge):
    """Return what Stripe calls the card, '' for what is paid in another way."""
    details = charge.get("payment_method_details") or {}
    return (details.get("card") or {}).get("fingerprint") or ""


def _charge_values(intent):
    """Return receipt, card, refunds and fee; the fee comes later, with delayed capture."""
    charge = intent.get("latest_charge")
    if not isinstance(charge, dict):
        return {}
    values = {
        "receipt": charge.get("receipt_number") or charge["id"],
        "has_refunds": bool(charge.get("amount_refunded")),
        "payer": _fingerprint(charge),
    }
    settled = charge.get("balance_transaction")
    if isinstance(settled, dict):
        currency = settled["currency"].upper()
        values.update(
            fee=from_stripe(settled["fee"], currency),
            net=from_stripe(settled["net"], currency),
            fee_currency=currency,
            rate=_decimal(settled.get("exchange_rate")),
        )
    return values


def _decimal(value):
    return None if value is None else D(value)


def _refund_state(refund):
    currency = refund["currency"].upper()
    intent = refund.get("payment_intent") or ""
    return RefundState(
        # A word that Stripe adds later is neither success nor failure.
        status=REFUND_STATUS.get(refund.get("status"), "pending"),
        refund_id=refund["id"],
        amount=from_stripe(refund["amount"], currency),
        currency=currency,
        payment_id=intent if isinstance(intent, str) else intent["id"],
        reference=(refund.get("metadata") or {}).get("odoo_ref") or "",
        message=refund.get("failure_reason") or "",
    )
