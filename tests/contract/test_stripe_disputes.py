"""Stripe's disputes, and the faults that only money can have."""

import time

import pytest
import stripe

from sandbox.client import SandboxError


@pytest.fixture
def paid(merchant):
    """A paid session of 12.50."""
    return merchant.paid()


def kinds(merchant):
    return [event["type"] for event in merchant.sandbox.events(merchant.account)]


def test_a_dispute_opens(merchant, paid, receiver):
    params = {"url": receiver.url, "enabled_events": ["charge.dispute.created"]}
    merchant.api.webhook_endpoints.create(params)
    dispute = merchant.sandbox.dispute(merchant.account, paid.payment_intent)
    assert merchant.check.schema_errors("dispute", dispute) == []
    assert (dispute["amount"], dispute["status"]) == (1250, "needs_response")
    assert dispute["payment_intent"] == paid.payment_intent
    expand = {"expand": ["latest_charge"]}
    charge = merchant.api.payment_intents.retrieve(paid.payment_intent, expand).latest_charge
    assert charge.disputed
    (event,) = receiver.wait(1)
    assert event["data"]["object"]["id"] == dispute["id"]
    with pytest.raises(SandboxError, match="without a dispute"):
        merchant.sandbox.dispute(merchant.account, paid.payment_intent)


@pytest.mark.parametrize(("outcome", "net"), [("won", 1184 - 1500), ("lost", 1184 - 1250 - 1500)])
def test_a_dispute_ends(merchant, paid, outcome, net):
    dispute = merchant.sandbox.dispute(merchant.account, paid.payment_intent, "fraudulent")
    done = merchant.sandbox.finish_dispute(merchant.account, dispute["id"], outcome)
    assert done["status"] == outcome
    assert merchant.check.schema_errors("dispute", done) == []
    assert "charge.dispute.closed" in kinds(merchant)[-2:]
    assert merchant.api.balance.retrieve().pending[0].amount == net
    with pytest.raises(SandboxError, match="has ended"):
        merchant.sandbox.finish_dispute(merchant.account, dispute["id"], "won")


def test_nothing_to_dispute(merchant):
    session = merchant.session()
    merchant.sandbox.pay(session.id, "decline")
    (intent,) = merchant.sandbox.payment_intents(merchant.account)
    for reference in (intent["id"], "pi_none"):
        with pytest.raises(SandboxError):
            merchant.sandbox.dispute(merchant.account, reference)
    assert merchant.sandbox.disputes(merchant.account) == []


@pytest.mark.parametrize(("options", "currency"), [({}, "usd"), ({"code": "AUD"}, "aud")])
def test_paid_in_another_currency(merchant, options, currency):
    on = "POST /v1/checkout/sessions"
    merchant.sandbox.add_fault(merchant.account, on, "wrong_currency", **options)
    paid = merchant.paid()
    intent = merchant.api.payment_intents.retrieve(paid.payment_intent)
    assert (paid.currency, intent.currency) == ("pgk", currency)


def test_a_lost_webhook(merchant, receiver):
    merchant.api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    merchant.sandbox.webhooks(merchant.account, drop=3)
    merchant.paid()
    merchant.sandbox.wait_delivered(merchant.account, "charge.updated")
    assert [e["type"] for e in receiver.wait(1)] == ["charge.updated"]


def test_hang(merchant):
    on = "POST /v1/checkout/sessions"
    merchant.sandbox.add_fault(merchant.account, on, "hang", seconds=0.4)
    merchant.transport.checking = False
    started = time.monotonic()
    with pytest.raises(stripe.APIConnectionError):
        merchant.session()
    assert time.monotonic() - started > 0.4
    assert len(merchant.sandbox.sessions(merchant.account)) == 1, "executed all the same"


def test_unavailable(merchant):
    on = "POST /v1/checkout/sessions"
    merchant.sandbox.add_fault(merchant.account, on, "http_503")
    merchant.transport.checking = False
    with pytest.raises(stripe.APIError):
        merchant.session()
    assert merchant.sandbox.sessions(merchant.account) == []


def test_signed_for_those_who_post_themselves(merchant, paid):
    params = {"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]}
    endpoint = merchant.api.webhook_endpoints.create(params)
    event = merchant.sandbox.events(merchant.account)[0]
    for age in (0, 400):
        (row,) = merchant.sandbox.signed_event(merchant.account, event["id"], age)
        arguments = row["body"], row["headers"]["Stripe-Signature"], endpoint.secret
        if age:
            with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
                stripe.Webhook.construct_event(*arguments)
        else:
            assert stripe.Webhook.construct_event(*arguments).id == event["id"]
