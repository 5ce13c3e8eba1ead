"""PGecom's PG Pay. There is no OpenAPI file; what its public pages say is held here."""

import base64
import json
import time

import pytest

from tests.contract.callers import http, press


def orders(pgecom):
    return pgecom.sandbox.orders(pgecom.account)


@pytest.mark.parametrize(
    "change",
    [
        {"userID": "nobody"},
        {"userID": None},
        {"amount": "55"},
        {"amount": 0},
        {"amount": None},
        {"currency": "pgk"},
        {"paymentMethods": ["card"]},
        {"webhookUrl": "https://example.com/hook"},
        {"metadata": {"webhookUrl": "https://example.com/hook"}},
    ],
)
def test_refused(pgecom, change):
    status, data = pgecom.create(**change)
    assert status == data["status"] == 400 and data["message"]
    assert orders(pgecom) == []


def test_create(pgecom):
    status, order = pgecom.create(orderId="T-1")
    assert (status, order["id"], order["orderId"]) == (200, "T-1", "T-1")
    assert (order["status"], order["paymentStatus"]) == ("pending", "pending")
    token = order["metadata"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["orderId"] == "T-1" and claims["exp"] - claims["iat"] == 3600
    assert f"/pgecom/payment/pgpay/{token}" in order["metadata"]["returnUrl"]


def test_gourdes_are_what_was_asked_and_amount_is_not(pgecom):
    order = pgecom.create(amount=55, currency="htg")[1]
    assert order["gourdes"] == 55 and order["amount"] == pytest.approx(0.3062, abs=1e-4)
    order = pgecom.create(amount=10.5, currency="usd")[1]
    assert order["amount"] == 10.5 and "gourdes" not in order


def test_a_repeated_order_is_refused(pgecom):
    pgecom.create(orderId="T-1")
    status, data = pgecom.create(orderId="T-1")
    assert status == 400 and "Order ID T-1 already exist" in data["message"]
    assert len(orders(pgecom)) == 1


@pytest.mark.parametrize(
    ("button", "status", "url"),
    [
        ("pay", "completed", "http://127.0.0.1:9/success?transactionId="),
        ("close", "completed", None),
        ("decline", "failed", "http://127.0.0.1:9/error?transactionId="),
        ("cancel", "pending", "http://127.0.0.1:9/error?transactionId="),
    ],
)
def test_buttons_of_the_page(pgecom, button, status, url):
    order = pgecom.create()[1]
    page = order["metadata"]["returnUrl"]
    assert b"HTG 55" in http("GET", page)[1]
    sent = press(page, button)[1]
    assert sent is None if url is None else sent.startswith(url + order["id"])
    seen = pgecom.verify(order)[1]
    assert seen["status"] == seen["paymentStatus"] == status
    assert seen["gourdes"] == 55


def test_asked_by_token_and_by_order(pgecom):
    order = pgecom.create()[1]
    token = {"Authorization": f"Bearer {pgecom.account['api_token']}"}
    path = f"/api/order/{order['id']}"
    assert pgecom.verify(order) == pgecom.call("GET", path, headers=token) == (200, order)
    assert pgecom.call("GET", path)[0] == 401
    assert pgecom.call("GET", path + "x", headers=token)[0] == 400
    forged = {"metadata": {"token": order["metadata"]["token"] + "x"}}
    assert pgecom.verify(forged)[0] == 401
    assert pgecom.call("POST", "/api/pgpay/order", {})[0] == 401


def test_a_token_that_has_expired(pgecom):
    pgecom.sandbox.update(pgecom.account, token_seconds=1)
    order = pgecom.create()[1]
    time.sleep(1.1)
    assert pgecom.verify(order)[0] == 401
    assert http("GET", order["metadata"]["returnUrl"])[0] == 401
    token = {"Authorization": f"Bearer {pgecom.account['api_token']}"}
    assert pgecom.call("GET", f"/api/order/{order['id']}", headers=token)[0] == 200


def test_the_webhook_proves_nothing(pgecom, receiver):
    order = pgecom.create(webhookUrl=receiver.url)[1]
    pgecom.sandbox.pay(order["id"])
    (body,) = receiver.wait(1)
    assert body == {
        "orderId": order["id"],
        "status": "completed",
        "transactionId": order["id"],
        "currency": "htg",
        "token": order["metadata"]["token"],
    }
    assert not [name for name in receiver.headers[0] if "sign" in name]


@pytest.mark.parametrize(
    ("fault", "options", "money"),
    [
        ("wrong_amount", {"amount": 100}, {"currency": "htg", "gourdes": 1}),
        ("wrong_currency", {"code": "usd"}, {"currency": "usd", "amount": 55}),
    ],
)
def test_wrong_money(pgecom, fault, options, money):
    on = "POST /api/pgpay/token"
    pgecom.sandbox.add_fault(pgecom.account, on, fault, **options)
    order = pgecom.create()[1]
    pgecom.sandbox.pay(order["id"])
    seen = pgecom.verify(order)[1]
    assert {k: seen[k] for k in money} == money
