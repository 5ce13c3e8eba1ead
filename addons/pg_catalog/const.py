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

# The margin of an offer that is made without naming a price or a margin.
DEFAULT_MARGIN = Decimal(10)

# A price beyond this is taken for a mistake of the feed, in any currency.
MAX_SEND_VALUE = Decimal(10) ** 9
MAX_RECEIVE_VALUE = Decimal(10) ** 11

# Longest input that is looked at as a phone number, in characters.
MAX_NUMBER_LENGTH = 32
