"""Tables of the alerts: what is watched, and what every seller is watched for from the start."""

KINDS = [
    ("failed", "Top-ups fail"),
    ("stuck", "Paid top-ups are not sent"),
    ("in_doubt", "Top-ups stay in doubt"),
    ("refund_stuck", "Refunds do not arrive"),
    ("supplier_down", "A supplier or operator is down"),
    ("gateway_errors", "A gateway reports errors"),
    ("low_float", "A supplier's balance is low"),
    ("volume", "Unusually many sales"),
    ("failure_rate", "Unusually many failures"),
    ("many_numbers", "One customer or card, many numbers"),
]

# Which of a rule's limits a kind uses: minutes, count, percent, amount.
LIMITS = {
    "failed": ("minutes", "count"),
    "stuck": ("minutes",),
    "in_doubt": ("minutes",),
    "refund_stuck": ("minutes",),
    "supplier_down": (),
    "gateway_errors": ("minutes", "count"),
    "low_float": ("amount",),
    "volume": ("minutes", "count", "percent"),
    "failure_rate": ("minutes", "count", "percent"),
    "many_numbers": ("minutes", "count"),
}

# The rules that every new seller starts with.
DEFAULTS = (
    {"kind": "failed", "name": "Top-ups fail", "minutes": 60, "count": 3},
    {"kind": "stuck", "name": "Paid, but not sent for 15 minutes", "minutes": 15},
    {"kind": "in_doubt", "name": "In doubt for over an hour", "minutes": 60},
    {"kind": "refund_stuck", "name": "Refund failed, or open for a day", "minutes": 1440},
    {"kind": "supplier_down", "name": "Supplier or operator down"},
    {"kind": "gateway_errors", "name": "Payments fail at a gateway", "minutes": 60, "count": 10},
    {"kind": "low_float", "name": "Supplier's balance is low", "amount": 100},
    {"kind": "volume", "name": "Three times the usual sales", "count": 50, "percent": 300},
    {"kind": "failure_rate", "name": "Every fifth sale fails", "count": 20, "percent": 20},
    {"kind": "many_numbers", "name": "One customer or card buys for many numbers", "count": 10},
)

CHANNELS = [
    ("activity", "Activity"),
    ("email", "E-mail"),
    ("discuss", "Discuss"),
    ("slack", "Slack"),
    ("discord", "Discord"),
]

# Seconds before each further try of a message; after the last one it has failed.
WAITS = (10, 60, 300, 1800, 2 * 3600, 6 * 3600)
# Seconds for which a message that is being posted belongs to its worker.
CLAIM = 60
# A window of a rule is at most a week long.
LONGEST = 7 * 24 * 60
