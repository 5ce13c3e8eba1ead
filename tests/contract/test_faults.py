"""Faults on demand, for both services, and how many slow calls may be in flight."""

import concurrent.futures
import http.client
import json
import time

import pytest
import stripe

from sandbox.client import SandboxError

ORDER = {
    "SkuCode": "PG_DC_TopUp",
    "SendValue": 1,
    "AccountNumber": "67571234567",
    "DistributorRef": "T-1",
    "ValidateOnly": False,
}
# fault, its options, status and start of the body, transfers executed
BROKEN = [
    ("http_500", {}, 500, b"Internal", 0),
    ("http_500_after", {}, 500, b"Internal", 1),
    ("http_500_html", {}, 500, b"<html>", 0),
    ("html_403", {}, 403, b"<html>", 0),
    ("empty", {}, 200, b"", 1),
    ("empty", {"when": "before"}, 200, b"", 0),
    ("garbled", {}, 200, b'{"TransferRecord"', 1),
]


def executed(ding):
    return len(ding.sandbox.transfers(ding.account))


@pytest.mark.parametrize(("fault", "options", "status", "start", "count"), BROKEN)
def test_broken_answers(ding, fault, options, status, start, count):
    ding.sandbox.add_fault(ding.account, "SendTransfer", fault, **options)
    got = ding.raw("SendTransfer", ORDER)
    assert got[0] == status and got[1].startswith(start)
    with pytest.raises(ValueError):
        json.loads(got[1])
    assert executed(ding) == count
    assert ding.send()[0] == 200, "the fault is used up"


@pytest.mark.parametrize(("when", "count"), [("after", 1), ("before", 0)])
def test_lost_answer(ding, when, count):
    ding.sandbox.add_fault(ding.account, "SendTransfer", "lose_answer", when=when)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ding.raw("SendTransfer", ORDER)
    assert executed(ding) == count
    assert len(ding.list(DistributorRef="T-1")["Items"]) == count


@pytest.mark.parametrize(("when", "count"), [("after", 1), ("before", 0)])
def test_delay(ding, when, count):
    ding.sandbox.add_fault(ding.account, "SendTransfer", "delay", seconds=0.4, when=when)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        started = time.monotonic()
        call = pool.submit(ding.raw, "SendTransfer", ORDER)
        time.sleep(0.2)
        assert executed(ding) == count
        assert call.result()[0] == 200
    assert time.monotonic() - started >= 0.4
    assert executed(ding) == 1


def test_refuse_and_throttle(ding):
    add = ding.sandbox.add_fault
    add(ding.account, "SendTransfer", "refuse", code="ProviderError", context="RechargeNotAllowed")
    add(ding.account, "SendTransfer", "throttle", times=2)
    status, data = ding.send()
    assert (status, data["ResultCode"]) == (500, 5)
    assert data["ErrorCodes"] == [{"Code": "ProviderError", "Context": "RechargeNotAllowed"}]
    assert [ding.send()[1]["ErrorCodes"][0]["Code"] for _ in range(2)] == ["RateLimited"] * 2
    assert executed(ding) == 0 and ding.send()[0] == 200


def test_spelling_and_fields_for_one_call(ding):
    ding.sandbox.add_fault(ding.account, "SendTransfer", "completed_spelling")
    ding.sandbox.add_fault(ding.account, "SendTransfer", "extra_fields")
    assert ding.send()[1]["TransferRecord"]["ProcessingState"] == "Completed"
    grown = json.loads(ding.raw("SendTransfer", ORDER)[1])
    assert "SandboxExtra" in grown and "SandboxExtra" in grown["TransferRecord"]["Price"]
    assert ding.send()[1]["TransferRecord"]["ProcessingState"] == "Complete"


def test_queue_by_call_and_clearing(ding):
    ding.sandbox.add_fault(ding.account, "GetBalance", "http_500", times=3)
    assert ding.send()[0] == 200
    assert ding.raw("GetBalance")[0] == 500
    assert [f["times"] for f in ding.sandbox.faults(ding.account)] == [2]
    ding.sandbox.clear_faults(ding.account)
    assert ding.raw("GetBalance")[0] == 200
    with pytest.raises(SandboxError, match="fault must be one of"):
        ding.sandbox.add_fault(ding.account, "GetBalance", "explode")


def test_the_log_of_calls(ding):
    ding.send(headers={"X-Correlation-Id": "c-1"})
    ding.call("GetBalance")
    (row,) = ding.sandbox.calls(ding.account, "SendTransfer")
    assert row["status"] == 200 and row["correlation"] == "c-1"
    assert row["body"]["DistributorRef"] == "T-1"
    assert len(ding.sandbox.calls(ding.account, "Get*")) == 1
    assert ding.key not in json.dumps(ding.sandbox.calls(ding.account))


def test_200_slow_calls_do_not_block_others(ding, make_ding):
    ding.sandbox.add_fault(ding.account, "SendTransfer", "delay", times=200, seconds=2)
    other = make_ding()
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        started = time.monotonic()
        calls = [pool.submit(ding.raw, "SendTransfer", ORDER, timeout=30) for _ in range(200)]
        while len(ding.sandbox.calls(ding.account)) < 200 and time.monotonic() < started + 5:
            time.sleep(0.05)
        asked = time.monotonic()
        assert other.raw("SendTransfer", ORDER)[0] == 200
        assert time.monotonic() - asked < 1
        statuses = [call.result()[0] for call in calls]
    assert statuses.count(200) + statuses.count(500) == 200
    assert statuses.count(200) == 108  # 100.00 buys 108 sends at 0.92 while 1.00 is left


def test_a_send_is_fast(ding, sandbox):
    connection = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"))
    body = json.dumps({**ORDER, "AccountNumber": "67570000000"})
    times = []
    for _ in range(100):
        started = time.perf_counter()
        connection.request("POST", "/dingconnect/api/V1/SendTransfer", body, {"api_key": ding.key})
        assert connection.getresponse().read().startswith(b'{"TransferRecord"')
        times.append(time.perf_counter() - started)
    connection.close()
    assert sorted(times)[50] < 0.003


# === STRIPE === #


def test_stripe_retry_after_lost_answer_has_one_effect(merchant):
    merchant.sandbox.add_fault(merchant.account, "POST /v1/checkout/sessions", "lose_answer")
    with pytest.raises(stripe.APIConnectionError):
        merchant.session(key="k-lost")
    again = merchant.session(key="k-lost")
    assert [s["id"] for s in merchant.sandbox.sessions(merchant.account)] == [again.id]


def test_stripe_500_refuse_throttle(merchant):
    for fault, options in (
        ("http_500", {}),
        ("throttle", {}),
        ("refuse", {"code": "card_declined"}),
    ):
        merchant.sandbox.add_fault(merchant.account, "POST /v1/customers", fault, **options)
    merchant.transport.checking = False
    for error in (stripe.APIError, stripe.RateLimitError, stripe.CardError):
        with pytest.raises(error):
            merchant.api.customers.create({"email": "meri@example.com"})
    assert merchant.api.customers.create({"email": "meri@example.com"}).id.startswith("cus_")


def test_stripe_fault_on_one_object(merchant):
    paid = merchant.paid()
    merchant.sandbox.add_fault(merchant.account, "GET /v1/payment_intents/{id}", "http_500")
    merchant.transport.checking = False
    merchant.api.checkout.sessions.retrieve(paid.id)
    with pytest.raises(stripe.APIError):
        merchant.api.payment_intents.retrieve(paid.payment_intent)


def test_stripe_wrong_amount(merchant):
    merchant.sandbox.add_fault(
        merchant.account, "POST /v1/checkout/sessions", "wrong_amount", amount=100
    )
    paid = merchant.paid()
    intent = merchant.api.payment_intents.retrieve(paid.payment_intent)
    assert (paid.amount_total, intent.amount_received) == (100, 100)


def test_stripe_same_key_while_in_flight(merchant):
    merchant.sandbox.add_fault(
        merchant.account, "POST /v1/checkout/sessions", "delay", seconds=0.5, when="before"
    )
    params = merchant.params()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        options = {"idempotency_key": "k-busy"}
        first = pool.submit(merchant.api.checkout.sessions.create, params, options)
        time.sleep(0.2)
        with pytest.raises(stripe.StripeError) as caught:
            merchant.api.checkout.sessions.create(params, options)
        assert caught.value.http_status == 409
        assert first.result().status == "open"
    assert len(merchant.sandbox.sessions(merchant.account)) == 1
