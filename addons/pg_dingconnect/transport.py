"""One call of DingConnect from start to end: budget, credentials, request, decision, record."""

import logging
import random
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled
from odoo.addons.pg_base.tools.redact import mask_number
from odoo.addons.pg_catalog.calls import FreeMeter, SupplierCall

from . import const, decisions, redaction
from .credentials import ApiKey, scrub

_logger = logging.getLogger(__name__)


class Transport:
    """Carries calls of one DingConnect account.

    :param str base_url: without ``/api/V1``.
    :param credentials: an API key as text, or an object of :mod:`.credentials`.
    :param meter: allows calls and takes their records, see :mod:`odoo.addons.pg_catalog.calls`.
    """

    def __init__(self, base_url, credentials, meter=None):
        is_key = isinstance(credentials, str)
        self._credentials = ApiKey(credentials) if is_key else credentials
        self._meter = meter or FreeMeter()
        self._http = HttpClient(
            base_url.rstrip("/") + const.API_PATH,
            headers={"Accept": "application/json"},
            connect_timeout=const.CONNECT_TIMEOUT,
            read_timeout=const.READ_TIMEOUT,
            max_bytes=const.MAX_BYTES,
        )

    def ask(self, http_method, method, **kwargs):
        """Call a method that changes nothing: tried again a few times, and once with a new token.

        :raise OutsideError: of the last try.
        """
        renewed = False
        tries = const.READ_RETRIES
        while True:
            try:
                return self.call(http_method, method, **kwargs)
            except OutsideError as error:
                if error.status == 401 and self._credentials.can_renew and not renewed:
                    renewed = True
                    continue
                wait = _wait_before_next(error, const.READ_RETRIES - tries)
                if not tries or wait is None:
                    raise
            tries -= 1
            time.sleep(wait)

    def call(self, http_method, method, *, params=None, json=None, about="", read_timeout=None):
        """Send one request, once, and return its decoded body.

        :param about: the number concerned; only for log and record, masked.
        :raise Throttled: without a request when the account's budget is used up.
        """
        params = {name: value for name, value in (params or {}).items() if value}
        call = _Call(method, about, params or json)
        try:
            self._meter.reserve(is_daily=method in const.DAILY_METHODS)
        except OutsideError as error:
            call.fail(error)
            self._log(call)
            raise
        try:
            return self._request(call, http_method, params, json, read_timeout)
        except OutsideError as error:
            call.fail(error)
            raise
        finally:
            self._log(call)
            self._meter.record(call.record(self._credentials.secrets()))

    def _request(self, call, http_method, params, json, read_timeout):
        headers = self._credentials.headers()
        call.started = time.monotonic()
        answer = self._http.request(
            http_method,
            f"/{call.method}",
            params=params or None,
            json=json,
            headers={"X-Correlation-Id": call.correlation_id, **headers},
            read_timeout=read_timeout,
        )
        # An answer that echoes our credentials goes no further with them.
        answer = replace(answer, body=scrub(answer.body, self._credentials.secrets()))
        body = _decode(answer)
        call.answered(answer, body)
        judge = decisions.decide_transfer if call.method == "SendTransfer" else decisions.decide
        after = decisions.retry_after_of(answer.headers, datetime.now(UTC))
        try:
            return judge(answer.status, body, call.correlation_id, after)
        except NotSent as error:
            if error.status == 401 and self._credentials.can_renew:
                self._credentials.renew(headers)
            raise

    def _log(self, call):
        secrets = self._credentials.secrets()
        _logger.info(
            "DingConnect %s %s: status %s, %s in %.0f ms%s",
            call.method,
            call.correlation_id,
            call.status,
            scrub(call.said, secrets),
            call.seconds * 1000,
            f", number {mask_number(call.about)}" if call.about else "",
        )


class _Call:
    """What is known of one call while it goes on."""

    def __init__(self, method, about, request):
        self.method = method
        self.about = digits(about)
        self.asked = request
        self.correlation_id = str(uuid.uuid4())
        self.at = datetime.now(UTC).replace(tzinfo=None)
        self.started = time.monotonic()
        self.status = None
        self.reply = ""
        self.error = None

    @property
    def seconds(self):
        return time.monotonic() - self.started

    @property
    def outcome(self):
        """Return a key of ``calls.OUTCOMES``."""
        if isinstance(self.error, Rejected):
            return "later" if self.error.temporary else "rejected"
        words = {NotSent: "not_sent", Throttled: "throttled"}
        return words.get(type(self.error), "unknown") if self.error else "ok"

    @property
    def said(self):
        """Return the outcome in a few words."""
        if not self.error:
            return "ok"
        context = redaction.mask_numbers(self.error.context)[: redaction.SHOWN_LENGTH]
        return " ".join(filter(None, (type(self.error).__name__, self.error.code, context)))

    def answered(self, answer, body):
        """Note what came back."""
        self.status = answer.status
        kept = redaction.as_text(body)
        self.reply = kept if body is not None else redaction.describe_unreadable(answer)

    def fail(self, error):
        """Note how it ended, and let the error carry our id."""
        error.reference = error.reference or self.correlation_id
        self.error = error
        self.status = self.status or error.status

    def record(self, secrets):
        """Return what may be kept of the call."""
        error = self.error
        texts = {
            "code": error.code if error else "",
            "context": redaction.mask_numbers(error.context) if error else "",
            "message": redaction.mask_numbers(error.message) if error else "",
            "request": redaction.as_text(self.asked),
            "answer": self.reply,
        }
        return SupplierCall(
            method=self.method,
            correlation_id=self.correlation_id,
            started_at=self.at,
            seconds=self.seconds,
            outcome=self.outcome,
            status=self.status,
            number=mask_number(self.about),
            **{name: scrub(text, secrets) for name, text in texts.items()},
        )


def digits(number):
    """Return a number as DingConnect wants it: digits only, no plus sign."""
    return "".join(char for char in str(number) if char in "0123456789")


def _wait_before_next(error, tries_made):
    """Return the seconds to wait before a read is tried again, None when it makes no sense.

    A throttle is waited for when it says how long and that is not long.
    """
    if isinstance(error, Throttled):
        after = error.retry_after
        patient = after is not None and after <= const.READ_PATIENCE
        return after + random.uniform(0, const.READ_BACKOFF) if patient else None
    if not _may_pass(error):
        return None
    return min(const.READ_BACKOFF * 2**tries_made, const.READ_PATIENCE) * random.uniform(0.5, 1.5)


def _may_pass(error):
    """Tell whether a read that ended so may work when it is asked again at once.

    What the service itself calls temporary, and what said nothing: a broken connection, no JSON.
    """
    if isinstance(error, Rejected):
        return error.temporary
    if error.code:
        return error.code in const.TRANSIENT_CODES
    return error.status not in (401, 403)


def _decode(answer):
    """Return the JSON object of an answer, None when it is anything else."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
