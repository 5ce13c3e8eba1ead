"""PayPal's webhooks: registered, signed, verified here and there, lost and doubled."""

import base64
import datetime
import json
import zlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import NameOID

from tests.contract.callers import http, issue_of

VERIFY = "/v1/notifications/verify-webhook-signature"
HOOKS = "/v1/notifications/webhooks"


@pytest.fixture
def endpoint(paypal, receiver):
    """A registered endpoint for all events."""
    return paypal.webhook(receiver.url)


def verify(paypal, headers, raw, webhook_id):
    """Ask PayPal about a delivery, with the bytes of the event as they came."""
    fields = {
        "auth_algo": headers["paypal-auth-algo"],
        "cert_url": headers["paypal-cert-url"],
        "transmission_id": headers["paypal-transmission-id"],
        "transmission_sig": headers["paypal-transmission-sig"],
        "transmission_time": headers["paypal-transmission-time"],
        "webhook_id": webhook_id,
    }
    body = json.dumps(fields)[:-1].encode() + b', "webhook_event": ' + raw + b"}"
    assert paypal.check.request("POST", VERIFY, body.decode()) == []
    status, content, _headers = paypal.raw("POST", VERIFY, body)
    data = json.loads(content)
    assert status == 200 and paypal.check.response("POST", VERIFY, 200, data) == []
    return data["verification_status"]


def verify_here(sandbox, headers, raw, webhook_id):
    """Check a delivery without asking: chain to the root, name, dates, signature."""
    _status, pem, _headers = http("GET", headers["paypal-cert-url"])
    leaf, issuer = x509.load_pem_x509_certificates(pem)
    root = x509.load_pem_x509_certificate(sandbox.paypal_root_certificate().encode())
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    (name,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value.endswith(".paypal.com")
    now = datetime.datetime.now(datetime.UTC)
    assert leaf.not_valid_before_utc < now < leaf.not_valid_after_utc
    assert headers["paypal-auth-algo"] == "SHA256withRSA"
    parts = (headers["paypal-transmission-id"], headers["paypal-transmission-time"], webhook_id)
    text = "|".join((*parts, str(zlib.crc32(raw)))).encode()
    signature = base64.b64decode(headers["paypal-transmission-sig"])
    leaf.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


# === ENDPOINTS === #


@pytest.mark.parametrize(
    ("body", "is_by_contract"),
    [
        ({}, False),
        ({"url": "http://127.0.0.1:9/hook"}, False),
        ({"url": "http://127.0.0.1:9/hook", "event_types": []}, True),
        ({"url": "http://127.0.0.1:9/hook", "event_types": [{"name": "NO.SUCH"}]}, True),
        ({"url": "https://example.com/hook", "event_types": [{"name": "*"}]}, True),
        ({"url": "http://127.0.0.1.example.com/", "event_types": [{"name": "*"}]}, True),
    ],
)
def test_refused_endpoints(paypal, body, is_by_contract):
    assert bool(paypal.check.request("POST", HOOKS, json.dumps(body))) is not is_by_contract
    assert paypal.call("POST", HOOKS, body, valid=is_by_contract)[0] == 400
    assert paypal.call("GET", HOOKS)[1] == {"webhooks": []}


def test_endpoints(paypal):
    made = paypal.webhook("http://127.0.0.1:9/hook", "PAYMENT.CAPTURE.COMPLETED")
    assert paypal.call("GET", f"{HOOKS}/{made['id']}") == (200, made)
    assert paypal.call("GET", HOOKS)[1]["webhooks"] == [made]
    again = {"url": made["url"], "event_types": [{"name": "*"}]}
    assert paypal.call("POST", HOOKS, again)[0] == 400, "one address, one webhook"
    assert paypal.call("DELETE", f"{HOOKS}/{made['id']}") == (204, None)
    assert issue_of(paypal.call("GET", f"{HOOKS}/{made['id']}"))[0] == 404
    assert paypal.call("GET", HOOKS)[1]["webhooks"] == []


def test_the_list_of_event_types(paypal):
    data = json.loads(paypal.raw("GET", "/v1/notifications/webhooks-event-types")[1])
    names = {row["name"] for row in data["event_types"]}
    both = {"PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED"}
    assert len(names) == 10 and both < names


def test_only_the_events_asked_for(paypal, receiver):
    paypal.webhook(receiver.url, "PAYMENT.CAPTURE.COMPLETED")
    paypal.captured()
    paypal.sandbox.wait_delivered(paypal.account, "PAYMENT.CAPTURE.COMPLETED")
    assert [e["event_type"] for e in receiver.wait(1)] == ["PAYMENT.CAPTURE.COMPLETED"]


# === SIGNATURES === #


def test_signed_and_by_contract(paypal, endpoint, receiver):
    capture = paypal.captured()
    paypal.refund(capture, "1.00")
    dispute = paypal.sandbox.dispute(paypal.account, capture["id"])
    paypal.sandbox.finish_dispute(paypal.account, dispute["id"], "lost")
    events = receiver.wait(6)
    assert sorted(e["event_type"] for e in events) == sorted(paypal.events())
    for event, headers, (raw, _none, _at) in zip(
        events, receiver.headers, receiver.got, strict=True
    ):
        assert paypal.check.schema_errors("whk_event", event) == []
        assert verify(paypal, headers, raw, endpoint["id"]) == "SUCCESS"
        verify_here(paypal.sandbox, headers, raw, endpoint["id"])
        path = f"/v1/notifications/webhooks-events/{event['id']}"
        assert paypal.call("GET", path) == (200, event)


def test_resources_are_by_contract(paypal, endpoint, receiver):
    capture = paypal.captured()
    paypal.refund(capture, "1.00")
    found = {event["event_type"]: event["resource"] for event in receiver.wait(3)}
    order, completed, refunded = (found[name] for name in paypal.events())
    assert paypal.check.schema_errors("ord_order", order) == []
    assert paypal.check.schema_errors("pay_capture-2", completed) == []
    assert paypal.check.schema_errors("pay_refund", refunded) == []
    assert completed == capture


@pytest.fixture
def delivery(paypal, endpoint, receiver):
    """(headers, raw body, webhook id) of a delivery."""
    paypal.sandbox.pay(paypal.order()["id"])
    receiver.wait(1)
    return receiver.headers[0], receiver.got[0][0], endpoint["id"]


@pytest.mark.parametrize(
    "change",
    [
        lambda h, raw, hook: (h, raw.replace(b"12.50", b"99.50"), hook),
        lambda h, raw, hook: (h, json.dumps(json.loads(raw)).encode(), hook),
        lambda h, raw, hook: ({**h, "paypal-transmission-time": "2026-01-01T00:00:00Z"}, raw, hook),
        lambda h, raw, hook: ({**h, "paypal-transmission-id": "a-1"}, raw, hook),
        lambda h, raw, hook: ({**h, "paypal-auth-algo": "SHA1withRSA"}, raw, hook),
        lambda h, raw, hook: ({**h, "paypal-cert-url": "https://evil.example.com/c"}, raw, hook),
        lambda h, raw, hook: ({**h, "paypal-transmission-sig": "QUJD"}, raw, hook),
        lambda h, raw, hook: (h, raw, "OTHER"),
    ],
)
def test_forged_or_changed(paypal, delivery, change):
    assert verify(paypal, *delivery) == "SUCCESS"
    assert verify(paypal, *change(*delivery)) == "FAILURE"


def test_offline_check_sees_a_change_too(paypal, delivery):
    headers, raw, hook = delivery
    verify_here(paypal.sandbox, headers, raw, hook)
    for changed in ((raw + b" ", hook), (raw, "OTHER")):
        with pytest.raises(InvalidSignature):
            verify_here(paypal.sandbox, headers, *changed)


def test_another_merchants_webhook_is_not_ours(paypal, make_paypal, delivery):
    assert verify(make_paypal(), *delivery) == "FAILURE"


def test_no_other_certificates(paypal, delivery):
    url = delivery[0]["paypal-cert-url"]
    assert http("GET", url + "x")[0] == 404


def test_signed_for_those_who_post_themselves(paypal, endpoint):
    paypal.sandbox.hold_webhooks(paypal.account)
    paypal.sandbox.pay(paypal.order()["id"])
    (event,) = paypal.sandbox.events(paypal.account)
    (row,) = paypal.sandbox.signed_event(paypal.account, event["id"], age=4000)
    headers = {k.lower(): v for k, v in row["headers"].items()}
    assert verify(paypal, headers, row["body"].encode(), row["endpoint"]) == "SUCCESS"
    when = datetime.datetime.fromisoformat(headers["paypal-transmission-time"])
    age = datetime.datetime.now(datetime.UTC) - when
    assert 3990 < age.total_seconds() < 4020


# === DELIVERY === #


def test_not_taken_comes_again_signed_anew(paypal, endpoint, receiver):
    receiver.answers = [503]
    paypal.sandbox.pay(paypal.order()["id"])
    first, second = receiver.wait(2)
    assert first == second
    ids = [h["paypal-transmission-id"] for h in receiver.headers]
    assert len(set(ids)) == 2
    assert verify(paypal, receiver.headers[1], receiver.got[1][0], endpoint["id"]) == "SUCCESS"


def test_doubled_reversed_and_lost(paypal, endpoint, receiver):
    sandbox, account = paypal.sandbox, paypal.account
    sandbox.webhooks(account, duplicate=3)
    paypal.sandbox.pay(paypal.order()["id"])
    assert len({e["id"] for e in receiver.wait(3)}) == 1
    sandbox.webhooks(account, duplicate=1, drop=1)
    order = paypal.order()
    sandbox.pay(order["id"])
    lost = [d for d in sandbox.deliveries(account) if d.get("error") == "dropped"]
    assert [d["type"] for d in lost] == ["CHECKOUT.ORDER.APPROVED"]
    paypal.capture(order)
    sandbox.wait_delivered(account, "PAYMENT.CAPTURE.COMPLETED")
    assert [e["event_type"] for e in receiver.wait(4)][3:] == ["PAYMENT.CAPTURE.COMPLETED"]
    sandbox.webhooks(account, hold=True, reorder=True)
    sandbox.pay(paypal.order()["id"])
    paypal.captured()
    assert sandbox.release_webhooks(account) == 3
    kinds = [e["event_type"] for e in receiver.wait(7)][4:]  # held: one batch, last first
    assert kinds == ["PAYMENT.CAPTURE.COMPLETED"] + ["CHECKOUT.ORDER.APPROVED"] * 2
