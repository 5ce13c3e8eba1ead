"""PayPal's Orders v2 behind `GatewayPort`."""

from functools import cached_property

from odoo.addons.pg_base.outcomes import Rejected, Unknown

from ..ports import Checkout, Connection, PaymentState, WebhookEndpoint
from . import paypal_answer, paypal_client, paypal_event, paypal_money
from .paypal_const import CURRENCIES, EVENTS, HOSTS, LOCALES
from .paypal_money import to_paypal

ORDERS = "v2/checkout/orders"
CAPTURES = "v2/payments/captures"
REFUNDS = "v2/payments/refunds"
WEBHOOKS = "v1/notifications/webhooks"


class PayPalOrdersGateway:
    """One merchant at PayPal, by client id and secret of its REST app.

    :param `..ports.Account` account: the credentials; its webhook id is what PayPal calls our
        webhook address.
    """

    label = "PayPal"
    required_fields = ("pg_client_id", "pg_secret_key")
    payment_methods = frozenset(("paypal",))
    currencies = CURRENCIES
    # PayPal adds `token=<order id>&PayerID=…` by itself.
    return_parameter = "token"
    return_query = ""
    closes_pages = False
    keeps_customers = False
    asks_payer = False
    refunds_by_hand = False
    refunds_lost_disputes = True
    registers_webhooks = True

    def __init__(self, account):
        self._account = account

    @cached_property
    def _transport(self):
        account = self._account
        endpoint = account.api_base or HOSTS[account.live]
        return paypal_client.Transport(account.client_id, account.secret_key, endpoint)

    def _call(self, label, method, path, body=None, **details):
        return paypal_client.call(self._transport, label, method, path, body, **details)

    # === ACCOUNT === #

    @staticmethod
    def check_account(account):
        """Accept: PayPal's credentials do not show whether they are live; the host tells."""

    @staticmethod
    def is_live(account):
        """Tell no: that is not seen in the credentials."""
        return False

    @staticmethod
    def can_hear(account):
        """Tell whether webhooks can be proven."""
        return bool(account.webhook_id and account.client_id and account.secret_key)

    @staticmethod
    def decimals(currency):
        """Return how many decimals PayPal takes in a currency."""
        return paypal_money.decimals(currency)

    def check_connection(self):
        """Read the registered webhooks: a small question that proves the credentials."""
        self._call("webhook.list", "GET", WEBHOOKS)
        return Connection(", ".join(sorted(CURRENCIES)), self._account.live)

    def create_webhook(self, url, provider_id):
        """Register a webhook address, or find it: PayPal keeps an address once only."""
        for row in self._call("webhook.list", "GET", WEBHOOKS).get("webhooks") or ():
            if row["url"] == url:
                return WebhookEndpoint(row["id"])
        known = self._call("webhook.types", "GET", "v1/notifications/webhooks-event-types")
        names = {row["name"] for row in known.get("event_types") or ()}
        types = [{"name": name} for name in EVENTS if name in names]
        body = {"url": url, "event_types": types}
        return WebhookEndpoint(self._call("webhook.create", "POST", WEBHOOKS, body)["id"])

    def delete_webhook(self, endpoint_id):
        """Forget a webhook. Gone already is fine."""
        try:
            self._call("webhook.delete", "DELETE", f"{WEBHOOKS}/{endpoint_id}")
        except Rejected as refusal:
            if refusal.status != 404:
                raise

    def verify_event(self, raw, headers):
        """Return the news in a webhook, if PayPal says that it is its own."""
        return paypal_event.parse(raw, headers, self._account, self._transport)

    # === PAYMENT === #

    def check_amount(self, amount, currency):
        """Raise ValueError unless PayPal can express this amount exactly."""
        to_paypal(amount, currency)

    def create_checkout(self, request):
        """Create an order; the same key gives the same order again (for 6 hours)."""
        body, details = _order_body(request), {"key": request.key, "reference": request.reference}
        try:
            order = self._call("order.create", "POST", ORDERS, body, **details)
        except Unknown:
            # An order moves no money and the key is the same, so once more is safe.
            order = self._call("order.create", "POST", ORDERS, body, **details)
        url = paypal_answer.payer_link(order)
        if not url:
            raise Unknown("PayPal names no page for the payer", reference=request.reference)
        return Checkout(url, order["id"], request.expires_at)

    def expire_checkout(self, checkout_id):
        """Do nothing: PayPal cannot close an order, but nobody captures it any more."""

    def get_payment(self, *, checkout_id="", payment_id=""):
        """Read a payment: the capture once it is known, since orders are forgotten earlier."""
        if payment_id:
            capture = self._call(
                "capture.get", "GET", f"{CAPTURES}/{payment_id}", reference=payment_id
            )
            return paypal_answer.capture_state(capture)
        try:
            order = self._call("order.get", "GET", f"{ORDERS}/{checkout_id}", reference=checkout_id)
        except Rejected as refusal:
            if refusal.status != 404:
                raise
            return PaymentState("expired", checkout_id=checkout_id)
        return paypal_answer.order_state(order)

    def capture_payment(self, request):
        """Take approved money; the same key never takes it twice.

        :return: `open` when the payer has to choose another instrument, or to approve at all.
        """
        try:
            order = self._call(
                "order.capture",
                "POST",
                f"{ORDERS}/{request.checkout_id}/capture",
                {},
                key=request.key,
                reference=request.reference,
            )
        except Rejected as refusal:
            return self._follow_refusal(request, refusal)
        state = paypal_answer.order_state(order)
        # A short answer does not name the capture; then it is read.
        return state if state.payment_id else self.get_payment(checkout_id=request.checkout_id)

    def _follow_refusal(self, request, refusal):
        """Return the state that a refused capture stands for, or raise the refusal."""
        if refusal.code == "INSTRUMENT_DECLINED":
            return PaymentState(
                "open",
                checkout_id=request.checkout_id,
                reference=request.reference,
                message="PayPal declined this way to pay. Please choose another one at PayPal.",
            )
        if refusal.code in ("ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED", "ORDER_COMPLETED"):
            return self.get_payment(checkout_id=request.checkout_id)
        if refusal.status == 404:
            return PaymentState("expired", checkout_id=request.checkout_id)
        raise refusal

    # === REFUND === #

    def create_refund(self, request):
        """Send money back; the same key never sends it twice (for 45 days)."""
        body = {
            "amount": to_paypal(request.amount, request.currency),
            "custom_id": request.reference,
            "invoice_id": paypal_event.make_invoice_id(request.database, request.reference),
        }
        refund = self._call(
            "refund.create",
            "POST",
            f"{CAPTURES}/{request.payment_id}/refund",
            body,
            key=request.key,
            reference=request.reference,
        )
        return paypal_answer.refund_state(refund, request.payment_id)

    def get_refund(self, refund_id):
        """Read one refund."""
        refund = self._call("refund.get", "GET", f"{REFUNDS}/{refund_id}", reference=refund_id)
        return paypal_answer.refund_state(refund)

    def find_refunds(self, payment_id):
        """Return every refund of one capture, as its order lists them.

        When PayPal has forgotten the order there is none to be found this way; the key of a refund
        keeps it from being sent twice for 45 days.
        """
        capture = self._call("capture.get", "GET", f"{CAPTURES}/{payment_id}", reference=payment_id)
        related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
        order_id = related.get("order_id") or paypal_answer.up_link(capture)
        if not order_id:
            return ()
        try:
            order = self._call("order.get", "GET", f"{ORDERS}/{order_id}", reference=order_id)
        except Rejected as refusal:
            if refusal.status != 404:
                raise
            return ()
        refunds = (paypal_answer.purchase_unit(order).get("payments") or {}).get("refunds") or ()
        states = (paypal_answer.refund_state(refund) for refund in refunds)
        return tuple(state for state in states if state.payment_id in ("", payment_id))


def _order_body(request):
    """Build the request body; the same request always gives the same body, as its key demands."""
    context = {
        "return_url": request.return_url,
        "cancel_url": request.cancel_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    if request.brand:
        context["brand_name"] = request.brand[:127]
    if locale := _locale(request.locale):
        context["locale"] = locale
    unit = {
        "reference_id": request.reference,
        "custom_id": request.reference,
        "invoice_id": paypal_event.make_invoice_id(request.database, request.reference),
        "description": request.description[:127],
        "amount": to_paypal(request.amount, request.currency),
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": context}},
    }


def _locale(lang):
    """Return PayPal's name of an Odoo language, '' when it has none."""
    if lang in LOCALES:
        return LOCALES[lang]
    short, _mark, country = (lang or "").partition("_")
    is_plain = len(short) == 2 and len(country) == 2 and country.isupper()
    return f"{short}-{country}" if is_plain else ""
