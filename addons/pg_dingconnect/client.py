"""The DingConnect V1 client: all its 17 methods, in plain Python over the suite's HTTP helper.

Each returns the decoded body, or raises one of the four outcome classes. The body decides, whatever
the status. Reads are tried again a few times; ``send_transfer`` and ``cancel_transfers`` never are.
Filters are left out when they are empty.
"""

from . import const
from .transport import Transport, digits


class DingClient:
    """Calls one DingConnect account.

    :param str base_url: without ``/api/V1``.
    :param credentials: an API key as text, or ``credentials.ClientCredentials``; never logged.
    :param meter: allows calls and takes their records; free and forgetful by default.
    """

    def __init__(self, base_url, credentials, meter=None):
        self._transport = Transport(base_url, credentials, meter)

    # === REFERENCE DATA === #

    def get_countries(self):
        return self._get("GetCountries")

    def get_regions(self, countries=()):
        return self._get("GetRegions", countryIsos=countries)

    def get_currencies(self):
        return self._get("GetCurrencies")

    def get_error_code_descriptions(self):
        return self._get("GetErrorCodeDescriptions")

    def get_providers(self, countries=(), *, codes=(), regions=(), number=""):
        return self._get(
            "GetProviders",
            number,
            countryIsos=countries,
            providerCodes=codes,
            regionCodes=regions,
        )

    def get_provider_status(self, codes=()):
        return self._get("GetProviderStatus", providerCodes=codes)

    def get_products(
        self, countries=(), codes=(), *, providers=(), regions=(), benefits=(), number=""
    ):
        return self._get(
            "GetProducts",
            number,
            countryIsos=countries,
            skuCodes=codes,
            providerCodes=providers,
            regionCodes=regions,
            benefits=benefits,
        )

    def get_product_descriptions(self, languages=(), codes=()):
        return self._get("GetProductDescriptions", languageCodes=languages, skuCodes=codes)

    def get_promotions(self, countries=(), *, providers=(), number=""):
        return self._get("GetPromotions", number, countryIsos=countries, providerCodes=providers)

    def get_promotion_descriptions(self, languages=()):
        return self._get("GetPromotionDescriptions", languageCodes=languages)

    # === ASKING === #

    def get_account_lookup(self, number):
        return self._get("GetAccountLookup", number)

    def get_balance(self):
        return self._get("GetBalance")

    def estimate_prices(self, batch):
        """:param list batch: items with a BatchItemRef each; the answer names them in any order."""
        return self._transport.ask("POST", "EstimatePrices", json=batch)

    def lookup_bills(self, sku_code, number, settings=()):
        """:param settings: (name, value) pairs that the SKU asks for."""
        body = {"SkuCode": sku_code, "AccountNumber": digits(number)}
        if settings:
            body["Settings"] = settings_body(settings)
        return self._transport.ask("POST", "LookupBills", json=body, about=number)

    def list_transfer_records(
        self, *, reference=None, transfer_ref=None, number=None, skip=0, take=10
    ):
        body = {"Take": take}
        if reference:
            body["DistributorRef"] = reference
        if transfer_ref:
            body["TransferRef"] = transfer_ref
        if number:
            body["AccountNumber"] = digits(number)
        if skip:
            body["Skip"] = skip
        return self._transport.ask("POST", "ListTransferRecords", json=body, about=number or "")

    # === CHANGING === #

    def cancel_transfers(self, batch):
        return self._transport.call("POST", "CancelTransfers", json=batch)

    def send_transfer(self, body):
        """Send a transfer, once: whatever the answer, also after a token was refused.

        :return: the decoded body of a ResultCode 1; the record in it still has to be checked.
        """
        return self._transport.call(
            "POST",
            "SendTransfer",
            json=body,
            about=body["AccountNumber"],
            read_timeout=const.SEND_TIMEOUT,
        )

    # === REQUEST HELPERS === #

    def _get(self, method, number="", **filters):
        params = {name: list(values) for name, values in filters.items()}
        if number:
            params["accountNumber"] = digits(number)
        return self._transport.ask("GET", method, params=params, about=number)


def settings_body(settings):
    """Return (name, value) pairs as DingConnect wants them."""
    return [{"Name": name, "Value": value} for name, value in settings]
