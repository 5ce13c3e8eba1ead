"""Errors in Stripe's words."""

from sandbox.face import ServiceError
from sandbox.wire import Reply


class StripeError(ServiceError):
    """A refusal. ``kept`` refusals came from executing: the idempotency key remembers them."""

    def __init__(
        self, message, *, code=None, param=None, status=400, kind=None, kept=False, **more
    ):
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.error = {"type": kind or "invalid_request_error", "message": message, **more}
        if code:
            self.error["code"] = code
        if param:
            self.error["param"] = param

    def reply(self):
        """Return the Reply that carries this error."""
        return Reply.of(self.status, {"error": self.error})


def missing(kind, reference):
    """Return the error for an object that is not there."""
    message = f"No such {kind}: '{reference}'"
    return StripeError(message, code="resource_missing", param="id", status=404)


def required(param):
    """Return the error for a parameter that was left out."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param, message):
    """Return the error for a parameter with a wrong value."""
    return StripeError(message, code="parameter_invalid", param=param)
