"""Tables that decide how a top-up lives. No rule of the state machine stands anywhere else."""

from datetime import timedelta

STATES = [
    ("pending", "Waiting for payment"),
    ("paid", "Paid"),
    ("processing", "Sending"),
    ("in_doubt", "In doubt"),
    ("completed", "Delivered"),
    ("failed", "Failed"),
    ("refunded", "Refunded"),
    ("cancelled", "Cancelled"),
]

# From each state, where a top-up may go. A payment that arrives for a cancelled one is honoured.
# Nothing leads out of `completed`; from `refunded` only the gateway's word that the refund, done as
# it had said, has failed. Nothing leads from doubt to a new send but the proof that the first one
# does not exist (or a named person). What failed is sent again only when a person decides so before
# its money goes back.
TRANSITIONS = {
    "pending": {"paid", "cancelled"},
    "cancelled": {"paid"},
    "paid": {"processing", "failed"},
    "processing": {"completed", "failed", "in_doubt"},
    "in_doubt": {"completed", "failed", "processing"},
    "failed": {"refunded", "processing"},
    "completed": set(),
    "refunded": {"failed"},
}

# The moment of reaching a state is kept in a field of its own.
STATE_TIMES = {
    "paid": "paid_at",
    "processing": "processing_at",
    "in_doubt": "in_doubt_at",
    "completed": "completed_at",
    "failed": "failed_at",
    "refunded": "refunded_at",
    "cancelled": "cancelled_at",
}

# States in which the customer's money is taken and the sale not over.
OPEN_STATES = ("paid", "processing", "in_doubt")
# States in which it is over at the supplier, as far as we know.
ENDED_STATES = ("completed", "failed", "refunded")

ATTEMPT_STATES = [
    ("sending", "Sending"),
    ("open", "Accepted, not over"),
    ("unknown", "Outcome unknown"),
    ("delivered", "Delivered"),
    ("failed", "Failed at the supplier"),
    ("rejected", "Rejected"),
    ("throttled", "Throttled"),
    ("not_sent", "Not sent"),
    ("absent", "Proven absent"),
    ("late", "Delivered after all"),
]

# While one of these stands, no other attempt of the same top-up may be made: an index forbids it.
LIVE_ATTEMPTS = ("sending", "open", "unknown", "delivered")

# What follows a proven non-delivery: seconds to wait before each further try. After the last one
# the top-up fails and the money goes back. Waits are stretched by up to a quarter, at random.
RETRY_PLANS = {
    "not_sent": (2, 10, 30, 120, 300),
    "throttled": (15, 60, 180, 600),
    "temporary": (10, 60, 300),
    "rejected": (),
    "absent": (0,),
}
JITTER = 0.25
# Whatever the mixture of reasons: more tries than this are never made of one top-up.
MAX_ATTEMPTS = 12

# Why a try follows a try; the keys of the plans.
PLANS = [
    ("not_sent", "Not sent"),
    ("throttled", "Throttled"),
    ("temporary", "Refused for now"),
    ("rejected", "Refused"),
    ("absent", "Proven absent"),
]
FAULTS = [("supplier", "The supplier's"), ("operator", "The operator's")]
CIRCUIT_STATES = [("closed", "Working"), ("open", "Paused"), ("trial", "Being tried")]
# The pause of a circuit doubles with each trial that fails, up to this many times the first one.
CIRCUIT_LONGEST = 20
# Seconds after the end of its lease when a trial whose worker died may be made again.
CIRCUIT_TRIAL = 30
# Seconds after the payment within which a top-up must have been sent, or the money goes back.
SEND_WITHIN = 3 * 3600

# Seconds between two look-ups of a transfer whose outcome is unknown or open; the last one repeats.
PROBE_WAITS = (2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 6 * 3600)
# Seconds of a supplier's window at least: the lease, and the longest call that outlives it.
ABSENCE_LEAST = 300
# This many look-ups in a row must find nothing before absence counts as proven.
ABSENT_PROBES = 3
# Seconds after which an attempt that the supplier has not ended is shown to a person; its records
# reach back two months only.
OPEN_LONGEST = 3 * 24 * 3600
# Seconds between looks at an ended top-up of which an attempt was believed absent, or that a person
# has decided: what turns up then was delivered too much.
RECHECK_WAITS = (900, 6 * 3600, 48 * 3600)
# Seconds by which the supplier's clock may differ from ours.
CLOCK_SKEW = 300

# Seconds for which a claimed attempt belongs to its worker: more than the longest call takes. The
# installation setting ``pg_lease_seconds`` replaces it.
LEASE = 150
# Seconds for which a look-up or a refund belongs to its worker.
CLAIM = 120

# Seconds between two questions for a price that must be confirmed before a send; the last repeats.
PRICE_WAITS = (2, 10, 30, 60, 120, 300)
# Seconds for which a price that a customer accepted is not checked again before the send.
PIN_LIFE = 3600
# Hours after which a top-up that nobody pays is cancelled, when no payment page is open.
PENDING_HOURS = 24

# What a seller wants done with the money of a top-up that failed.
FAILURE_POLICIES = [
    ("refund", "Give the money back"),
    ("credit", "Keep it as credit for the customer's next top-up"),
    ("wait", "Ask a person"),
]
# What a person may decide over a failed top-up, and over how many at once.
DECISIONS = [
    ("retry", "Send it again"),
    ("refund", "Give the money back"),
    ("credit", "Give credit for the next top-up"),
]
DECIDE_MOST = 500

# How a person may end a doubt.
RESOLUTIONS = [
    ("delivered", "It was delivered"),
    ("not_delivered", "It was not delivered: give the money back"),
]

# Code of the payment provider that stands for the sellers' own credit.
CREDIT = "pg_credit"
CREDIT_KINDS = [("given", "Given"), ("spent", "Spent")]

REFUND_STATES = [
    ("none", "No refund"),
    ("waiting", "Waits for a decision"),
    ("due", "Refund due"),
    ("requested", "Refund requested"),
    ("done", "Refunded"),
    ("error", "Refund failed"),
]

# Kinds of SKUs that deliver a code to their buyer instead of crediting a number.
CODE_KINDS = ("pin", "voucher")

LIMIT_SCOPES = [
    ("number", "To one phone number"),
    ("customer", "Of one customer"),
    ("card", "Paid with one card or account"),
    ("company", "Of all customers together"),
]
LIMIT_REACTIONS = [("refuse", "Refuse it"), ("hold", "Hold it for review")]
# Who pays is only known once it is paid: what is more is given back then, or held.
LATE_SCOPES = ("card",)
# Seconds for which an unpaid order takes a place of a limit.
LIMIT_KEPT = 1800
# With fewer places left than this, orders are judged one at a time.
LIMIT_NEAR = 20

# A supplier's balance that was read longer ago says nothing about what it covers now.
BALANCE_LIFE = timedelta(hours=1)
# What a supplier's account covers is counted anew after some seconds, and for each sale once less
# than so many sales like it are covered.
FLOAT_SECONDS, FLOAT_FAR = 5, 50

# A paid top-up that is held is not sent until a person releases it.
REVIEW_STATES = [
    ("none", "None"),
    ("held", "To review"),
    ("released", "Released"),
    ("refused", "Refused"),
]

# Kinds of SKUs that need nothing but a number and an amount.
SOLD_KINDS = ("topup", "data", "bundle", *CODE_KINDS)

CHANNELS = [
    ("storefront", "Storefront"),
    ("widget", "Widget"),
    ("portal", "Portal"),
    ("api", "API"),
    ("backoffice", "Back office"),
]

# Where a customer chooses the operator; a program or a clerk may only guess it.
CUSTOMER_CHANNELS = ("storefront", "widget", "portal")
# A supplier's words for a number that is none of the operator's.
WRONG_NUMBER_CODES = ("AccountNumberInvalid",)

EVENT_KINDS = [
    ("state", "State"),
    ("payment", "Payment"),
    ("attempt", "Attempt"),
    ("probe", "Look-up"),
    ("refund", "Refund"),
    ("alert", "Alert"),
    ("note", "Note"),
]

# What a customer is told, and the states in which it is still true when its turn comes.
NOTICE_KINDS = [
    ("delivered", "Delivered"),
    ("failed", "Not delivered"),
    ("refunded", "Refunded"),
    ("in_doubt", "Being checked"),
]
NOTICE_CHANNELS = [("email", "E-mail"), ("sms", "SMS")]
NOTICE_OF_STATE = {
    "completed": "delivered",
    "failed": "failed",
    "refunded": "refunded",
    "in_doubt": "in_doubt",
}
NOTICE_STATES = {
    "delivered": ("completed",),
    "failed": ("failed",),
    "refunded": ("refunded",),
    "in_doubt": ("in_doubt",),
}
# Seconds to wait first: a doubt is mostly over within a minute; a refund mostly follows a failure
# at once, and then only the refund is told.
NOTICE_DELAYS = {"in_doubt": 3600, "failed": 60}

# Outgoing webhooks: seconds before each further try; after the last one (three days) it has failed.
WEBHOOK_WAITS = (10, 60, 300, 900, 3600, 4 * 3600, 8 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
WEBHOOK_EVENTS = [
    ("paid", "Paid"),
    ("in_doubt", "In doubt"),
    ("completed", "Delivered"),
    ("failed", "Failed"),
    ("refunded", "Refunded"),
    ("cancelled", "Cancelled"),
]
