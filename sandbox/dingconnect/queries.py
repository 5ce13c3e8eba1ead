"""Reference data: countries, providers, products, promotions, the balance."""

from decimal import Decimal

from sandbox.dingconnect import logos, numbers, prices
from sandbox.dingconnect.errors import CODES, Problem, answer, answer_items
from sandbox.dingconnect.methods import method


def _digits(number):
    digits = number.removeprefix("+")
    if not digits.isdigit():
        raise Problem("AccountNumberInvalid", "AccountNumberFailedRegex")
    return digits


def _matches(values, *candidates):
    """Say whether a filter is absent or names one of the candidates."""
    return values is None or any(candidate in values for candidate in candidates)


def _providers_of(account, number):
    """Return the providers that serve a number; empty when it is not certain."""
    digits = _digits(number)
    country = numbers.find_country(account.catalogue, digits)
    if country is None:
        raise Problem("AccountNumberInvalid")
    return numbers.find_providers(account.catalogue, country, digits)


@method("GET", "GetProviders")
def get_providers(account, filters):
    codes, countries = filters.many("providerCodes"), filters.many("countryIsos")
    regions, number = filters.many("regionCodes"), filters.one("accountNumber")
    known = _providers_of(account, number) if number else []
    rows = account.catalogue.providers.values()
    items = [
        text
        for p, text in account.catalogue.items("providers", account, rows, _wire_provider)
        if _matches(codes, p.code)
        and _matches(countries, p.country)
        and _matches(regions, p.country)
        and (not known or p in known)
    ]
    return answer_items(items)


def _wire_provider(account, provider):
    wire = {
        "ProviderCode": provider.code,
        "CountryIso": provider.country,
        "Name": provider.name,
        "ShortName": provider.short,
        "ValidationRegex": provider.regex,
        "RegionCodes": [provider.country],
        "PaymentTypes": ["Prepaid"],
        "LogoUrl": logos.url(provider.code),
    }
    if provider.care:
        wire["CustomerCareNumber"] = provider.care
    return wire


@method("GET", "GetProducts")
def get_products(account, filters):
    skus, codes = filters.many("skuCodes"), filters.many("providerCodes")
    countries, regions = filters.many("countryIsos"), filters.many("regionCodes")
    benefits, number = filters.many("benefits"), filters.one("accountNumber")
    known = _providers_of(account, number) if number else []
    rows = account.catalogue.products.values()
    items = [
        text
        for p, text in account.catalogue.items("products", account, rows, _wire_product)
        if _matches(skus, p.sku)
        and _matches(codes, p.provider.code)
        and _matches(countries, p.provider.country)
        and _matches(regions, p.provider.country)
        and _matches(benefits, *p.benefits)
        and (not known or p.provider in known)
    ]
    return answer_items(items)


def _wire_product(account, product):
    low, high = prices.bounds(product, account.catalogue.rate(account.currency))
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
    if product.bills:
        wire["LookupBillsRequired"] = True
    if product.validity:
        wire["ValidityPeriodIso"] = product.validity
    return wire


@method("GET", "GetProductDescriptions")
def get_product_descriptions(account, filters):
    languages, skus = filters.many("languageCodes"), filters.many("skuCodes")
    rows = account.catalogue.products.values()
    items = [
        text
        for p, text in account.catalogue.items("descriptions", account, rows, _wire_description)
        if _matches(skus, p.sku) and _matches(languages, "en")
    ]
    return answer_items(items)


def _wire_description(account, product):
    wire = {
        "DisplayText": product.text,
        "DescriptionMarkdown": product.about,
        "LocalizationKey": product.sku,
        "LanguageCode": "en",
    }
    if product.more:
        wire["ReadMoreMarkdown"] = product.more
    return wire


@method("GET", "GetAccountLookup")
def get_account_lookup(account, filters):
    number = filters.one("accountNumber")
    if not number:
        raise Problem("ParameterMissing", "AccountNumber")
    digits = _digits(number)
    country = numbers.find_country(account.catalogue, digits)
    if country is None:
        raise Problem("AccountNumberInvalid")
    found = numbers.find_providers(account.catalogue, country, digits)
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
    for code in account.catalogue.providers:
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
        for c in account.catalogue.raw["countries"]
    ]
    return answer({"Items": items})


@method("GET", "GetRegions")
def get_regions(account, filters):
    countries = filters.many("countryIsos")
    items = [
        {"RegionCode": c["iso"], "RegionName": c["name"], "CountryIso": c["iso"]}
        for c in account.catalogue.raw["countries"]
        if _matches(countries, c["iso"])
    ]
    return answer({"Items": items})


@method("GET", "GetCurrencies")
def get_currencies(account, filters):
    names = account.catalogue.raw["currencies"]
    return answer({"Items": [{"CurrencyIso": k, "CurrencyName": v} for k, v in names.items()]})


@method("GET", "GetErrorCodeDescriptions")
def get_error_code_descriptions(account, filters):
    return answer({"Items": [{"Code": k, "Message": v[1]} for k, v in CODES.items()]})


@method("GET", "GetPromotions")
def get_promotions(account, filters):
    countries, codes = filters.many("countryIsos"), filters.many("providerCodes")
    number = filters.one("accountNumber")
    known = {p.code for p in _providers_of(account, number)} if number else set()
    items = [
        {
            "ProviderCode": p["provider"],
            "StartUtc": p["start"],
            "EndUtc": p["end"],
            "CurrencyIso": account.catalogue.country(p["country"])["currency"],
            "ValidityPeriodIso": p["validity"],
            "MinimumSendAmount": Decimal(p["minimum"]) * account.catalogue.rate(account.currency),
            "LocalizationKey": p["key"],
        }
        for p in account.catalogue.raw["promotions"]
        if _matches(countries, p["country"])
        and _matches(codes, p["provider"])
        and (not known or p["provider"] in known)
    ]
    return answer({"Items": items})


@method("GET", "GetPromotionDescriptions")
def get_promotion_descriptions(account, filters):
    languages = filters.many("languageCodes")
    items = [_wire_promotion(account, p) for p in account.catalogue.raw["promotions"]]
    return answer({"Items": items if _matches(languages, "en") else []})


def _wire_promotion(account, promotion):
    kind, quantity, days = promotion["bonus"]
    minimum = Decimal(promotion["minimum"]) * account.catalogue.rate(account.currency)
    bonus = {"BonusType": kind, "Quantity": Decimal(quantity), "Validity": days}
    return {
        "Dates": "",
        "Headline": promotion["headline"],
        "TermsAndConditionsMarkDown": promotion["terms"],
        "BonusValidity": f"{days} days",
        "PromotionType": "Bonus data",
        "LocalizationKey": promotion["key"],
        "LanguageCode": "en",
        "SendAmounts": [{"Minimum": minimum, "Maximum": minimum * 10, "Bonuses": [bonus]}],
    }
