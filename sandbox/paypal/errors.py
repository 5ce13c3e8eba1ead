"""Errors in PayPal's words."""

import secrets

from sandbox.face import ServiceError
from sandbox.wire import Reply

# status: (name, message)
NAMES = {
    400: (
        "INVALID_REQUEST",
        "Request is not well-formed, syntactically incorrect, or violates schema.",
    ),
    401: (
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to missing authorization header, or invalid authentication"
        " credentials.",
    ),
    403: ("NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: (
        "RESOURCE_CONFLICT",
        "The server has detected a conflict while processing this request.",
    ),
    422: (
        "UNPROCESSABLE_ENTITY",
        "The requested action could not be performed, semantically incorrect, or failed business"
        " validation.",
    ),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}
PRECISION = "If the currency supports decimals, only two decimal place precision is supported."
# issue: description, word for word where PayPal's own contract fixes it
ISSUES = {
    "AUTH_CAPTURE_NOT_ENABLED": "Authorization and Capture feature is not enabled for the merchant."
    " Make sure that the recipient of the funds is a verified business account.",
    "CANNOT_BE_ZERO_OR_NEGATIVE": "Must be greater than zero. " + PRECISION,
    "CAPTURE_FULLY_REFUNDED": "The capture has already been fully refunded",
    "DECIMAL_PRECISION": PRECISION,
    "DECIMALS_NOT_SUPPORTED": "Currency does not support decimals.",
    "DUPLICATE_INVOICE_ID": "Duplicate Invoice ID detected. To avoid a potential duplicate"
    " transaction your account setting requires that Invoice Id be unique for each transaction.",
    "INSTRUMENT_DECLINED": "The instrument presented  was either declined by the processor or bank,"
    " or it can't be used for this payment.",
    "INVALID_ACCOUNT_STATUS": "Account validations failed for the user.",
    "INVALID_CURRENCY_CODE": "Currency code is invalid or is not currently supported. Please refer"
    " https://developer.paypal.com/api/rest/reference/currency-codes/ for list of supported"
    " currency codes.",
    "INVALID_ARRAY_MAX_ITEMS": "The number of items in an array parameter is too large.",
    "INVALID_ARRAY_MIN_ITEMS": "The number of items in an array parameter is too small.",
    "INVALID_PARAMETER_SYNTAX": "The value of a field does not conform to the expected format.",
    "INVALID_PARAMETER_VALUE": "A parameter value is not valid.",
    "INVALID_RESOURCE_ID": "Specified resource ID does not exist. Please check the resource ID and"
    " try again.",
    "INVALID_STRING_LENGTH": "The value of a field is either too short or too long",
    "MALFORMED_REQUEST_JSON": "The request JSON is not well formed.",
    "MISSING_REQUIRED_PARAMETER": "A required parameter is missing.",
    "NOT_PATCHABLE": "Cannot be patched.",
    "ORDER_ALREADY_CAPTURED": "Order already captured.If 'intent=CAPTURE' only one capture per"
    " order is allowed.",
    "ORDER_ALREADY_COMPLETED": "The order cannot be patched after it is completed.",
    "ORDER_NOT_APPROVED": "Payer has not yet approved the Order for payment. Please redirect the"
    " payer to the 'rel':'approve' url returned as part of the HATEOAS links within the Create"
    " Order call or provide a valid `payment_source` in the request.",
    "PARTIAL_REFUND_NOT_ALLOWED": "You cannot do a refund less than the original capture amount.",
    "PENDING_CAPTURE": "Cannot initiate a refund as the capture is pending. Capture is typically"
    " pending when the payer has funded the transaction using e-check/bank funded.",
    "PREVIOUS_REQUEST_IN_PROGRESS": "A previous request on this resource is currently in progress."
    " Please wait for sometime and try again. It is best to space out the initial and the"
    " subsequent request(s) to avoid receiving this error.",
    "REFUND_AMOUNT_EXCEEDED": "The refund amount must be less than or equal to the capture amount"
    " that has not yet been refunded.",
    "REFUND_CAPTURE_CURRENCY_MISMATCH": "Refund must be in the same currency as the capture",
    "REFUND_FAILED_INSUFFICIENT_FUNDS": "Capture could not be refunded due to insufficient funds."
    " Please check to see if you have sufficient funds in your PayPal account or if the bank"
    " account linked to your PayPal account is verified and has sufficient funds.",
    "REFUND_NOT_ALLOWED": "Capture cannot be refunded.",
    "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK": "Refunds are not allowed on this capture due to a"
    " chargeback on the card or bank. Please contact the payee to resolve the chargeback.",
    "REFUND_TIME_LIMIT_EXCEEDED": "You are over the time limit to perform a refund on this capture",
    "TRANSACTION_DISPUTED": "Partial refunds cannot be offered at this time because there is an"
    " open case on this transaction. Visit the PayPal Resolution Center to review this case.",
    "TRANSACTION_REFUSED": "The request was refused.",
}
REFUND_DUPLICATE = "Invoice ID was previously used to refund a capture."


class PayPalError(ServiceError):
    """A refusal. ``issue`` goes into ``details``; without one the answer has none."""

    def __init__(self, issue="", *, status=422, field="", value="", text="", links=()):
        description = text or ISSUES.get(issue) or NAMES[status][1]
        super().__init__(f"{issue or NAMES[status][0]}: {description}")
        self.status = status
        self.body = {"name": NAMES[status][0], "message": NAMES[status][1]}
        self.body["debug_id"] = secrets.token_hex(7)[:13]
        if issue:
            detail = {"issue": issue, "description": description}
            detail.update({k: v for k, v in (("field", field), ("value", value)) if v})
            if field:
                detail["location"] = "body" if field.startswith("/") else "path"
            self.body["details"] = [detail]
        self.body["links"] = list(links)

    def reply(self):
        return Reply.of(self.status, self.body, {"Paypal-Debug-Id": self.body["debug_id"]})


def missing(reference):
    """Return the error for an object that is not there."""
    return PayPalError("INVALID_RESOURCE_ID", status=404, field="id", value=str(reference))


def malformed(issue, field, value=""):
    """Return the error for a body that has the wrong shape."""
    return PayPalError(issue, status=400, field=field, value=str(value)[:100])


def refusal(fault):
    """Return the answer of a ``refuse`` or ``throttle`` fault."""
    if fault.fault == "throttle":
        return PayPalError(status=429).reply()
    status = fault.status if fault.status in NAMES else 422
    issue = fault.code or ("TRANSACTION_REFUSED" if status == 422 else "")
    return PayPalError(issue, status=status, text=fault.context).reply()
