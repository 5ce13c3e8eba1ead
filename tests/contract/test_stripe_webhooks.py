"""Webhooks: signed, retried, held, doubled, reordered."""

import time

import pytest
import stripe


@pytest.fixture
def endpoint(merchant, receiver):
    """A registered endpoint; the secret is on it."""
    params = {"url": receiver.url, "enabled_events": ["*"], "metadata": {"odoo_provider_id": "1"}}
    return merchant.api.webhook_endpoints.create(params)


PAID = [
    *("charge.succeeded", "payment_intent.succeeded"),
    *("checkout.session.completed", "charge.updated"),
]


def test_secret_only_in_the_create_answer(merchant, endpoint):
    assert endpoint.secret.startswith("whsec_")
    seen = merchant.api.webhook_endpoints.retrieve(endpoint.id).to_dict()
    listed = merchant.api.webhook_endpoints.list().data
    assert "secret" not in seen and [e.id for e in listed] == [endpoint.id]
    assert merchant.api.webhook_endpoints.delete(endpoint.id).deleted
    assert merchant.api.webhook_endpoints.list().data == []


def test_only_this_machine_is_called(merchant):
    for url in ("http://example.com/hook", "http://127.0.0.1.example.com/", "ftp://localhost/"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            merchant.api.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
        assert caught.value.code == "url_invalid"


def test_events_are_signed_and_by_contract(merchant, endpoint, receiver):
    paid = merchant.paid()
    assert [e["type"] for e in receiver.wait(4)] == PAID
    for body, signature, _at in receiver.got:
        event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)
        stored = merchant.api.events.retrieve(event.id)
        kind = event.data.object["object"]
        assert merchant.check.schema_errors(kind, stored.to_dict()["data"]["object"]) == []
    session = receiver.wait(4)[2]["data"]["object"]
    assert (session["id"], session["payment_status"]) == (paid.id, "paid")
    assert session["metadata"] == {"odoo_ref": "T-1", "odoo_db": "db"}
    listed = merchant.api.events.list({"type": "checkout.session.completed"})
    assert len(listed.data) == 1


def test_only_the_events_asked_for(merchant, receiver):
    events = ["checkout.session.completed"]
    merchant.api.webhook_endpoints.create({"url": receiver.url, "enabled_events": events})
    merchant.paid()
    merchant.sandbox.wait_delivered(merchant.account, events[0])
    assert [e["type"] for e in receiver.wait(1)] == events


@pytest.mark.parametrize(("status", "pause"), [(409, 0.5), (500, 1.0)])
def test_not_taken_comes_again(merchant, endpoint, receiver, status, pause):
    receiver.answers = [status]
    session = merchant.session()
    merchant.api.checkout.sessions.expire(session.id)
    first, second = receiver.wait(2)
    assert first["id"] == second["id"]
    assert receiver.got[1][2] - receiver.got[0][2] == pytest.approx(pause, abs=0.4)
    merchant.sandbox.wait_delivered(merchant.account, "checkout.session.expired")
    rows = merchant.sandbox.deliveries(merchant.account)
    assert [(r["attempt"], r["status"]) for r in rows] == [(1, status), (2, 200)]


def test_hold_and_release(merchant, endpoint, receiver):
    merchant.sandbox.hold_webhooks(merchant.account)
    merchant.paid()
    time.sleep(0.2)
    assert receiver.got == []
    assert merchant.sandbox.release_webhooks(merchant.account) == 4
    assert [e["type"] for e in receiver.wait(4)] == PAID


def test_reorder(merchant, endpoint, receiver):
    merchant.sandbox.webhooks(merchant.account, reorder=True)
    merchant.paid()
    assert [e["type"] for e in receiver.wait(4)] == PAID[::-1]


def test_duplicate(merchant, endpoint, receiver):
    merchant.sandbox.webhooks(merchant.account, duplicate=20)
    session = merchant.session()
    merchant.api.checkout.sessions.expire(session.id)
    merchant.sandbox.wait_delivered(merchant.account, "checkout.session.expired", 20)
    assert len({e["id"] for e in receiver.wait(20)}) == 1
    moments = [at for _body, _signature, at in receiver.got]
    assert len(moments) == 20 and max(moments) - min(moments) < 1


def test_delay(merchant, endpoint, receiver):
    merchant.sandbox.webhooks(merchant.account, delay=0.4)
    started = time.monotonic()
    merchant.paid()
    receiver.wait(1)
    assert receiver.got[0][2] - started >= 0.4


def test_send_again(merchant, endpoint, receiver):
    merchant.paid()
    receiver.wait(4)
    event = merchant.sandbox.events(merchant.account)[2]
    merchant.sandbox.send_event(merchant.account, event["id"], times=3)
    assert [e["id"] for e in receiver.wait(7)[4:]] == [event["id"]] * 3


def test_a_dead_endpoint_is_recorded(merchant):
    params = {"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]}
    merchant.api.webhook_endpoints.create(params)
    session = merchant.session()
    merchant.api.checkout.sessions.expire(session.id)
    time.sleep(0.3)
    (row,) = merchant.sandbox.deliveries(merchant.account)
    assert row["status"] is None and "refused" in row["error"]


def test_a_delivery_is_signed_when_it_is_sent(merchant, endpoint, receiver):
    """More at once than can be on their way: those that wait are not signed before their turn."""
    merchant.paid()
    receiver.wait(4)
    [event, *_rest] = merchant.sandbox.events(merchant.account)
    before, receiver.pause = len(receiver.got), 3
    merchant.sandbox.send_event(merchant.account, event["id"], times=70)
    receiver.wait(before + 70, timeout=15)
    rows = receiver.got[before:]
    assert len(rows) == 70
    first = min(at for _body, _signature, at in rows)
    assert max(at for _body, _signature, at in rows) - first >= 2.9
    shift = time.time() - time.monotonic()
    ages = [at + shift - int(signature[2:].split(",")[0]) for _body, signature, at in rows]
    assert max(ages) < 2.5, ages
