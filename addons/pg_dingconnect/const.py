"""Words of the DingConnect API V1 and what they mean to us.

Sources: Ding's Swagger of V1 (https://www.dingconnect.com/Api, last seen 2026-08), its FAQ and UAT
article, and what integrators report from the real service. Ding adds codes and never removes any;
`GetErrorCodeDescriptions` is the authority at run time.
"""

LIVE_URL = "https://api.dingconnect.com"
LIVE_HOST_SUFFIXES = (".dingconnect.com",)
# The Guide's chapter on authentication; https://idp.ding.com/.well-known/openid-configuration
TOKEN_URL = "https://idp.ding.com/connect/token"
TOKEN_HOST_SUFFIXES = (".ding.com",)
API_PATH = "/api/V1"

CONNECT_TIMEOUT = 10  # seconds
READ_TIMEOUT = 60  # seconds, for reading methods
SEND_TIMEOUT = 100  # seconds: Ding may take 90 before it answers
READ_RETRIES = 2
READ_BACKOFF = 0.5  # seconds, doubled each time
READ_PATIENCE = 5.0  # seconds that a read waits at most before its next try
MAX_BYTES = 64 * 2**20  # a whole catalogue is thought to be 15 to 25 MB
TOKEN_TIMEOUT = 30  # seconds
TOKEN_SECONDS = 300.0  # life of a token that does not tell its own
TOKEN_MARGIN = 60.0  # seconds before its end from which a token is not used any more
# what a token endpoint says of wrong credentials (RFC 6749, 5.2)
REFUSED_CLIENT = ("invalid_client", "unauthorized_client", "invalid_grant")
PAGE_SIZE = 100  # the largest Take that Ding itself uses
# UAT article: test credentials have 100 requests a day on these, all together.
DAILY_METHODS = {"GetProviders", "GetAccountLookup", "GetProducts", "SendTransfer", "GetPromotions"}
TEST_CALLS_PER_DAY = 100

# === OUTCOMES === #

REJECTED = "rejected"  # nothing happened; the same will be refused again
LATER = "later"  # nothing happened; the same may work later
NOT_SENT = "not_sent"  # nothing happened; our side must be put right, a retry is safe
THROTTLED = "throttled"  # nothing happened; slow down
UNKNOWN = "unknown"  # may have happened: look it up

# (code, context) → outcome; context None stands for any other. The note names the evidence.
OUTCOMES = {
    # FAQ (UAT ending 1), live reports: a throttle or a rule per number; never switch the SKU.
    ("RateLimited", None): THROTTLED,
    # FAQ: Ding gave up after 90 s and counts it as failed; ambiguous until the list agrees.
    ("TransientProviderError", "ProviderTimedOut"): UNKNOWN,
    # FAQ (UAT ending 3).
    ("TransientProviderError", "ProviderRefusedRequest"): LATER,
    ("TransientProviderError", None): UNKNOWN,
    # FAQ (UAT endings 4, 6 and 9); the unknown error seen live, identical retries succeeded.
    ("ProviderError", "ProductUnavailable"): REJECTED,
    ("ProviderError", "ProviderTemporarilyUnavailable"): LATER,
    ("ProviderError", "ProviderUnknownError"): LATER,
    ("ProviderError", "RechargeNotAllowed"): REJECTED,
    ("ProviderError", None): UNKNOWN,
    # Named as a code by one client and as a context by the UAT table: both are taken.
    ("RechargeNotAllowed", None): REJECTED,
    # Live: HTTP 500 with a Failed record. Works again once the account is funded.
    ("InsufficientBalance", None): LATER,
    # Live and FAQ (UAT endings 5 and 8).
    ("AccountNumberInvalid", None): REJECTED,
    # Live: before a transfer exists (wrong key, IP or country rule), so a retry is safe.
    ("AuthenticationFailed", None): NOT_SENT,
    # Live: ValidateOnly, Take; the others by name.
    ("ParameterMissing", None): REJECTED,
    ("ParameterInvalid", None): REJECTED,
    ("ParameterOutOfRange", None): REJECTED,
    ("ParameterCombinationInvalid", None): REJECTED,
    ("TooManyParameters", None): REJECTED,
    ("RequestInvalid", None): REJECTED,
    ("BatchItemRefMustBeUnique", None): REJECTED,
    # Named, never observed: the first one may have been delivered, so look it up.
    ("DuplicateTransactionPrevented", None): UNKNOWN,
    ("OtherError", None): UNKNOWN,
}

# ResultCode 3, "the same request may work later", also where a send would be in doubt.
TRANSIENT_CODES = {"TransientProviderError"}

# Of several codes in one answer the most careful outcome wins.
CAUTION = (UNKNOWN, NOT_SENT, THROTTLED, LATER, REJECTED)

# Not errors: the data is there, but approximate.
HARMLESS_CODES = {"NearestMatch"}
RESULT_EXACT = 1
RESULT_NEAREST = 2

# === WORDS === #

# ProcessingState → our state; the wire says Complete, the documentation Completed. Every other
# word (Submitted, Processing, Cancelling, new ones) is open.
STATES = {
    "complete": "completed",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}

REDEMPTIONS = {
    "Immediate": "immediate",
    "ReadReceipt": "receipt",
    "ReadAdditionalInformation": "information",
}

# The TransferRef of what was only validated, or not confirmed yet.
NO_TRANSFER_REF = "0"

# The account number of a PIN or voucher, which credits no number.
NOBODY = "0000000000"
