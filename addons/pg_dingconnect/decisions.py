"""What an answer of DingConnect means: the body decides, the status only where there is none."""

from email.utils import parsedate_to_datetime

from odoo.addons.pg_base.outcomes import NotSent, Rejected, Throttled, Unknown

from . import const, parsing

CLASSES = {
    const.REJECTED: Rejected,
    const.LATER: Rejected,
    const.NOT_SENT: NotSent,
    const.THROTTLED: Throttled,
    const.UNKNOWN: Unknown,
}


def decide(status, body, correlation_id="", retry_after=None):
    """Return the body of an answer that is exact or nearest, else raise its outcome.

    :param int status: HTTP status; only counts where the body says nothing.
    :param body: the decoded JSON object, or None when there is none.
    :param retry_after: seconds that the answer asks to wait, None when it does not.
    """
    if body is None:
        raise _without_body(status, correlation_id, retry_after)
    codes = [pair for pair in parsing.error_codes(body) if pair[0] not in const.HARMLESS_CODES]
    result = parsing.result_code(body)
    if codes:
        raise outcome_of(codes, status, correlation_id, retry_after)
    if result in (const.RESULT_EXACT, const.RESULT_NEAREST):
        return body
    raise Unknown(
        f"An answer without a clear result (ResultCode {result}, HTTP {status})",
        status=status,
        reference=correlation_id,
    )


def decide_transfer(status, body, correlation_id="", retry_after=None):
    """Return the body of an accepted SendTransfer, else raise its outcome.

    A refusal that comes with a record which is not over contradicts itself: unknown.
    """
    try:
        return decide(status, body, correlation_id, retry_after)
    except (Rejected, NotSent, Throttled) as error:
        state = parsing.text(parsing.section(body or {}, "TransferRecord"), "ProcessingState")
        if not state or const.STATES.get(state.lower()) in ("failed", "cancelled"):
            raise
        raise Unknown(
            f"The answer refuses a transfer that it calls {state}",
            code=error.code,
            context=error.context,
            status=status,
            reference=correlation_id,
        ) from None


def outcome_of(codes, status=None, correlation_id="", retry_after=None):
    """Return the exception for the codes of an answer: the most careful of their outcomes.

    :param codes: (code, context) pairs. What is not in the table is unknown.
    """
    found = [(classify(code, context), code, context) for code, context in codes]
    outcome, code, context = min(found, key=lambda entry: const.CAUTION.index(entry[0]))
    extra = {}
    if CLASSES[outcome] is Rejected:
        extra["temporary"] = outcome == const.LATER
    elif CLASSES[outcome] is Throttled:
        extra["retry_after"] = retry_after
    return CLASSES[outcome](
        f"DingConnect answered {code}",
        code=code,
        context=context,
        status=status,
        reference=correlation_id,
        **extra,
    )


def classify(code, context):
    """Return the outcome of one code with its context."""
    known = const.OUTCOMES.get((code, context)) or const.OUTCOMES.get((code, None))
    return known or const.UNKNOWN


def _without_body(status, correlation_id, retry_after):
    """Return the outcome of an answer that is not JSON."""
    details = {"status": status, "reference": correlation_id}
    if status == 403:
        # The edge in front of the service refuses odd clients before the service sees them.
        return NotSent("The service's firewall refused the request", **details)
    if status == 401:
        return NotSent("The credentials were refused", **details)
    if status == 429:
        return Throttled("The service asks to slow down", retry_after=retry_after, **details)
    return Unknown(f"The answer cannot be read (HTTP {status})", **details)


def retry_after_of(headers, now):
    """Return the seconds that an answer asks to wait, None when it does not say so.

    :param dict headers: of the answer. :param datetime now: aware.
    """
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
