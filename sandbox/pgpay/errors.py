"""Errors in the words of the PGPay contract."""

import secrets

from sandbox.face import ServiceError
from sandbox.wire import Reply

INVALID = "invalid_request_error"
# code: (status, type, whether the same request may work later)
CODES = {
    **{c: (400, INVALID, False) for c in ("invalid_request", "parameter_missing")},
    **{c: (400, INVALID, False) for c in ("parameter_invalid", "idempotency_key_missing")},
    **{c: (401, "authentication_error", False) for c in ("key_unknown", "key_revoked")},
    **{c: (401, "authentication_error", False) for c in ("signature_missing", "signature_invalid")},
    "timestamp_out_of_window": (401, "authentication_error", False),
    "nonce_replayed": (401, "authentication_error", False),
    **{c: (403, "permission_error", False) for c in ("channel_not_enabled", "livemode_mismatch")},
    "not_found": (404, INVALID, False),
    "payment_not_cancellable": (409, INVALID, False),
    "idempotency_key_reused": (409, "idempotency_error", False),
    "idempotency_in_progress": (409, "idempotency_error", True),
    **{c: (422, INVALID, False) for c in ("currency_unsupported", "amount_below_minimum")},
    **{c: (422, INVALID, False) for c in ("amount_above_maximum", "msisdn_invalid")},
    **{c: (422, INVALID, False) for c in ("channel_unknown", "reference_duplicate")},
    **{c: (422, INVALID, False) for c in ("payment_not_refundable", "refund_exceeds_payment")},
    "refund_window_closed": (422, INVALID, False),
    "rate_limited": (429, "rate_limit_error", True),
    "internal_error": (500, "api_error", True),
    "operator_unavailable": (503, "api_error", True),
    "operator_timeout": (503, "api_error", True),
}
# these say what came of executing: the idempotency key remembers them
KEPT = (403, 409, 422)


class PgpayError(ServiceError):
    """A refusal."""

    def __init__(self, code, message, param=None, status=None):
        super().__init__(f"{code}: {message}")
        self.status, kind, retryable = CODES[code]
        self.status = status or self.status
        self.error = {
            "type": kind,
            "code": code,
            "message": message,
            "param": param,
            "retryable": retryable,
            "request_id": f"req_{secrets.token_hex(6).upper()}",
        }

    def reply(self):
        return Reply.of(self.status, {"error": self.error})


def refusal(fault):
    """Return the answer of a ``refuse`` or ``throttle`` fault."""
    if fault.fault == "throttle":
        return PgpayError("rate_limited", "too many requests").reply()
    code = fault.code if fault.code in CODES else "operator_unavailable"
    text = fault.context or f"The sandbox was told to refuse with {code}."
    return PgpayError(code, text, status=fault.status or None).reply()
