"""Error codes of DingConnect: result code, HTTP status and a text for each."""

from dataclasses import dataclass

from sandbox.wire import Reply

# code: (result code, text)
CODES = {
    "NearestMatch": (2, "The answer is the nearest match, not an exact one."),
    "RateLimited": (3, "Too many requests; wait before you try again."),
    "TransientProviderError": (3, "The provider has a temporary problem."),
    "ProviderError": (5, "The provider refused or failed the request."),
    "RechargeNotAllowed": (5, "The provider does not allow this recharge."),
    "InsufficientBalance": (5, "The balance of the distributor is too low."),
    "OtherError": (5, "Something else went wrong."),
    "AccountNumberInvalid": (4, "The account number is not valid."),
    "AuthenticationFailed": (4, "The credentials are missing or wrong."),
    "ParameterMissing": (4, "A required parameter is missing."),
    "ParameterInvalid": (4, "A parameter has a wrong value."),
    "ParameterOutOfRange": (4, "A parameter is outside its bounds."),
    "ParameterCombinationInvalid": (4, "These parameters do not go together."),
    "TooManyParameters": (4, "Too many parameters were given."),
    "RequestInvalid": (4, "The request cannot be read."),
    "BatchItemRefMustBeUnique": (4, "Each item of a batch needs its own BatchItemRef."),
    "DuplicateTransactionPrevented": (4, "A transfer with this DistributorRef exists already."),
}
STATUS = {1: 200, 2: 200, 3: 503, 4: 400, 5: 500}


@dataclass(eq=False)
class Problem(Exception):
    """One error code with its context."""

    code: str
    context: str = ""

    @property
    def result(self):
        """The ResultCode that goes with the code (5 for codes not in the table)."""
        return CODES.get(self.code, (5, ""))[0]

    @property
    def status(self):
        """The HTTP status that goes with the code."""
        return 401 if self.code == "AuthenticationFailed" else STATUS[self.result]

    def wire(self):
        """Return the entry of ErrorCodes."""
        return {"Code": self.code, "Context": self.context} if self.context else {"Code": self.code}

    def envelope(self):
        """Return ResultCode and ErrorCodes."""
        return {"ResultCode": self.result, "ErrorCodes": [self.wire()]}


SUCCESS = {"ResultCode": 1, "ErrorCodes": []}


def answer(data, problem=None):
    """Build the Reply of a call.

    :param data: fields beside the envelope
    :param problem: what went wrong, or None
    """
    envelope = problem.envelope() if problem else SUCCESS
    return Reply.of(problem.status if problem else 200, {**data, **envelope})


def answer_items(texts):
    """Build the Reply of a list whose items are JSON texts already."""
    body = '{"Items":[' + ",".join(texts) + '],"ResultCode":1,"ErrorCodes":[]}'
    return Reply(200, body.encode())
