"""Words and limits of the API."""

ROOT = "/api/v1"

# Body of a request, in bytes. An order is under 1 KiB.
MAX_BODY = 64 * 1024

# Characters of the header Idempotency-Key. The engine keeps 64, of which the prefix is ours: the
# keys of other channels, which their customers choose, never meet those of programs.
KEY_PREFIX = "api:"
MAX_KEY = 60

MAX_NUMBER = 32
MAX_EMAIL = 254
MAX_ID = 2**31 - 1

# Top-ups in one page of a list.
PAGE_DEFAULT = 50
PAGE_MAX = 100

# Requests of one key in a number of seconds, by the bucket of `pg.rate.limit`.
RATES = {"api.read": (600, 60), "api.order": (300, 60)}

# The word for programs and the sentence for people of every refusal that has none of its own.
ERRORS = {
    400: ("malformed", "The request could not be read."),
    401: ("unauthorized", "A valid API key is needed in the header Authorization: Bearer …"),
    403: ("forbidden", "This API key does not have the right to do this."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    409: ("conflict", "The request does not fit what is stored."),
    413: ("too_large", "The body is larger than 64 KiB."),
    422: ("invalid", "The request asks for something that cannot be done."),
    429: ("too_many_requests", "Too many requests. Retry-After says in how many seconds to go on."),
    500: ("internal_error", "Something went wrong on our side. Nothing was stored."),
    503: ("busy", "Too much happens at once. Send the same request again."),
}
