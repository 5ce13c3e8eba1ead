"""The four ways in which a call to the outside can fail.

An adapter turns whatever a vendor answers, or fails to answer, into one of these. The layers above
decide by class alone and never look at a status or a vendor's word:

========== ============================== ==========================================
class      what is known                  what may be done
========== ============================== ==========================================
Rejected   it did not happen              end it, or another try later if temporary
NotSent    it never reached the vendor    the same reference may be sent again
Throttled  refused for now, not executed  the same again, not before ``retry_after``
Unknown    it may have happened           ask the vendor; never send again blindly
========== ============================== ==========================================
"""


class OutsideError(Exception):
    """A call to the outside did not end well; raised only as one of its four subclasses.

    :param str message: one sentence for a log or a person, without secrets.
    :param str code: the vendor's error code.
    :param str context: the vendor's detail beside the code.
    :param int status: the HTTP status, where there was one.
    :param str reference: our correlation id for this call.
    """

    def __init__(self, message, *, code="", context="", status=None, reference=""):
        super().__init__(message)
        self.message = message
        self.code = code or ""
        self.context = context or ""
        self.status = status
        self.reference = reference or ""

    def __repr__(self):
        return (
            f"{type(self).__name__}({self.message!r}, code={self.code!r}, "
            f"context={self.context!r}, status={self.status!r})"
        )


class Rejected(OutsideError):
    """The vendor refused: nothing happened and no money moved.

    :param bool temporary: the same request may be accepted later.
    """

    def __init__(self, message, *, temporary=False, **details):
        super().__init__(message, **details)
        self.temporary = temporary


class NotSent(OutsideError):
    """The request never reached the vendor (no connection, no valid login): nothing happened."""


class Throttled(OutsideError):
    """The vendor asks to slow down: nothing happened.

    :param float retry_after: seconds to wait at least, None when the vendor did not say.
    """

    def __init__(self, message, *, retry_after=None, **details):
        super().__init__(message, **details)
        self.retry_after = retry_after


class Unknown(OutsideError):
    """Sent, but no answer that proves anything (timeout, 5xx, garbled): it may have happened."""
