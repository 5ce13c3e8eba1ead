"""Tables of PGPay: the project's own contract, since there is no public API in Papua New Guinea."""

#: Seconds that a signature may be away from now, both ways.
TOLERANCE = 300

#: Seconds for which a payer is asked: on a handset, or on a page.
PUSH_LIFE = 600
PAGE_LIFE = 1800

#: Largest amount in toea.
LARGEST = 99_999_999_999

CURRENCIES = frozenset(("PGK",))

#: Channel by code of the payment method, in the order in which payers see them.
CHANNELS = {
    "pgpay_cellmoni": "cellmoni",
    "pgpay_bsp_pay": "bsp_pay",
    "pgpay_bsp_wantok": "bsp_wantok",
    "pgpay_kina_bank": "kina_bank",
    "pgpay_micash": "micash",
    "pgpay_mpaisa": "mpaisa",
    "card": "card",
}

#: Channels that ask the payer on a phone, so they need its number.
PUSH = frozenset(("cellmoni", "bsp_wantok", "kina_bank", "micash", "mpaisa"))

#: PGPay's word → the port's. A word that is not here is `processing`, by the contract.
PAYMENT_STATUS = {
    "created": "open",
    "pending": "pending",
    "processing": "pending",
    "succeeded": "paid",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
    # Money that was taken back is no money; a payment that is done already stays done.
    "reversed": "failed",
}

REFUND_STATUS = {"pending": "pending", "succeeded": "done", "failed": "failed"}

#: Kind of news by the start of an event's type; the first that fits.
EVENT_KINDS = (
    ("payment.reversed", "reversal"),
    ("payment.", "payment"),
    ("refund.", "refund"),
)
