"""Adapters by provider code. A further gateway is one class here and one provider record."""

from .paypal_orders import PayPalOrdersGateway
from .pgpay import PgpayGateway
from .pgpay_pgecom import PgecomGateway
from .stripe_checkout import StripeCheckoutGateway

GATEWAYS = {
    "stripe_checkout": StripeCheckoutGateway,
    "paypal_orders": PayPalOrdersGateway,
    "pgpay": PgpayGateway,
}

#: Dialects of a gateway beside its usual one: (provider code, profile).
PROFILES = {
    ("pgpay", "pgecom"): PgecomGateway,
}


def find_class(code, profile=""):
    """Return the adapter of a provider code, in the dialect that its account speaks.

    :raise KeyError: when the code is none of ours.
    """
    return PROFILES.get((code, profile)) or GATEWAYS[code]
