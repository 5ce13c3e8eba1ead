"""PayPal's tokens and orders: refusals first, then the way to an approval."""

import concurrent.futures
import json
import time

import pytest

from tests.contract.callers import http, issue_of, press

PATH = "/v2/checkout/orders"
NO_CURRENCY = {"amount": {"value": "1.00"}}
# body, where the contract and the sandbox both have to refuse
WRONG = [
    {},
    {"intent": "PAY"},
    {"intent": "CAPTURE"},
    {"intent": "CAPTURE", "purchase_units": []},
    {"intent": "CAPTURE", "purchase_units": [{}]},
    {"intent": "CAPTURE", "purchase_units": [NO_CURRENCY]},
    {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "USD", "value": 12.5}}],
    },
    {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "USD", "value": "12,50"}}],
    },
    {
        "intent": "CAPTURE",
        "purchase_units": [
            {"custom_id": "x" * 128, "amount": {"currency_code": "USD", "value": "1.00"}}
        ],
    },
]
CURRENCIES = (
    *("AUD", "BRL", "CAD", "CZK", "DKK", "EUR", "HKD", "ILS", "MYR", "MXN", "NZD", "NOK", "PHP"),
    *("PLN", "GBP", "RUB", "SGD", "SEK", "CHF", "THB", "USD"),
)


@pytest.mark.parametrize("body", WRONG)
def test_what_the_contract_refuses_is_refused(paypal, body):
    assert paypal.check.request("POST", PATH, json.dumps(body)), "the checker must see it"
    status, data = paypal.call("POST", PATH, body, valid=False)
    assert status == 400 and data["name"] == "INVALID_REQUEST"
    assert paypal.check.response("POST", PATH, 400, data) == []
    assert paypal.sandbox.orders(paypal.account) == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"', b"null"])
def test_a_body_that_is_no_object(paypal, raw):
    status, content, _headers = paypal.raw("POST", PATH, raw)
    assert status == 400, content


def test_a_body_must_be_json(paypal):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert paypal.raw("POST", PATH, b"intent=CAPTURE", headers)[0] == 400


# === TOKENS === #


def test_token(paypal):
    status, data = paypal.get_token()
    assert (status, data["token_type"], data["expires_in"]) == (200, "Bearer", 32400)
    assert paypal.get_token("grant_type=password")[0] == 400
    assert paypal.get_token("")[0] == 400


def test_wrong_client(paypal, make_paypal):
    other = make_paypal()
    for basic in (
        paypal.basic(secret="wrong"),
        paypal.basic(client="nobody"),
        paypal.basic(secret=other.account["client_secret"]),
        "Basic !!!",
        "Bearer x",
    ):
        status, data = paypal.get_token(basic=basic)
        assert (status, data["error"]) == (401, "invalid_client")


def test_token_expires_and_belongs_to_its_account(paypal, make_paypal):
    paypal.sandbox.update(paypal.account, token_seconds=1)
    order = paypal.order()
    assert paypal.get_order(order)["id"] == order["id"]
    time.sleep(1.1)
    path = f"{PATH}/{order['id']}"
    status, data = paypal.call("GET", path)
    assert (status, data["name"]) == (401, "AUTHENTICATION_FAILURE")
    for header in (None, "Bearer x", "Basic eA==", "Bearer A21AA" + "0" * 60):
        assert paypal.raw("GET", path, headers={"Authorization": header})[0] == 401
    assert make_paypal().call("GET", path)[0] == 404


def test_credentials_of_ones_own(paypal, sandbox):
    given = {"client_id": "mine", "client_secret": "test_own"}
    first = sandbox.create_account("paypal", **given)
    assert sandbox.create_account("paypal", **given)["id"] == first["id"]
    for values in ({**given, "client_secret": "other"}, {"client_secret": "live_x"}):
        with pytest.raises(Exception, match="400"):
            sandbox.create_account("paypal", **values)


# === CREATE === #


def test_create_with_a_wallet(paypal):
    order = paypal.order()
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    assert [link["rel"] for link in order["links"]] == ["self", "payer-action"]
    assert order["links"][1]["href"].endswith(f"/paypal/checkoutnow?token={order['id']}")
    unit = order["purchase_units"][0]
    assert (unit["custom_id"], unit["amount"]["value"]) == ("T-1", "12.50")
    assert paypal.get_order(order) == order


def test_create_without_a_wallet(paypal):
    order = paypal.order(wallet=False)
    assert order["status"] == "CREATED"
    assert [link["rel"] for link in order["links"]] == ["self", "approve", "update", "capture"]


def test_short_answer_unless_asked(paypal):
    order = paypal.order(whole=False)
    assert sorted(order) == ["id", "links", "payment_source", "status"]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_currencies_with_decimals(paypal, currency):
    amount = paypal.order(value="7.05", currency=currency)["purchase_units"][0]["amount"]
    assert amount == {"currency_code": currency, "value": "7.05"}


@pytest.mark.parametrize("currency", ["HUF", "JPY", "TWD"])
def test_currencies_without_decimals(paypal, currency):
    amount = paypal.order(value="705", currency=currency)["purchase_units"][0]["amount"]
    assert amount["value"] == "705"
    for value in ("7.05", "705.00"):
        answer = paypal.call("POST", PATH, paypal.params(value=value, currency=currency))
        assert issue_of(answer) == (422, "DECIMAL_PRECISION")


@pytest.mark.parametrize("currency", ["PGK", "FJD", "SBD", "VUV", "WST", "TOP", "XPF", "ISK"])
def test_currencies_that_paypal_has_not(paypal, currency):
    answer = paypal.call("POST", PATH, paypal.params(currency=currency))
    assert issue_of(answer) == (422, "INVALID_CURRENCY_CODE")


@pytest.mark.parametrize(
    ("value", "issue"),
    [
        ("0.00", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("-1.00", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("1.005", "DECIMAL_PRECISION"),
    ],
)
def test_amounts_that_do_not_fit(paypal, value, issue):
    assert issue_of(paypal.call("POST", PATH, paypal.params(value=value))) == (422, issue)


def test_only_captures_of_one_unit(paypal):
    body = {**paypal.params(), "intent": "AUTHORIZE"}
    assert issue_of(paypal.call("POST", PATH, body)) == (422, "AUTH_CAPTURE_NOT_ENABLED")
    body = {**paypal.params(), "purchase_units": [paypal.unit(), paypal.unit()]}
    assert issue_of(paypal.call("POST", PATH, body)) == (400, "INVALID_ARRAY_MAX_ITEMS")


def test_same_request_id_is_one_order_whatever_the_body_says(paypal):
    first = paypal.order(key="k-1")
    body = paypal.params(value="99.00")
    headers = {"PayPal-Request-Id": "k-1", "Prefer": "return=representation"}
    status, again = paypal.call("POST", PATH, body, headers=headers)
    assert (status, again) == (200, first)
    assert len(paypal.sandbox.orders(paypal.account)) == 1
    assert paypal.order(key="k-2")["id"] != first["id"]


def test_a_refused_request_id_may_be_used_again(paypal):
    headers = {"PayPal-Request-Id": "k-3"}
    wrong = paypal.params(currency="PGK")
    assert paypal.call("POST", PATH, wrong, headers=headers)[0] == 422
    assert paypal.call("POST", PATH, paypal.params(), headers=headers)[0] == 201


def test_same_request_id_at_once(paypal):
    paypal.get_order({"id": "X"})
    paypal.sandbox.add_fault(paypal.account, f"POST {PATH}", "delay", seconds=0.5)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(paypal.order, key="k-4")
        time.sleep(0.2)
        headers = {"PayPal-Request-Id": "k-4"}
        answer = paypal.call("POST", PATH, paypal.params(), headers=headers)
        assert issue_of(answer) == (409, "PREVIOUS_REQUEST_IN_PROGRESS")
        assert paypal.sandbox.orders(paypal.account)[0]["id"] == first.result()["id"]


# === CHANGE === #


def patch(paypal, order, name, value, unit="T-1", operation="replace"):
    path = f"/purchase_units/@reference_id=='{unit}'/{name}"
    rows = [{"op": operation, "path": path, "value": value}]
    return paypal.call("PATCH", f"{PATH}/{order['id']}", rows)


def test_patch(paypal):
    order = paypal.order()
    amount = {"currency_code": "USD", "value": "9.00"}
    assert patch(paypal, order, "amount", amount) == (204, None)
    assert patch(paypal, order, "custom_id", "T-2") == (204, None)
    unit = paypal.get_order(order)["purchase_units"][0]
    assert (unit["amount"], unit["custom_id"]) == (amount, "T-2")
    for refused in (
        patch(paypal, order, "payee", {}),
        patch(paypal, order, "custom_id", "x", unit="other"),
        patch(paypal, order, "custom_id", None, operation="remove"),
    ):
        assert issue_of(refused) == (422, "NOT_PATCHABLE")
    paypal.sandbox.pay(order["id"])
    paypal.capture(order)
    refused = patch(paypal, order, "custom_id", "T-3")
    assert issue_of(refused) == (422, "ORDER_ALREADY_COMPLETED")


def test_no_such_thing(paypal):
    for path in (f"{PATH}/X1", "/v2/payments/captures/X1", "/v2/payments/refunds/X1"):
        assert issue_of(paypal.call("GET", path)) == (404, "INVALID_RESOURCE_ID")
    assert json.loads(paypal.raw("GET", "/v2/nothing")[1])["name"] == "RESOURCE_NOT_FOUND"


# === THE PAYER'S PAGE === #


@pytest.mark.parametrize("wallet", [True, False])
@pytest.mark.parametrize("button", ["approve", "close", "decline", "echeck"])
def test_buttons_that_approve(paypal, wallet, button):
    order = paypal.order(wallet=wallet)
    page = order["links"][1]["href"]
    status, content, _headers = http("GET", page)
    assert status == 200 and b"USD 12.50" in content and b"Kumul Mobile" in content
    status, url, _text = press(page, button)
    seen = paypal.get_order(order)
    assert seen["status"] == "APPROVED"
    payer = seen["payer"]["payer_id"]
    assert seen["payment_source"]["paypal"]["account_id"] == payer
    back = f"http://127.0.0.1:9/return?reference=T-1&token={order['id']}&PayerID={payer}"
    assert (status, url) == ((200, None) if button == "close" else (303, back))
    assert paypal.events() == ["CHECKOUT.ORDER.APPROVED"]


def test_cancel_leaves_the_order_open(paypal):
    order = paypal.order()
    page = order["links"][1]["href"]
    assert press(page, "cancel")[:2] == (303, f"http://127.0.0.1:9/cancel?token={order['id']}")
    assert paypal.get_order(order)["status"] == "PAYER_ACTION_REQUIRED"
    assert press(page, "approve")[0] == 303


def test_a_page_that_is_done(paypal):
    order = paypal.order()
    page = order["links"][1]["href"]
    press(page, "approve")
    assert b"You have approved" in http("GET", page)[1]
    assert "You have approved" in press(page, "approve")[2]
    assert http("GET", page[:-3])[0] == 404
    with pytest.raises(Exception, match="not waiting"):
        paypal.sandbox.pay(order["id"])
    assert paypal.events() == ["CHECKOUT.ORDER.APPROVED"]


def test_the_page_shows_no_foreign_html(paypal):
    order = paypal.order(description="<script>alert(1)</script>")
    content = http("GET", order["links"][1]["href"])[1]
    assert b"<script" not in content and b"&lt;script" in content
