"""The DingConnect adapter: implements ``pg_catalog.ports.SupplierPort``; no records in or out."""

from odoo.addons.pg_base.outcomes import Rejected, Unknown
from odoo.addons.pg_catalog import ports

from . import const, parsing, parsing_reference
from .client import DingClient, settings_body
from .decisions import decide
from .transport import digits


class DingConnectPort:
    """Speaks with one DingConnect account in the words of the suite.

    :param str base_url: without ``/api/V1``.
    :param credentials: an API key as text, or ``credentials.ClientCredentials``.
    :param meter: see :mod:`odoo.addons.pg_catalog.calls`.
    """

    def __init__(self, base_url, credentials, meter=None):
        self._client = DingClient(base_url, credentials, meter)

    # === CATALOGUE === #

    def iter_operators(self, countries=()):
        yield from self._iter(
            self._client.get_providers(countries), parsing.operator, "ProviderCode"
        )

    def iter_skus(self, countries=(), codes=()):
        body = self._client.get_products(countries, codes)
        yield from self._iter(body, parsing.sku, "SkuCode")

    def iter_descriptions(self, languages):
        body = self._client.get_product_descriptions(languages)
        for item in self._iter(body, parsing.catalogue_text, "LocalizationKey"):
            if isinstance(item, ports.CatalogueText):
                yield item

    def iter_countries(self):
        yield from self._iter(self._client.get_countries(), parsing_reference.country, "CountryIso")

    def iter_regions(self, countries=()):
        yield from self._iter(
            self._client.get_regions(countries), parsing_reference.region, "RegionCode"
        )

    def iter_promotions(self, countries=()):
        yield from self._iter(
            self._client.get_promotions(countries),
            parsing_reference.promotion,
            "LocalizationKey",
        )

    def iter_promotion_texts(self, languages):
        body = self._client.get_promotion_descriptions(languages)
        for item in self._iter(body, parsing_reference.promotion_text, "LocalizationKey"):
            if isinstance(item, ports.PromotionText):
                yield item

    def _iter(self, body, parse, key):
        """Yield the items of an answer; a fault in place of each that cannot be read.

        :raise Unknown: when there is no list at all: an absent list is not an empty one.
        """
        if not isinstance(body.get("Items"), list):
            raise Unknown("The answer has no list of items")
        for item in body["Items"]:
            try:
                yield parse(item)
            except (parsing.Unreadable, AttributeError) as error:
                code = parsing.text(item, key) if isinstance(item, dict) else ""
                yield ports.CatalogueFault(code=code, reason=str(error))

    def lookup_number(self, number):
        body = self._client.get_account_lookup(number)
        return parsing.number_lookup(body, digits(number))

    def operator_status(self, codes=()):
        body = self._client.get_provider_status(codes)
        found = self._iter(body, parsing.operator_status, "ProviderCode")
        return [item for item in found if isinstance(item, ports.OperatorStatus)]

    def error_texts(self):
        """Return {code: what the supplier says it means}."""
        body = self._client.get_error_code_descriptions()
        return {
            parsing.text(item, "Code"): parsing.text(item, "Message")
            for item in parsing.items(body, "Items")
        }

    # === MONEY === #

    def estimate(self, sku_code, *, send_value=None, receive_value=None):
        if (send_value is None) == (receive_value is None):
            raise Rejected("Either what is sent or what arrives must be given")
        asked = {"SkuCode": sku_code, "BatchItemRef": "1"}
        if send_value is not None:
            asked["SendValue"] = as_json(send_value)
        else:
            asked["ReceiveValue"] = as_json(receive_value)
        body = self._client.estimate_prices([asked])
        for item in parsing.items(body, "Items"):
            if parsing.text(item, "BatchItemRef") == "1":
                return _readable(parsing.estimate, decide(200, item), sku_code)
        raise Unknown("The answer has no price for what was asked")

    def balance(self):
        return _readable(parsing.balance, self._client.get_balance())

    def lookup_bills(self, sku_code, account_number, settings=()):
        body = self._client.lookup_bills(sku_code, account_number, settings)
        if not isinstance(body.get("Items"), list):
            raise Unknown("The answer has no list of bills")
        return [_readable(parsing.bill, item) for item in body["Items"]]

    # === TRANSFERS === #

    def validate(self, request):
        body = {**transfer_body(request), "ValidateOnly": True}
        answer = self._client.send_transfer(body)
        if not parsing.section(answer, "TransferRecord"):
            raise Unknown("The answer does not say whether the transfer would be accepted")

    def transfer(self, request):
        body = self._client.send_transfer(transfer_body(request))
        if not parsing.section(body, "TransferRecord"):
            raise Unknown("The transfer was accepted without a record of it")
        record = _readable(parsing.transfer_record, body["TransferRecord"])
        if not is_record_of(record, request):
            raise Unknown("The answer is about another transfer")
        return record

    def find_transfers(self, *, reference=None, account_number=None, take=10):
        found, skip = [], 0
        number = account_number if account_number is None else account_of(account_number)
        while len(found) < take:
            size = min(take - len(found), const.PAGE_SIZE)
            body = self._client.list_transfer_records(
                reference=reference, number=number, skip=skip, take=size
            )
            if not isinstance(body.get("Items"), list):
                raise Unknown("The answer has no list of transfers")
            page = [_readable(_listed_record, item) for item in body["Items"]]
            found += page
            skip += len(page)
            if not page or not parsing.flag(body, "ThereAreMoreItems"):
                break
        return found[:take]

    def cancel(self, *, reference, transfer_ref):
        ids = {"TransferRef": transfer_ref, "DistributorRef": reference}
        body = self._client.cancel_transfers([{"TransferId": ids, "BatchItemRef": "1"}])
        for item in parsing.items(body, "Items"):
            if parsing.text(item, "BatchItemRef") == "1":
                state = parsing.text(decide(200, item), "ProcessingState")
                return ports.CancelResult(
                    transfer_ref=transfer_ref,
                    is_cancelled=state.lower() == "cancelled",
                    state=state,
                )
        raise Unknown("The answer does not say what became of the transfer")


def transfer_body(request):
    """Return the body of SendTransfer. ``ValidateOnly`` must be there, even when false."""
    body = {
        "SkuCode": request.sku_code,
        "SendValue": as_json(request.send_value),
        "SendCurrencyIso": request.send_currency,
        "AccountNumber": account_of(request.account_number),
        "DistributorRef": request.reference,
        "ValidateOnly": False,
    }
    if request.settings:
        body["Settings"] = settings_body(request.settings)
    if request.bill_ref:
        body["BillRef"] = request.bill_ref
    return body


def account_of(number):
    """Return a number as DingConnect wants it; ten zeros for what is bought for nobody."""
    return digits(number) or const.NOBODY


def is_record_of(record, request):
    """Tell whether a record is about the transfer that was asked for."""
    return (
        record.reference == request.reference
        and record.sku_code == request.sku_code
        and digits(record.account_number) == account_of(request.account_number)
    )


def as_json(value):
    """Return an amount of at most two decimals as the number that JSON takes.

    A double holds every such amount below 10^13 so that it prints as written.

    :raise Rejected: when the amount is finer: nothing is sent.
    """
    if round(value, 2) != value:
        raise Rejected("An amount has at most two decimals", code="ParameterInvalid")
    return int(value) if value == int(value) else float(value)


def _listed_record(item):
    return parsing.transfer_record(
        parsing.section(item, "TransferRecord"), parsing.error_codes(item)
    )


def _readable(parse, *args):
    """Parse an answer on which money depends; what cannot be read is unknown."""
    try:
        return parse(*args)
    except (parsing.Unreadable, AttributeError) as error:
        raise Unknown(f"The answer cannot be read: {error}") from None
