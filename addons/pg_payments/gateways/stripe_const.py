"""Tables of Stripe. See docs.stripe.com/currencies and docs.stripe.com/api (seen 2026-11)."""

#: The version that this adapter was written for; it is sent with each request.
API_VERSION = "2026-10-28.endive"

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())

#: Three decimals, of which the last must be 0.
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())

#: Whole units, yet sent times 100.
WHOLE_TIMES_HUNDRED = frozenset(("ISK", "UGX"))

#: What the webhook is registered for.
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.updated",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "refund.created",
    "refund.updated",
    "refund.failed",
)

REFUND_STATUS = {
    "succeeded": "done",
    "pending": "pending",
    "requires_action": "pending",
    "failed": "failed",
    "canceled": "cancelled",
}

#: Odoo language → Stripe locale, where they differ from the two-letter code.
LOCALES = {"pt_BR": "pt-BR", "zh_TW": "zh-TW", "zh_HK": "zh-HK", "fr_CA": "fr-CA", "en_GB": "en-GB"}
LANGUAGES = frozenset(
    "bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th "
    "tr vi zh".split()
)

#: Kind of news by the start of an event's type; the first that fits.
EVENT_KINDS = (
    ("checkout.session.", "payment"),
    ("payment_intent.", "payment"),
    ("charge.dispute.", "dispute"),
    ("charge.refunded", "refund"),
    ("charge.", "payment"),
    ("refund.", "refund"),
)
