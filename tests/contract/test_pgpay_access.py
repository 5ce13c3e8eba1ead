"""PGPay's signatures, both ways: the contract's vectors, the replay window, keys and rotation."""

import hashlib
import hmac
import json
import re
import time

import pytest

from sandbox.pgpay import signature
from tests.contract.callers import code_of

SECRET, MOMENT = "pgpay_test_secret", 1764000000
HEADER = re.compile(r"t=[0-9]{10,}(,v1=[0-9a-f]{64})+")


def test_the_vectors_of_the_contract():
    text = signature.request_text(MOMENT, "POST", "/v1/payments", b'{"a":1}')
    expected = "205334e96e4d79dd4c9c308832f116ae8d474111b42789794f2cde4e1affd147"
    assert signature.mac(SECRET, text) == expected
    header = signature.webhook_header([SECRET], b'{"id":"evt_1"}', MOMENT)
    expected = "1e8afa239b5f8cc14eb483bb7832cfe6495c5a1328db78c2a09da1c301b6ecd8"
    assert header == f"t={MOMENT},v1={expected}"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"PGPay-Key-Id": None}, "signature_missing"),
        ({"PGPay-Signature": None}, "signature_missing"),
        ({"PGPay-Signature": "v1=00"}, "signature_invalid"),
        ({"PGPay-Signature": "t=x,v1=" + "0" * 64}, "signature_invalid"),
        ({"PGPay-Key-Id": "pk_test_nobody"}, "key_unknown"),
        ({"PGPay-Key-Id": "pk_live_x"}, "key_unknown"),
    ],
)
def test_refused_headers(pgpay, headers, code):
    assert code_of(pgpay.call("GET", "/v1/ping", headers=headers)) == (401, code)
    assert pgpay.call("GET", "/v1/ping")[0] == 200, "the same call with its own headers"


def test_signed_with_another_secret(pgpay, make_pgpay):
    pgpay.secret = make_pgpay().secret
    assert code_of(pgpay.create()) == (401, "signature_invalid")
    assert pgpay.sandbox.payments(pgpay.account) == []


@pytest.mark.parametrize("what", ["body", "path", "query", "method"])
def test_everything_is_signed(pgpay, what):
    body = json.dumps(pgpay.params()).encode()
    good = ["POST", "/v1/payments?x=1", body]
    other = {
        "body": ["POST", "/v1/payments?x=1", body + b" "],
        "path": ["POST", "/v1/refunds?x=1", body],
        "query": ["POST", "/v1/payments?x=2", body],
        "method": ["GET", "/v1/payments?x=1", body],
    }[what]
    headers = pgpay.sign(*other, {})
    headers["Idempotency-Key"] = "k" * 16
    status, content, _headers = pgpay.raw(*good, headers)
    assert (status, json.loads(content)["error"]["code"]) == (401, "signature_invalid")
    assert pgpay.sandbox.payments(pgpay.account) == []
    assert pgpay.raw(*good)[0] == 201


def test_the_path_is_signed_without_the_base_address(pgpay):
    headers = pgpay.sign("GET", "/pgpay/v1/ping", b"", {})
    assert pgpay.raw("GET", "/v1/ping", headers=headers)[0] == 401


@pytest.mark.parametrize(
    ("age", "status"), [(295, 200), (-295, 200), (310, 401), (-310, 401), (10**9, 401)]
)
def test_the_replay_window_both_ways(pgpay, age, status):
    pgpay.age = age
    answer = pgpay.call("GET", "/v1/ping")
    assert answer[0] == status
    if status == 401:
        assert answer[1]["error"]["code"] == "timestamp_out_of_window"


def test_a_clock_that_is_wrong(pgpay):
    pgpay.sandbox.update(pgpay.account, clock_skew=1000)
    assert code_of(pgpay.call("GET", "/v1/ping")) == (401, "timestamp_out_of_window")
    pgpay.age = -1000
    assert pgpay.call("GET", "/v1/ping")[0] == 200


def test_a_revoked_key(pgpay):
    pgpay.sandbox.update(pgpay.account, key_revoked=True)
    assert code_of(pgpay.call("GET", "/v1/ping")) == (401, "key_revoked")
    pgpay.sandbox.update(pgpay.account, key_revoked=False)
    status, data = pgpay.call("GET", "/v1/ping")
    assert (status, data["ok"], data["livemode"]) == (200, True, False)


def test_accounts_do_not_see_each_other(pgpay, make_pgpay):
    payment = make_pgpay().payment()
    assert code_of(pgpay.call("GET", f"/v1/payments/{payment['id']}")) == (404, "not_found")
    assert pgpay.call("GET", f"/v1/payments?reference={payment['reference']}")[1]["data"] == []


# === WEBHOOKS === #


def good(secret, headers, raw):
    """Say whether one of the signatures of a delivery is right."""
    header = headers["pgpay-signature"]
    assert HEADER.fullmatch(header)
    moment, *macs = (part.partition("=")[2] for part in header.split(","))
    assert abs(time.time() - int(moment)) < 10
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + raw, hashlib.sha256).hexdigest()
    return expected in macs


def paid_step_by_step(pgpay, receiver, **changes):
    """Pay once the first event has arrived: of two happenings, either may come first."""
    payment = pgpay.payment(**changes)
    receiver.wait(1)
    pgpay.sandbox.pay(payment["id"], "approve")
    return pgpay.get(payment)


def test_signed_and_by_contract(make_pgpay, receiver):
    pgpay = make_pgpay(settings={"webhook_url": receiver.url})
    payment = paid_step_by_step(pgpay, receiver)
    receiver.wait(3)
    pgpay.refund(payment, 1250)
    events = receiver.wait(4)
    assert [e["type"] for e in events] == pgpay.events()
    for event, headers, (raw, _none, _at) in zip(
        events, receiver.headers, receiver.got, strict=True
    ):
        assert pgpay.check.schema_errors("Event", event) == []
        kind = "Payment" if event["type"].startswith("payment") else "Refund"
        assert pgpay.check.schema_errors(kind, event["data"]["object"]) == []
        assert good(pgpay.account["webhook_secret"], headers, raw)
        assert not good(pgpay.account["secret"], headers, raw)
        assert not good(pgpay.account["webhook_secret"], headers, raw + b" ")
        assert pgpay.call("GET", f"/v1/events/{event['id']}") == (200, event)
    assert events[2]["data"]["object"] == payment
    assert len({h["pgpay-delivery"] for h in receiver.headers}) == 4


def test_rotation_of_the_webhook_secret(make_pgpay, receiver):
    pgpay = make_pgpay(settings={"webhook_url": receiver.url})
    old = pgpay.account["webhook_secret"]
    new = pgpay.sandbox.rotate_webhook_secret(pgpay.account)["webhook_secret"]
    pgpay.payment()
    receiver.wait(1)
    pgpay.sandbox.rotate_webhook_secret(pgpay.account, finish=True)
    pgpay.payment()
    receiver.wait(2)
    (first, second), raws = receiver.headers, [row[0] for row in receiver.got]
    assert good(old, first, raws[0]) and good(new, first, raws[0]) and old != new
    assert good(new, second, raws[1]) and not good(old, second, raws[1])


def test_not_taken_comes_again(make_pgpay, receiver):
    pgpay = make_pgpay(settings={"webhook_url": receiver.url})
    receiver.answers = [409]
    pgpay.payment()
    first, second = receiver.wait(2)
    assert first == second
    assert receiver.headers[0]["pgpay-delivery"] != receiver.headers[1]["pgpay-delivery"]


def test_the_payments_own_endpoint(make_pgpay, receiver):
    pgpay = make_pgpay(settings={"webhook_url": "http://127.0.0.1:9/portal"})
    paid_step_by_step(pgpay, receiver, webhook_url=receiver.url)
    assert [e["type"] for e in receiver.wait(3)] == pgpay.events()
    assert {d["url"] for d in pgpay.sandbox.deliveries(pgpay.account)} == {receiver.url}


def test_doubled_reversed_and_lost(make_pgpay, receiver):
    pgpay = make_pgpay(settings={"webhook_url": receiver.url})
    sandbox, account = pgpay.sandbox, pgpay.account
    sandbox.webhooks(account, duplicate=2, drop=1)
    pgpay.paid()
    sandbox.wait_delivered(account, "payment.succeeded", 2)
    assert [e["type"] for e in receiver.wait(4)] == ["payment.processing"] * 2 + [
        "payment.succeeded"
    ] * 2
    sandbox.webhooks(account, duplicate=1, hold=True, reorder=True)
    pgpay.paid()
    assert sandbox.release_webhooks(account) == 3
    assert [e["type"] for e in receiver.wait(7)][4:] == [
        *("payment.succeeded", "payment.processing", "payment.pending")
    ]


def test_signed_for_those_who_post_themselves(make_pgpay):
    pgpay = make_pgpay(settings={"webhook_url": "http://127.0.0.1:9/hook"})
    pgpay.sandbox.hold_webhooks(pgpay.account)
    pgpay.payment()
    (event,) = pgpay.sandbox.events(pgpay.account)
    (row,) = pgpay.sandbox.signed_event(pgpay.account, event["id"])
    headers = {k.lower(): v for k, v in row["headers"].items()}
    assert good(pgpay.account["webhook_secret"], headers, row["body"].encode())
    (row,) = pgpay.sandbox.signed_event(pgpay.account, event["id"], age=400)
    moment = int(row["headers"]["PGPay-Signature"][2:].partition(",")[0])
    assert 395 < time.time() - moment < 410


# === REPLAY === #


def test_events_since_a_moment(pgpay):
    pgpay.paid()
    path = "/v1/events?since=2026-01-01T00:00:00Z"
    whole = pgpay.call("GET", path)[1]
    assert [e["type"] for e in whole["data"]] == pgpay.events() and not whole["has_more"]
    first = pgpay.call("GET", f"{path}&limit=2")[1]
    assert first["data"] == whole["data"][:2] and first["has_more"]
    rest = pgpay.call("GET", f"{path}&starting_after={first['data'][1]['id']}")[1]
    assert rest["data"] == whole["data"][2:] and not rest["has_more"]
    assert pgpay.call("GET", "/v1/events?since=2999-01-01T00:00:00Z")[1]["data"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "parameter_missing"),
        ("?since=yesterday", "parameter_invalid"),
        ("?since=2026-01-01T00:00:00", "parameter_invalid"),
        ("?since=2026-01-01T00:00:00Z&limit=0", "parameter_invalid"),
        ("?since=2026-01-01T00:00:00Z&limit=101", "parameter_invalid"),
        ("?since=2026-01-01T00:00:00Z&starting_after=evt_X", "parameter_invalid"),
    ],
)
def test_refused_questions_for_events(pgpay, query, code):
    assert code_of(pgpay.call("GET", f"/v1/events{query}")) == (400, code)
