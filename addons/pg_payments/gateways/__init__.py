"""Adapters by provider code. A further gateway is one class here and one provider record."""

from .paypal_orders import PayPalOrdersGateway
from .stripe_checkout import StripeCheckoutGateway

GATEWAYS = {
    "stripe_checkout": StripeCheckoutGateway,
    "paypal_orders": PayPalOrdersGateway,
}
