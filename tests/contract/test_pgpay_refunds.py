"""PGPay's refunds."""

import json
import time

import pytest

from tests.contract.callers import code_of


@pytest.fixture
def paid(pgpay):
    """A succeeded payment of K12.50 by CellMoni."""
    return pgpay.paid()


def refunds(pgpay):
    return pgpay.sandbox.refunds(pgpay.account)


@pytest.mark.parametrize(
    "change", [{"amount": "5"}, {"amount": 0}, {"colour": "red"}, {"reason": "whim"}]
)
def test_what_the_contract_refuses_is_refused(pgpay, paid, change):
    body = {"reference": "R-1", "amount": 100, "currency": "PGK", **change}
    path = f"/v1/payments/{paid['id']}/refunds"
    assert pgpay.check.request("POST", path, json.dumps(body)), "the checker must see it"
    assert code_of(pgpay.call("POST", path, body, valid=False)) == (400, "parameter_invalid")
    assert refunds(pgpay) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 1251}, "refund_exceeds_payment"),
        ({"amount": 100, "currency": "AUD"}, "currency_unsupported"),
    ],
)
def test_refused_by_a_rule(pgpay, paid, change, code):
    assert code_of(pgpay.refund(paid, **change)) == (422, code)
    assert refunds(pgpay) == [] and pgpay.get(paid) == paid


@pytest.mark.parametrize(
    ("channel", "amount", "accepted"),
    [
        ("bsp_pay", 1249, False),
        ("bsp_pay", 1250, True),
        ("mpaisa", 1250, False),
        ("card", 1, True),
    ],
)
def test_what_channels_allow(pgpay, channel, amount, accepted):
    answer = pgpay.refund(pgpay.paid(channel=channel), amount)
    if accepted:
        assert answer[0] == 201
    else:
        assert code_of(answer) == (422, "payment_not_refundable")


def test_only_what_was_paid(pgpay):
    waiting = pgpay.payment()
    assert code_of(pgpay.refund(waiting, 100)) == (422, "payment_not_refundable")
    taken = pgpay.paid()
    pgpay.sandbox.finish_payment(pgpay.account, taken["id"], "reversed")
    assert code_of(pgpay.refund(taken, 100)) == (422, "payment_not_refundable")


def test_too_late(pgpay, paid):
    pgpay.sandbox.update(pgpay.account, refund_days=0)
    assert code_of(pgpay.refund(paid, 100)) == (422, "refund_window_closed")


def test_parts_to_the_last_toea(pgpay, paid):
    for amount, total in ((1000, 1000), (249, 1249), (1, 1250)):
        status, refund = pgpay.refund(paid, amount, reason="requested_by_customer")
        assert (status, refund["status"]) == (201, "succeeded")
        assert pgpay.call("GET", f"/v1/refunds/{refund['id']}") == (200, refund)
        assert pgpay.get(paid)["amount_refunded"] == total
    assert code_of(pgpay.refund(paid, 1)) == (422, "refund_exceeds_payment")
    rows = pgpay.call("GET", f"/v1/payments/{paid['id']}/refunds")[1]["data"]
    assert [row["amount"] for row in rows] == [1000, 249, 1]
    assert pgpay.get(paid)["status"] == "succeeded"
    assert pgpay.events()[-3:] == ["refund.succeeded"] * 3


def test_same_key_and_same_reference(pgpay, paid):
    first = pgpay.refund(paid, 500, key="k" * 16, reference="R-1")
    assert pgpay.refund(paid, 500, key="k" * 16, reference="R-1") == first
    answer = pgpay.refund(paid, 500, key="j" * 16, reference="R-1")
    assert code_of(answer) == (422, "reference_duplicate")
    assert len(refunds(pgpay)) == 1


def test_pending_counts_and_failing_frees(make_pgpay):
    pgpay = make_pgpay(settings={"refund_outcome": "failed", "refund_seconds": 0.3})
    paid = pgpay.paid()
    refund = pgpay.refund(paid, 1250)[1]
    assert refund["status"] == "pending"
    assert code_of(pgpay.refund(paid, 1)) == (422, "refund_exceeds_payment")
    time.sleep(0.5)
    seen = pgpay.call("GET", f"/v1/refunds/{refund['id']}")[1]
    assert (seen["status"], seen["failure"]["code"]) == ("failed", "account_blocked")
    assert pgpay.get(paid)["amount_refunded"] == 0
    assert pgpay.events()[-1] == "refund.failed"


def test_by_hand(make_pgpay):
    pgpay = make_pgpay(settings={"refund_outcome": "pending"})
    paid = pgpay.paid()
    made = pgpay.sandbox.refund_in_dashboard(pgpay.account, paid["id"], 250)
    assert made["reference"].startswith("PORTAL-") and made["status"] == "pending"
    pgpay.sandbox.finish_refund(pgpay.account, made["id"], "succeeded")
    pgpay.sandbox.finish_refund(pgpay.account, made["id"], "failed")
    assert pgpay.events()[-2:] == ["refund.succeeded", "refund.failed"]
    assert pgpay.get(paid)["amount_refunded"] == 0
