"""DingConnect: signing in, the limit of a test agent, bills, the catalogue of real size."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter

BILL_SKU, BILL_NUMBER = "BA51A2PH20077", "630000123451"


def ask_token(ding, **changes):
    """Return (status, body) of a request for a token."""
    account = ding.sandbox.account(ding.account)
    form = {
        "client_id": account["client_id"],
        "client_secret": account["client_secret"],
        "grant_type": "client_credentials",
        **changes,
    }
    url = f"{ding.sandbox.dingconnect_url}/idp/connect/token"
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def bearer(ding, token):
    return ding.call("GetBalance", headers={"Authorization": f"Bearer {token}"})


def test_token_signs_in(ding):
    status, token = ask_token(ding)
    assert (status, token["token_type"], token["expires_in"]) == (200, "Bearer", 3600)
    ding.key = "wrong"
    assert bearer(ding, token["access_token"])[0] == 200
    assert bearer(ding, "another")[0] == 401


def test_wrong_client_gets_no_token(ding):
    for changes in ({"client_secret": "x"}, {"client_id": "x"}):
        assert ask_token(ding, **changes) == (400, {"error": "invalid_client"})
    assert ask_token(ding, grant_type="password")[1] == {"error": "unsupported_grant_type"}


def test_token_ends(make_ding):
    ding = make_ding(settings={"token_seconds": 0})
    token = ask_token(ding)[1]["access_token"]
    assert bearer(ding, token)[0] == 401


def test_daily_limit_of_a_test_agent(make_ding):
    ding = make_ding(settings={"test_agent": True, "daily_limit": 2})
    query = {"countryIsos": "FJ"}
    assert [ding.call("GetProducts", query=query)[0] for _ in range(3)] == [200, 200, 503]
    assert ding.call("GetProviders")[1]["ErrorCodes"] == [{"Code": "RateLimited"}]
    assert ding.call("GetBalance")[0] == 200


def test_bills(ding):
    body = {"SkuCode": BILL_SKU, "AccountNumber": BILL_NUMBER}
    status, data = ding.call("LookupBills", body)
    assert (status, data["ResultCode"], len(data["Items"])) == (200, 1, 2)
    assert ding.call("LookupBills", {**body, "AccountNumber": "630000123459"})[1]["Items"] == []
    assert ding.call("LookupBills", {**body, "SkuCode": "PG_DC_TopUp"})[0] == 400
    bill = data["Items"][0]
    order = {"SkuCode": BILL_SKU, "AccountNumber": BILL_NUMBER}
    order["SendValue"] = bill["Price"]["SendValue"]
    assert ding.send(**order)[1]["ErrorCodes"] == [
        {"Code": "ParameterMissing", "Context": "BillRef"}
    ]
    assert ding.send(**order, BillRef="BILL0")[1]["ErrorCodes"][0]["Context"] == "BillRef"
    assert ding.send(**order, BillRef=bill["BillRef"])[0] == 200


def test_full_catalogue(make_ding):
    ding = make_ding(settings={"full_catalogue": True})
    counts = {
        method: len(ding.call(method)[1]["Items"])
        for method in ("GetProviders", "GetCountries", "GetProviderStatus")
    }
    assert counts == {"GetProviders": 4051, "GetCountries": 220, "GetProviderStatus": 4051}
    products = ding.call("GetProducts", valid=False)[1]["Items"]
    assert len({p["SkuCode"] for p in products}) == len(products) == 17600
    assert {p["ProviderCode"] for p in products} == {
        p["ProviderCode"] for p in ding.call("GetProviders")[1]["Items"]
    }
    mobile = [p for p in products if p["RedemptionMechanism"] == "Immediate"]
    mobile = [p for p in mobile if "Mobile" in p["Benefits"]]
    ranges = [p for p in mobile if p["Minimum"]["SendValue"] != p["Maximum"]["SendValue"]]
    countries = Counter(p["RegionCode"] for p in mobile)
    assert (len(mobile), len(ranges), len(countries)) == (4062, 271, 146)
    assert [n for _c, n in countries.most_common(4)] == [333, 242, 170, 167]
    assert {"PG_DC_TopUp", "NG_MT_TopUp"} <= {p["SkuCode"] for p in mobile}
