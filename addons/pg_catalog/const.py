"""Tables of the catalogue."""

from decimal import Decimal

# What a SKU is, in the words of the suite. Adapters map a vendor's words to these keys.
KINDS = [
    ("topup", "Airtime"),
    ("data", "Data"),
    ("bundle", "Bundle"),
    ("pin", "PIN"),
    ("voucher", "Voucher"),
    ("ldi", "International calling"),
    ("dth", "Television"),
    ("utility", "Utility"),
    ("other", "Other"),
]

REDEMPTIONS = [
    ("immediate", "Credited at once"),
    ("receipt", "Code on the receipt"),
    ("information", "See the information"),
]

# What is credited to a phone.
MOBILE_KINDS = ("topup", "data", "bundle")

# The usual margin of a new seller: for offers that no price rule covers.
DEFAULT_MARGIN = Decimal(10)

# How an offer is priced, and how a price is rounded (the arithmetic is in tools/rounding.py).
PRICE_MODES = [("rules", "Price rules"), ("own", "Own price")]
ROUNDINGS = [
    ("minor", "To the smallest unit"),
    ("0.05", "Up to .05"),
    ("0.10", "Up to .10"),
    ("0.25", "Up to .25"),
    ("0.50", "Up to .50"),
    ("whole", "Up to a whole unit"),
    ("5", "Up to a multiple of 5"),
    ("10", "Up to a multiple of 10"),
    ("x.95", "Up to the next .95"),
    ("x.99", "Up to the next .99"),
]

# What is wrong with an offer since its cost has changed.
ALERTS = [
    ("under_cost", "Under cost"),
    ("low_margin", "Margin too low"),
    ("repriced", "Price was raised"),
]

# What is done with an offer whose new cost passes its price or takes its margin.
COST_REACTIONS = [
    ("pause", "Pause the offer"),
    ("reprice", "Raise its price, so that the margin stays"),
    ("tell", "Only tell me"),
]

# A price beyond this is taken for a mistake of the feed, in any currency.
MAX_SEND_VALUE = Decimal(10) ** 9
MAX_RECEIVE_VALUE = Decimal(10) ** 11

# Longest input that is looked at as a phone number, in characters.
MAX_NUMBER_LENGTH = 32

# For how long it is remembered which operator a customer named for a number, in days.
HINT_DAYS = 365
# Numbers that differ only in their last four digits are neighbours; what was said of three of them
# counts for all.
NEIGHBOUR_DIGITS = 4
NEIGHBOUR_HINTS = 3

# For how long a supplier's word on a number counts, in days: numbers are ported.
LOOKUP_DAYS = 30
LOOKUP_NEAR_DAYS = 2
# How many numbers may wait to be asked about, for each supplier.
MAX_LOOKUPS_WAITING = 200
