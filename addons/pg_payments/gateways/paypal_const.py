"""Tables of PayPal. See developer.paypal.com/api/rest and its OpenAPI files (seen 2026-11)."""

HOSTS = {
    False: "https://api-m.sandbox.paypal.com",
    True: "https://api-m.paypal.com",
}

#: Where the certificates of webhooks may come from.
CERT_HOSTS = {
    False: frozenset(("api.sandbox.paypal.com", "api-m.sandbox.paypal.com")),
    True: frozenset(("api.paypal.com", "api-m.paypal.com")),
}

CURRENCIES = frozenset(
    "AUD BRL CAD CZK DKK EUR HKD HUF ILS JPY MYR MXN TWD NZD NOK PHP PLN GBP RUB SGD SEK CHF THB "
    "USD".split()
)

#: PayPal takes no decimals in these, whatever ISO 4217 says.
WHOLE_UNITS = frozenset(("HUF", "JPY", "TWD"))

#: What the webhook is registered for, as far as PayPal knows them: its pages name both DENIED and
#: DECLINED.
EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
)

EVENT_KINDS = {
    "CHECKOUT.ORDER.APPROVED": "approval",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": "payment",
    "PAYMENT.CAPTURE.COMPLETED": "payment",
    "PAYMENT.CAPTURE.PENDING": "payment",
    "PAYMENT.CAPTURE.DENIED": "payment",
    "PAYMENT.CAPTURE.DECLINED": "payment",
    "PAYMENT.CAPTURE.REFUNDED": "refund",
    "PAYMENT.CAPTURE.REVERSED": "reversal",
    "CUSTOMER.DISPUTE.CREATED": "dispute",
    "CUSTOMER.DISPUTE.RESOLVED": "dispute",
}

#: A word that PayPal adds later is neither an end nor money.
ORDER_STATUS = {
    "CREATED": "open",
    "SAVED": "open",
    "PAYER_ACTION_REQUIRED": "open",
    "APPROVED": "approved",
    "VOIDED": "cancelled",
    "COMPLETED": "pending",
}
ORDER_MESSAGES = {"VOIDED": "PayPal gave the approval back; nothing was charged."}
#: Captures of which some, or all, went back.
REFUNDED = ("PARTIALLY_REFUNDED", "REFUNDED")
CAPTURE_STATUS = {
    "COMPLETED": "paid",
    "PARTIALLY_REFUNDED": "paid",
    "REFUNDED": "paid",
    "PENDING": "pending",
    "DECLINED": "failed",
    "FAILED": "failed",
}
REFUND_STATUS = {
    "COMPLETED": "done",
    "PENDING": "pending",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}
DISPUTE_OUTCOME = {
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_BUYER_FAVOUR": "lost",
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    "ACCEPTED": "lost",
    "RESOLVED_WITH_PAYOUT": "won",
}

#: Why a captured payment waits, in a payer's words.
PENDING_REASONS = {
    "ECHECK": "The bank transfer to PayPal takes some days.",
    "PENDING_REVIEW": "PayPal reviews the payment.",
    "UNILATERAL": "The seller's PayPal account has to be confirmed first.",
    "VERIFICATION_REQUIRED": "The seller's PayPal account has to be verified first.",
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION": "The seller has to accept the payment first.",
    "INTERNATIONAL_WITHDRAWAL": "The seller has to accept the payment first.",
    "BUYER_COMPLAINT": "The payer has complained to PayPal.",
    "CHARGEBACK": "The payer's bank has taken the payment back.",
    "REFUNDED": "The payment was given back.",
    "TRANSACTION_APPROVED_AWAITING_FUNDING": "The payer's bank has not paid PayPal yet.",
    "DECLINED_BY_RISK_FRAUD_FILTERS": "PayPal's fraud filters declined the payment.",
}

#: Odoo language → PayPal locale, where they differ from `xx-YY`.
LOCALES = {"en": "en-US", "es": "es-ES", "fr": "fr-FR", "de": "de-DE", "zh_CN": "zh-CN"}
