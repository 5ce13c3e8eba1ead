"""Refunds by the real SDK."""

import time

import pytest
import stripe


def kinds(merchant):
    return [event["type"] for event in merchant.sandbox.events(merchant.account)]


@pytest.fixture
def paid(merchant):
    """A paid session of 12.50."""
    return merchant.paid()


def refund(merchant, paid, **params):
    return merchant.api.refunds.create({"payment_intent": paid.payment_intent, **params})


def charge_of(merchant):
    (charge,) = merchant.sandbox.charges(merchant.account)
    return charge


def test_full_refund(merchant, paid):
    made = refund(merchant, paid, metadata={"odoo_ref": "R-1"}, reason="requested_by_customer")
    assert (made.amount, made.status, made.metadata["odoo_ref"]) == (1250, "succeeded", "R-1")
    assert charge_of(merchant)["refunded"] is True
    assert kinds(merchant)[-3:] == ["refund.created", "charge.refunded", "refund.updated"]
    expand = {"expand": ["balance_transaction", "charge"]}
    again = merchant.api.refunds.retrieve(made.id, expand)
    assert again.balance_transaction.amount == -1250
    assert again.charge.amount_refunded == 1250


def test_parts_to_the_last_toea_and_never_more(merchant, paid):
    for amount in (1000, 249, 1):
        refund(merchant, paid, amount=amount)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(merchant, paid, amount=1)
    assert caught.value.code == "charge_already_refunded"
    listed = merchant.api.refunds.list({"payment_intent": paid.payment_intent})
    assert [r.amount for r in listed.data] == [1, 249, 1000]
    by_charge = merchant.api.refunds.list({"charge": charge_of(merchant)["id"]})
    assert len(by_charge.data) == 3


def test_more_than_is_left_is_refused(merchant, paid):
    refund(merchant, paid, amount=1000)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(merchant, paid, amount=251)
    assert caught.value.param == "amount"
    assert charge_of(merchant)["amount_refunded"] == 1000


def test_nothing_to_refund(merchant):
    session = merchant.session()
    merchant.sandbox.pay(session.id, "decline")
    tried = merchant.api.checkout.sessions.retrieve(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        refund(merchant, tried)
    with pytest.raises(stripe.InvalidRequestError):
        merchant.api.refunds.create({"amount": 5})
    assert merchant.sandbox.refunds(merchant.account) == []


def test_same_key_refunds_once(merchant, paid):
    params = {"payment_intent": paid.payment_intent, "amount": 100}
    made = {merchant.api.refunds.create(params, {"idempotency_key": "r-1"}).id for _ in range(3)}
    assert len(made) == 1
    assert charge_of(merchant)["amount_refunded"] == 100


def test_pending_then_succeeded(merchant, paid):
    merchant.sandbox.update(merchant.account, refund_seconds=0.3)
    made = refund(merchant, paid)
    assert (made.status, made.balance_transaction) == ("pending", None)
    time.sleep(0.5)
    assert merchant.api.refunds.retrieve(made.id).status == "succeeded"
    assert kinds(merchant)[-1] == "refund.updated"


def test_failed_refund_frees_the_amount(merchant, paid):
    merchant.sandbox.update(merchant.account, refund_outcome="pending")
    made = refund(merchant, paid)
    merchant.sandbox.finish_refund(merchant.account, made.id, "failed")
    failed = merchant.api.refunds.retrieve(made.id)
    assert failed.status == "failed" and failed.failure_reason
    assert kinds(merchant)[-2:] == ["refund.updated", "refund.failed"]
    assert charge_of(merchant)["amount_refunded"] == 0


def test_refund_from_the_dashboard(merchant, paid):
    merchant.sandbox.refund_in_dashboard(merchant.account, paid.payment_intent, 250)
    (made,) = merchant.api.refunds.list({"payment_intent": paid.payment_intent}).data
    assert (made.amount, made.metadata.to_dict()) == (250, {})
