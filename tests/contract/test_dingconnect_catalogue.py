"""Reference data of DingConnect."""

import json
import re
import urllib.request

import pytest

GETS = (
    *("GetProviders", "GetProducts", "GetProductDescriptions", "GetProviderStatus", "GetBalance"),
    *("GetCountries", "GetRegions", "GetCurrencies", "GetErrorCodeDescriptions"),
    *("GetPromotions", "GetPromotionDescriptions"),
)


def codes(answer):
    return [item["ProviderCode"] for item in answer["Items"]]


@pytest.mark.parametrize("method", GETS)
def test_answer_is_by_contract_and_has_no_null(ding, method):
    status, data = ding.call(method)
    assert (status, data["ResultCode"], data["ErrorCodes"]) == (200, 1, [])
    assert "null" not in json.dumps(data)
    assert data.get("Items", True)


@pytest.mark.parametrize("method", [*GETS, "GetAccountLookup"])
def test_wrong_key_is_refused(ding, method):
    ding.key = "wrong"
    status, data = ding.call(method)
    assert status == 401
    assert (data["ResultCode"], data["ErrorCodes"]) == (4, [{"Code": "AuthenticationFailed"}])


def test_catalogue_has_the_countries_and_operators(ding):
    providers = ding.call("GetProviders", query={"countryIsos": "PG"})[1]["Items"]
    assert {"Digicel", "bmobile", "Vodafone"} <= {p["ShortName"] for p in providers}
    for country in ("PG", "FJ", "VU", "PH"):
        products = ding.call("GetProducts", query={"countryIsos": country})[1]["Items"]
        fixed = [p for p in products if p["Minimum"]["SendValue"] == p["Maximum"]["SendValue"]]
        assert len(products) >= 3 and fixed
        assert country == "PH" or len(fixed) < len(products)


def test_uat_numbers_fit_their_providers(ding):
    rules = {p["ProviderCode"]: p for p in ding.call("GetProviders")[1]["Items"]}
    for product in ding.call("GetProducts")[1]["Items"]:
        rule = rules[product["ProviderCode"]]["ValidationRegex"]
        assert re.fullmatch(rule, product["UatNumber"]), product["SkuCode"]
        assert product["UatNumber"].endswith("0")
        assert not re.fullmatch(rule, "+" + product["UatNumber"])


def test_every_product_has_its_texts(ding):
    texts = {d["LocalizationKey"] for d in ding.call("GetProductDescriptions")[1]["Items"]}
    assert {p["LocalizationKey"] for p in ding.call("GetProducts")[1]["Items"]} == texts


def test_array_filters_repeat_the_key(ding):
    both = ding.call("GetProviders", query=[("providerCodes", "DCPG"), ("providerCodes", "DCFJ")])
    assert codes(both[1]) == ["DCPG", "DCFJ"]
    status, data = ding.call("GetProviders", query={"providerCodes": "DCPG,DCFJ"})
    assert status == 400
    assert data["ErrorCodes"] == [{"Code": "ParameterInvalid", "Context": "ProviderCodes"}]


@pytest.mark.parametrize("key", ["countryIsos", "CountryIsos", "COUNTRYISOS", "CountryIsos[0]"])
def test_filter_names_have_no_case(ding, key):
    assert set(codes(ding.call("GetProviders", query={key: "VU"})[1])) == {"DCVU", "V0VU"}


def test_blank_filter_is_refused(ding):
    status, data = ding.call("GetProducts", query={"countryIsos": ""})
    assert status == 400
    assert data["ErrorCodes"] == [{"Code": "ParameterInvalid", "Context": "CountryIsos"}]


def test_products_of_a_number(ding):
    exact = ding.call("GetProducts", query={"accountNumber": "67576000000"})[1]
    assert set(codes(exact)) == {"BMPG"}
    everything = ding.call("GetProducts")[1]["Items"]
    unmatched = ding.call("GetProducts", query={"accountNumber": "67512345678"})[1]["Items"]
    assert len(unmatched) == len(everything)
    assert ding.call("GetProducts", query={"accountNumber": "99912345678"})[0] == 400


def test_account_lookup(ding):
    exact = ding.call("GetAccountLookup", query={"accountNumber": "+67571234567"})[1]
    assert (exact["ResultCode"], exact["CountryIso"], codes(exact)) == (1, "PG", ["DCPG"])
    assert exact["AccountNumberNormalized"] == "67571234567"
    status, near = ding.call("GetAccountLookup", query={"accountNumber": "67512345678"})
    assert (status, near["ResultCode"], near["Items"]) == (200, 2, [])
    assert near["ErrorCodes"] == [{"Code": "NearestMatch"}]
    status, lost = ding.call("GetAccountLookup", query={"accountNumber": "99912345678"})
    assert (status, lost["ResultCode"]) == (400, 4)
    assert ding.call("GetAccountLookup")[1]["ErrorCodes"][0]["Code"] == "ParameterMissing"


def test_prices_are_in_the_account_currency(make_ding):
    australian = make_ding(currency="AUD")
    product = australian.call("GetProducts", query={"skuCodes": "DCPG51871"})[1]["Items"][0]
    assert product["Minimum"]["SendCurrencyIso"] == "AUD"
    assert product["Minimum"]["SendValue"] == pytest.approx(2.86 * 1.52, abs=0.01)
    assert product["Minimum"]["ReceiveValue"] == 10


def test_provider_that_is_down(ding):
    ding.sandbox.update(ding.account, providers_down={"DCPG": "maintenance"})
    items = ding.call("GetProviderStatus", query={"providerCodes": "DCPG"})[1]["Items"]
    assert items == [
        {"ProviderCode": "DCPG", "IsProcessingTransfers": False, "Message": "maintenance"}
    ]
    status, data = ding.send()
    assert status == 500
    assert data["ErrorCodes"][0]["Context"] == "ProviderTemporarilyUnavailable"


def test_estimate_prices(ding):
    questions = [
        {"SkuCode": "PG_DC_TopUp", "BatchItemRef": "a", "SendValue": 5.0},
        {"SkuCode": "PG_DC_TopUp", "BatchItemRef": "b", "ReceiveValue": 17.5},
        {"SkuCode": "PG_DC_TopUp", "BatchItemRef": "c", "SendValue": 5.0, "ReceiveValue": 17.5},
        {"SkuCode": "PG_DC_TopUp", "BatchItemRef": "d", "SendValue": 500.0},
        {"SkuCode": "nothing", "BatchItemRef": "e", "SendValue": 5.0},
    ]
    status, data = ding.call("EstimatePrices", questions)
    items = {item["BatchItemRef"]: item for item in data["Items"]}
    assert status == 200
    assert items["a"]["Price"]["ReceiveValue"] == 17.5
    assert items["b"]["Price"]["SendValue"] == 5
    found = [items[key]["ErrorCodes"][0]["Code"] for key in "cde"]
    assert found == ["ParameterCombinationInvalid", "ParameterOutOfRange", "ParameterInvalid"]
    twice = [questions[0], questions[0]]
    error = ding.call("EstimatePrices", twice)[1]["ErrorCodes"]
    assert error == [{"Code": "BatchItemRefMustBeUnique"}]
    nameless = [{"SkuCode": "PG_DC_TopUp", "SendValue": 5.0}]
    error = ding.call("EstimatePrices", nameless, valid=False)[1]["ErrorCodes"]
    assert error == [{"Code": "RequestInvalid"}]


def test_logos_are_served_here_and_differ(ding):
    logos = [item["LogoUrl"] for item in ding.call("GetProviders")[1]["Items"]]
    first, second = (urllib.request.urlopen(url, timeout=10) for url in logos[:2])
    with first, second:
        bodies = first.read(), second.read()
    assert first.headers["content-type"] == "image/png"
    assert all(body.startswith(b"\x89PNG\r\n\x1a\n") for body in bodies)
    assert bodies[0] != bodies[1]
