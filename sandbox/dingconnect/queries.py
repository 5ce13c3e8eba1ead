"""The methods of DingConnect that only read, and the two batch methods."""

import re
from decimal import Decimal
from functools import wraps

from sandbox.dingconnect import numbers, prices, transfers
from sandbox.dingconnect.account import CATALOGUE
from sandbox.dingconnect.errors import CODES, SUCCESS, Problem, answer

METHODS = []
WITHOUT_ITEMS = {"SendTransfer", "GetBalance"}
LOGO = "https://imagerepo.ding.com/logo/{}/{}.png"


def required(name):
    """Return the fields that an answer of a method has even when the call failed."""
    if name == "GetBalance":
        return {"Balance": Decimal("0.00"), "CurrencyIso": ""}
    fields = {} if name in WITHOUT_ITEMS else {"Items": []}
    if name == "ListTransferRecords":
        fields["ThereAreMoreItems"] = False
    return fields


def method(verb, name):
    """Register a function under its method name; a Problem raised by it becomes the answer."""

    def register(function):
        @wraps(function)
        def call(account, argument, headers):
            try:
                return function(account, argument)
            except Problem as problem:
                return answer({}, problem, required(name))

        call.wire_name = name
        METHODS.append((verb, call))
        return call

    return register


class Filters:
    """Query parameters: names without regard to case, ``name[0]`` like ``name``, keys repeat."""

    def __init__(self, params):
        self.values = {}
        for key, value in params.multi_items():
            self.values.setdefault(re.sub(r"\[\d*\]$", "", key).lower(), []).append(value)

    def many(self, name):
        """Return the values of an array filter, or None when it was left out.

        :raise Problem: when a value is blank or several were joined by a comma
        """
        values = self.values.get(name.lower())
        if values and any(not value.strip() or "," in value for value in values):
            raise Problem("ParameterInvalid", name[:1].upper() + name[1:])
        return values

    def one(self, name):
        """Return the value of a single filter, or None."""
        values = self.many(name)
        return values[0] if values else None


def _digits(number):
    digits = number.removeprefix("+")
    if not digits.isdigit():
        raise Problem("AccountNumberInvalid", "AccountNumberFailedRegex")
    return digits


def _matches(values, *candidates):
    """Say whether a filter is absent or names one of the candidates."""
    return values is None or any(candidate in values for candidate in candidates)


def _providers_of(number):
    """Return the providers that serve a number; empty when it is not certain."""
    digits = _digits(number)
    country = numbers.find_country(CATALOGUE, digits)
    if country is None:
        raise Problem("AccountNumberInvalid")
    return numbers.find_providers(CATALOGUE, country, digits)


@method("GET", "GetProviders")
def get_providers(account, filters):
    codes, countries = filters.many("providerCodes"), filters.many("countryIsos")
    regions, number = filters.many("regionCodes"), filters.one("accountNumber")
    known = _providers_of(number) if number else []
    items = [
        _wire_provider(p)
        for p in CATALOGUE.providers.values()
        if _matches(codes, p.code)
        and _matches(countries, p.country)
        and _matches(regions, p.country)
        and (not known or p in known)
    ]
    return answer({"Items": items})


def _wire_provider(provider):
    wire = {
        "ProviderCode": provider.code,
        "CountryIso": provider.country,
        "Name": provider.name,
        "ShortName": provider.short,
        "ValidationRegex": provider.regex,
        "RegionCodes": [provider.country],
        "PaymentTypes": ["Prepaid"],
        "LogoUrl": LOGO.format(provider.code[:2], provider.country),
    }
    if provider.care:
        wire["CustomerCareNumber"] = provider.care
    return wire


@method("GET", "GetProducts")
def get_products(account, filters):
    skus, codes = filters.many("skuCodes"), filters.many("providerCodes")
    countries, regions = filters.many("countryIsos"), filters.many("regionCodes")
    benefits, number = filters.many("benefits"), filters.one("accountNumber")
    known = _providers_of(number) if number else []
    items = [
        _wire_product(account, p)
        for p in CATALOGUE.products.values()
        if _matches(skus, p.sku)
        and _matches(codes, p.provider.code)
        and _matches(countries, p.provider.country)
        and _matches(regions, p.provider.country)
        and _matches(benefits, *p.benefits)
        and (not known or p.provider in known)
    ]
    return answer({"Items": items})


def _wire_product(account, product):
    low, high = prices.bounds(product, CATALOGUE.rate(account.currency))
    currency = account.currency
    wire = {
        "ProviderCode": product.provider.code,
        "SkuCode": product.sku,
        "LocalizationKey": product.sku,
        "SettingDefinitions": [
            {"Name": n, "Description": d, "IsMandatory": m} for n, d, m in product.settings
        ],
        "Maximum": prices.price(product, high, product.receive[1], currency),
        "Minimum": prices.price(product, low, product.receive[0], currency),
        "CommissionRate": product.commission,
        "ProcessingMode": product.mode,
        "RedemptionMechanism": product.redemption,
        "Benefits": list(product.benefits),
        "UatNumber": product.provider.uat,
        "DefaultDisplayText": product.text,
        "RegionCode": product.provider.country,
        "PaymentTypes": ["Prepaid"],
    }
    if product.validity:
        wire["ValidityPeriodIso"] = product.validity
    return wire


@method("GET", "GetProductDescriptions")
def get_product_descriptions(account, filters):
    languages, skus = filters.many("languageCodes"), filters.many("skuCodes")
    items = []
    for product in CATALOGUE.products.values():
        if _matches(skus, product.sku) and _matches(languages, "en"):
            item = {
                "DisplayText": product.text,
                "DescriptionMarkdown": product.about,
                "LocalizationKey": product.sku,
                "LanguageCode": "en",
            }
            if product.more:
                item["ReadMoreMarkdown"] = product.more
            items.append(item)
    return answer({"Items": items})


@method("GET", "GetAccountLookup")
def get_account_lookup(account, filters):
    number = filters.one("accountNumber")
    if not number:
        raise Problem("ParameterMissing", "AccountNumber")
    digits = _digits(number)
    country = numbers.find_country(CATALOGUE, digits)
    if country is None:
        raise Problem("AccountNumberInvalid")
    found = numbers.find_providers(CATALOGUE, country, digits)
    data = {
        "CountryIso": country["iso"],
        "AccountNumberNormalized": digits,
        "Items": [{"ProviderCode": p.code, "RegionCode": p.country} for p in found],
    }
    return answer(data, None if found else Problem("NearestMatch"))


@method("GET", "GetProviderStatus")
def get_provider_status(account, filters):
    codes, down = filters.many("providerCodes"), account.settings["providers_down"]
    items = []
    for code in CATALOGUE.providers:
        if _matches(codes, code):
            item = {"ProviderCode": code, "IsProcessingTransfers": code not in down}
            if down.get(code):
                item["Message"] = str(down[code])
            items.append(item)
    return answer({"Items": items})


@method("GET", "GetBalance")
def get_balance(account, filters):
    account.settle()
    return answer({"Balance": account.balance, "CurrencyIso": account.currency})


@method("GET", "GetCountries")
def get_countries(account, filters):
    items = [
        {
            "CountryIso": c["iso"],
            "CountryName": c["name"],
            "InternationalDialingInformation": [
                {"Prefix": c["prefix"], "MinimumLength": c["min"], "MaximumLength": c["max"]}
            ],
            "RegionCodes": [c["iso"]],
        }
        for c in CATALOGUE.raw["countries"]
    ]
    return answer({"Items": items})


@method("GET", "GetRegions")
def get_regions(account, filters):
    countries = filters.many("countryIsos")
    items = [
        {"RegionCode": c["iso"], "RegionName": c["name"], "CountryIso": c["iso"]}
        for c in CATALOGUE.raw["countries"]
        if _matches(countries, c["iso"])
    ]
    return answer({"Items": items})


@method("GET", "GetCurrencies")
def get_currencies(account, filters):
    names = CATALOGUE.raw["currencies"]
    return answer({"Items": [{"CurrencyIso": k, "CurrencyName": v} for k, v in names.items()]})


@method("GET", "GetErrorCodeDescriptions")
def get_error_code_descriptions(account, filters):
    return answer({"Items": [{"Code": k, "Message": v[1]} for k, v in CODES.items()]})


@method("POST", "ListTransferRecords")
def list_transfer_records(account, body):
    if not isinstance(body, dict):
        raise Problem("RequestInvalid")
    take, skip = body.get("Take"), body.get("Skip") or 0
    if take is None:
        raise Problem("ParameterMissing", "Take")
    for name, value in (("Take", take), ("Skip", skip)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem("ParameterInvalid", name)
    if not 1 <= take <= account.settings["max_take"]:
        raise Problem("ParameterOutOfRange", "Take")
    if skip < 0:
        raise Problem("ParameterOutOfRange", "Skip")
    account.settle()
    found = _find(account, body)
    page = found[skip : skip + take]
    more = len(found) > skip + take
    return answer({"Items": [transfers.wrapped(t) for t in page], "ThereAreMoreItems": more})


def _find(account, body):
    """Return the stored transfers that a list request asks for, newest first."""
    reference = body.get("DistributorRef")
    rows = account.by_reference.get(reference, []) if reference else account.transfers
    for field, key in (("TransferRef", "transfer_ref"), ("AccountNumber", "account_number")):
        if body.get(field):
            rows = [t for t in rows if t[key] == body[field]]
    return rows[::-1]


def _check_batch(body):
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise Problem("RequestInvalid")
    references = [item.get("BatchItemRef") for item in body]
    if not all(isinstance(r, str) and r for r in references):
        raise Problem("RequestInvalid")
    if len(set(references)) != len(references):
        raise Problem("BatchItemRefMustBeUnique")


@method("POST", "EstimatePrices")
def estimate_prices(account, body):
    _check_batch(body)
    items = []
    for question in body:
        item = {"BatchItemRef": question["BatchItemRef"]}
        try:
            item.update(_estimate(account, question), **SUCCESS)
        except Problem as problem:
            item.update(problem.envelope())
        items.append(item)
    return answer({"Items": items})


def _estimate(account, question):
    product = CATALOGUE.products.get(question.get("SkuCode"))
    if product is None:
        raise Problem("ParameterInvalid", "SkuCode")
    send, receive = question.get("SendValue") or 0, question.get("ReceiveValue") or 0
    for name, value in (("SendValue", send), ("ReceiveValue", receive)):
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Problem("ParameterInvalid", name)
    if bool(send) == bool(receive):
        raise Problem("ParameterCombinationInvalid" if send else "ParameterMissing", "SendValue")
    rate = CATALOGUE.rate(account.currency)
    low, high = prices.bounds(product, rate)
    send = Decimal(send).quantize(Decimal("0.01")) if send else None
    asked = "SendValue" if send else "ReceiveValue"
    send = send or prices.send_for(product, Decimal(receive), rate)
    if not low <= send <= high:
        raise Problem("ParameterOutOfRange", asked)
    drift = Decimal(str(account.settings["fx_drift"]))
    arrives = prices.receive_for(product, send, rate, drift)
    return {
        "Price": prices.price(product, send, arrives, account.currency),
        "SkuCode": product.sku,
    }


@method("POST", "CancelTransfers")
def cancel_transfers(account, body):
    _check_batch(body)
    account.settle()
    return answer({"Items": [_cancel(account, item) for item in body]})


def _cancel(account, item):
    wanted = item.get("TransferId") or {}
    reference = {k: str(wanted.get(k) or "") for k in ("TransferRef", "DistributorRef")}
    rows = account.by_reference.get(reference["DistributorRef"], ())
    found = next((t for t in rows if t["transfer_ref"] == reference["TransferRef"]), None)
    outcome = {"TransferId": reference, "BatchItemRef": item["BatchItemRef"]}
    if found is None:
        problem = Problem("ParameterInvalid", "TransferId")
        return {**outcome, "ProcessingState": "Failed", **problem.envelope()}
    if found["state"] == "Submitted":
        account.finish(found, "Cancelled")
        return {**outcome, "ProcessingState": "Cancelled", **SUCCESS}
    problem = Problem("OtherError", "TransferNotCancellable")
    return {**outcome, "ProcessingState": found["state"], **problem.envelope()}
