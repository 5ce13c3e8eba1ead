"""The DingConnect V1 client: plain Python over the suite's HTTP helper.

One method per call returns the decoded body, or raises one of the four outcome classes. The body
decides, whatever the status; the status only counts where there is no JSON. Reads are tried again a
few times; ``send_transfer`` never is.
"""

import logging
import random
import time
import uuid

from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools.redact import mask_number

from . import const, parsing

_logger = logging.getLogger(__name__)

CLASSES = {
    const.REJECTED: Rejected,
    const.LATER: Rejected,
    const.NOT_SENT: NotSent,
    const.THROTTLED: Throttled,
    const.UNKNOWN: Unknown,
}


class DingClient:
    """Calls one DingConnect account.

    :param str base_url: without ``/api/V1``.
    :param str api_key: never logged.
    """

    def __init__(self, base_url, api_key):
        self._http = HttpClient(
            base_url.rstrip("/") + const.API_PATH,
            headers={"api_key": api_key, "Accept": "application/json"},
            connect_timeout=const.CONNECT_TIMEOUT,
            read_timeout=const.READ_TIMEOUT,
        )

    # === READING === #

    def get_providers(self, countries=()):
        return self._read("GET", "GetProviders", params={"countryIsos": list(countries)})

    def get_products(self, countries=(), codes=()):
        return self._read(
            "GET",
            "GetProducts",
            params={"countryIsos": list(countries), "skuCodes": list(codes)},
        )

    def get_product_descriptions(self, languages):
        return self._read(
            "GET", "GetProductDescriptions", params={"languageCodes": list(languages)}
        )

    def get_countries(self):
        return self._read("GET", "GetCountries")

    def get_regions(self, countries=()):
        return self._read("GET", "GetRegions", params={"countryIsos": list(countries)})

    def get_promotions(self, countries=()):
        return self._read("GET", "GetPromotions", params={"countryIsos": list(countries)})

    def get_promotion_descriptions(self, languages):
        return self._read(
            "GET", "GetPromotionDescriptions", params={"languageCodes": list(languages)}
        )

    def get_account_lookup(self, number):
        return self._read(
            "GET", "GetAccountLookup", params={"accountNumber": digits(number)}, about=number
        )

    def get_provider_status(self, codes=()):
        return self._read("GET", "GetProviderStatus", params={"providerCodes": list(codes)})

    def get_balance(self):
        return self._read("GET", "GetBalance")

    def estimate_prices(self, batch):
        return self._read("POST", "EstimatePrices", json=batch)

    def list_transfer_records(self, *, reference=None, number=None, skip=0, take=10):
        body = {"Take": take}
        if reference:
            body["DistributorRef"] = reference
        if number:
            body["AccountNumber"] = digits(number)
        if skip:
            body["Skip"] = skip
        return self._read("POST", "ListTransferRecords", json=body, about=number)

    # === CHANGING === #

    def cancel_transfers(self, batch):
        return self._call("POST", "CancelTransfers", json=batch)

    def send_transfer(self, body):
        """Send a transfer, once.

        :return: the decoded body of a ResultCode 1; the record in it still has to be checked.
        """
        return self._call(
            "POST",
            "SendTransfer",
            json=body,
            about=body["AccountNumber"],
            read_timeout=const.SEND_TIMEOUT,
        )

    # === REQUEST HELPERS === #

    def _read(self, http_method, method, **kwargs):
        """Call a method that changes nothing; worth another try when the network failed."""
        for attempt in range(const.READ_RETRIES + 1):
            try:
                return self._call(http_method, method, **kwargs)
            except OutsideError as error:
                if attempt == const.READ_RETRIES or not _may_read_again(error):
                    raise
                time.sleep(const.READ_BACKOFF * 2**attempt * random.uniform(0.5, 1.5))

    def _call(self, http_method, method, *, params=None, json=None, about="", read_timeout=None):
        """Send one request once and return its decoded body.

        :param about: the number concerned; only for the log, masked.
        """
        correlation_id = str(uuid.uuid4())
        started, status, outcome = time.monotonic(), None, "ok"
        judge = decide_transfer if method == "SendTransfer" else decide
        try:
            answer = self._http.request(
                http_method,
                f"/{method}",
                params=params,
                json=json,
                headers={"X-Correlation-Id": correlation_id},
                read_timeout=read_timeout,
            )
            status = answer.status
            return judge(answer.status, _decode(answer), correlation_id)
        except OutsideError as error:
            outcome = " ".join(filter(None, (type(error).__name__, error.code, error.context)))
            status = status or error.status
            error.reference = error.reference or correlation_id
            raise
        finally:
            _logger.info(
                "DingConnect %s %s: status %s, %s in %.0f ms%s",
                method,
                correlation_id,
                status,
                outcome,
                (time.monotonic() - started) * 1000,
                f", number {mask_number(digits(about))}" if about else "",
            )


def digits(number):
    """Return a number as DingConnect wants it: digits only, no plus sign."""
    return "".join(char for char in str(number) if char in "0123456789")


def decide(status, body, correlation_id=""):
    """Return the body of an answer that is exact or nearest, else raise its outcome.

    :param int status: HTTP status; only counts where the body says nothing.
    :param body: the decoded JSON object, or None when there is none.
    """
    if body is None:
        raise _without_body(status, correlation_id)
    codes = [pair for pair in parsing.error_codes(body) if pair[0] not in const.HARMLESS_CODES]
    result = parsing.result_code(body)
    if codes:
        raise outcome_of(codes, status, correlation_id)
    if result in (const.RESULT_EXACT, const.RESULT_NEAREST):
        return body
    raise Unknown(
        f"An answer without a clear result (ResultCode {result}, HTTP {status})",
        status=status,
        reference=correlation_id,
    )


def decide_transfer(status, body, correlation_id=""):
    """Return the body of an accepted SendTransfer, else raise its outcome.

    A refusal that comes with a record which is not over contradicts itself: unknown.
    """
    try:
        return decide(status, body, correlation_id)
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


def outcome_of(codes, status=None, correlation_id=""):
    """Return the exception for the codes of an answer: the most careful of their outcomes.

    :param codes: (code, context) pairs. What is not in the table is unknown.
    """
    found = [(classify(code, context), code, context) for code, context in codes]
    outcome, code, context = min(found, key=lambda entry: const.CAUTION.index(entry[0]))
    extra = {"temporary": outcome == const.LATER} if CLASSES[outcome] is Rejected else {}
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


def _without_body(status, correlation_id):
    """Return the outcome of an answer that is not JSON."""
    details = {"status": status, "reference": correlation_id}
    if status == 403:
        # The edge in front of the service refuses odd clients before the service sees them.
        return NotSent("The service's firewall refused the request", **details)
    if status == 401:
        return NotSent("The credentials were refused", **details)
    if status == 429:
        return Throttled("The service asks to slow down", **details)
    return Unknown(f"The answer cannot be read (HTTP {status})", **details)


def _may_read_again(error):
    """Tell whether another try of a read makes sense: not for refusals or wrong credentials."""
    if isinstance(error, (Rejected, Throttled)):
        return False
    return not error.code and error.status not in (401, 403)


def _decode(answer):
    """Return the JSON object of an answer, None when it is anything else."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
