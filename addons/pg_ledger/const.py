"""Words and limits of the ledger."""

KINDS = [
    ("paid", "Paid"),
    ("delivered", "Delivered"),
    ("refunded", "Refunded"),
    ("fee", "Fee"),
    ("dispute", "Dispute"),
    ("adjustment", "Adjustment"),
]
KIND_CODES = tuple(code for code, _label in KINDS)

# ``gateway:stripe_checkout``, ``customer``, ``fee:paypal_orders`` …
ACCOUNT_PATTERN = r"^[a-z][a-z0-9_]*(:[a-z0-9_.-]+)?$"

# Amounts are exact: what does not fit is refused, never rounded.
AMOUNT_DECIMALS = 4
AMOUNT_LIMIT = 10**15
PAYLOAD_MAX_BYTES = 64 * 1024
KEY_MAX_CHARS = 200

# First key of ``pg_try_advisory_xact_lock``; the second is the company's id.
SEQUENCER_LOCK = 7731

SEQUENCER_BATCH = 5000
# Documents of one insert, and links taken in one transaction.
MIRROR_BATCH = 1000
MIRROR_WINDOW = 20_000
VERIFY_BATCH = 4000
# Positions whose subjects are brought up to date in ``ledger_views`` in one transaction.
VIEW_BATCH = 1000
SEAL_BATCH = 4000
# Lost entries that are put under one review.
RECOVERY_LIMIT = 2000
# Findings kept as rows for one verification; all are counted.
FINDINGS_KEPT = 500

# Seconds behind which the mirror of a company is reported to its administrators.
LAG_ALARM_SECONDS = 900

# Seconds to wait after the n-th failure in a row to reach MongoDB.
BACKOFF_SECONDS = (1, 2, 5, 10, 30)

# What a verification quarantines: a person decides, MongoDB is never overwritten.
TAMPER_KINDS = [
    ("changed", "Changed in MongoDB"),
    ("forged", "Forged in MongoDB"),
    ("reordered", "Holds the entry of another position"),
    ("extra", "Unknown document in MongoDB"),
]
CONFLICT_KINDS = [
    ("different", "Another document is stored at this position"),
    ("refused", "MongoDB refuses the document"),
    ("ahead", "MongoDB is ahead of PostgreSQL"),
    ("diverged", "MongoDB holds another chain"),
    *TAMPER_KINDS,
]
# An open conflict of these kinds stops the sequencer and the mirror of its company.
STOPPING_KINDS = ("ahead", "diverged")

FINDING_KINDS = [
    ("missing", "Missing in MongoDB"),
    *TAMPER_KINDS,
    ("total", "Totals differ"),
    ("seal", "Seal does not fit"),
    ("bad_source", "PostgreSQL entry does not fit its own chain"),
]

# An hourly verification begins this many positions before the last clean one's end.
TAIL_OVERLAP = 1000
# … and where there is none, this many before the head.
TAIL_LENGTH = 10_000
# Seconds that a verification waits for one answer of MongoDB.
VERIFY_ANSWER_SECONDS = 120
