"""PayPal's refunds, reversals and disputes."""

import time

import pytest

from tests.contract.callers import issue_of


@pytest.fixture
def capture(paypal):
    """A completed capture of 12.50 US dollars."""
    return paypal.captured()


def refunds(paypal):
    return paypal.sandbox.refunds(paypal.account)


@pytest.mark.parametrize(
    ("amount", "issue"),
    [
        (("12.51", "USD"), "REFUND_AMOUNT_EXCEEDED"),
        (("0.00", "USD"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (("-1.00", "USD"), "CANNOT_BE_ZERO_OR_NEGATIVE"),
        (("1.005", "USD"), "DECIMAL_PRECISION"),
        (("1.00", "EUR"), "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        (("1.00", "PGK"), "INVALID_CURRENCY_CODE"),
        (("1.50", "JPY"), "DECIMALS_NOT_SUPPORTED"),
    ],
)
def test_refused_amounts(paypal, capture, amount, issue):
    assert issue_of(paypal.refund(capture, *amount)) == (422, issue)
    assert refunds(paypal) == [] and paypal.get_capture(capture) == capture


@pytest.mark.parametrize("body", [{"amount": {"value": "1.00"}}, {"custom_id": ""}])
def test_bodies_the_contract_refuses(paypal, capture, body):
    status, _data = paypal.refund(capture, valid=False, **body)
    assert status == 400 and refunds(paypal) == []


@pytest.mark.parametrize(
    ("settings", "value", "issue"),
    [
        ({"partial_refunds": False}, "5.00", "PARTIAL_REFUND_NOT_ALLOWED"),
        ({"refund_days": 0}, None, "REFUND_TIME_LIMIT_EXCEEDED"),
        ({"refund_balance": "4.99"}, "5.00", "REFUND_FAILED_INSUFFICIENT_FUNDS"),
    ],
)
def test_refused_by_the_account(paypal, capture, settings, value, issue):
    paypal.sandbox.update(paypal.account, **settings)
    assert issue_of(paypal.refund(capture, value)) == (422, issue)
    assert refunds(paypal) == []


def test_pending_and_declined_captures(make_paypal, paypal):
    pending = paypal.captured("echeck")
    assert issue_of(paypal.refund(pending)) == (422, "PENDING_CAPTURE")
    other = make_paypal(settings={"capture_outcome": "DECLINED"})
    assert issue_of(other.refund(other.captured())) == (422, "REFUND_NOT_ALLOWED")


def test_full_refund(paypal, capture):
    status, refund = paypal.refund(capture, custom_id="R-1", invoice_id="R-1", note_to_payer="Hi")
    assert (status, refund["status"]) == (201, "COMPLETED")
    assert refund["amount"] == {"currency_code": "USD", "value": "12.50"}
    path = f"/v2/payments/refunds/{refund['id']}"
    assert paypal.call("GET", path) == (200, refund)
    assert refund["links"][1]["rel"] == "up"
    assert refund["links"][1]["href"].endswith(capture["id"])
    assert paypal.get_capture(capture)["status"] == "REFUNDED"
    assert issue_of(paypal.refund(capture)) == (422, "CAPTURE_FULLY_REFUNDED")
    assert paypal.events()[-1] == "PAYMENT.CAPTURE.REFUNDED"


def test_parts_to_the_last_cent(paypal, capture):
    for value, total in (("10.00", "10.00"), ("2.49", "12.49"), ("0.01", "12.50")):
        refund = paypal.refund(capture, value)[1]
        parts = refund["seller_payable_breakdown"]
        assert parts["total_refunded_amount"]["value"] == total
        seen = paypal.get_capture(capture)["status"]
        assert seen == ("REFUNDED" if total == "12.50" else "PARTIALLY_REFUNDED")
    order = paypal.sandbox.orders(paypal.account)[0]
    rows = paypal.get_order(order)["purchase_units"][0]["payments"]["refunds"]
    assert [row["amount"]["value"] for row in rows] == ["10.00", "2.49", "0.01"]


def test_same_key_refunds_once(paypal, capture):
    first = paypal.refund(capture, "5.00", key="r-1")[1]
    assert paypal.refund(capture, "7.00", key="r-1") == (201, first)
    assert paypal.refund(capture, "5.00", key="r-2")[1]["id"] != first["id"]
    assert len(refunds(paypal)) == 2


def test_a_lost_answer_is_found(paypal, capture):
    on = "POST /v2/payments/captures/*/refund"
    paypal.sandbox.add_fault(paypal.account, on, "lose_answer")
    with pytest.raises(OSError):
        paypal.refund(capture, "5.00", key="r-1", custom_id="R-1")
    assert [r["custom_id"] for r in refunds(paypal)] == ["R-1"]
    assert paypal.refund(capture, "5.00", key="r-1", custom_id="R-1")[0] == 201
    assert len(refunds(paypal)) == 1


def test_invoice_id_of_a_refund_is_used_once(paypal, capture):
    assert paypal.refund(capture, "1.00", invoice_id="R-1")[0] == 201
    answer = paypal.refund(capture, "1.00", invoice_id="R-1")
    assert issue_of(answer) == (422, "DUPLICATE_INVOICE_ID")


def test_failing_later_frees_the_amount_and_says_nothing(make_paypal):
    paypal = make_paypal(settings={"refund_outcome": "FAILED", "refund_seconds": 0.3})
    capture = paypal.captured()
    refund = paypal.refund(capture)[1]
    assert refund["status"] == "PENDING"
    assert paypal.get_capture(capture)["status"] == "REFUNDED"
    time.sleep(0.5)
    assert paypal.call("GET", f"/v2/payments/refunds/{refund['id']}")[1]["status"] == "FAILED"
    assert paypal.get_capture(capture)["status"] == "COMPLETED"
    assert paypal.events()[-1] == "PAYMENT.CAPTURE.COMPLETED"


def test_ending_a_refund_by_hand(make_paypal):
    paypal = make_paypal(settings={"refund_outcome": "PENDING"})
    capture = paypal.captured()
    first, second = (paypal.refund(capture, "2.00")[1] for _ in range(2))
    paypal.sandbox.finish_refund(paypal.account, first["id"], "COMPLETED")
    paypal.sandbox.finish_refund(paypal.account, second["id"], "CANCELLED")
    assert [r["status"] for r in refunds(paypal)] == ["COMPLETED", "CANCELLED"]
    assert paypal.events().count("PAYMENT.CAPTURE.REFUNDED") == 1
    paypal.sandbox.finish_refund(paypal.account, first["id"], "FAILED")
    assert paypal.get_capture(capture)["status"] == "COMPLETED"


def test_refund_in_the_dashboard(paypal, capture):
    made = paypal.sandbox.refund_in_dashboard(paypal.account, capture["id"], "2.50")
    assert made["amount"]["value"] == "2.50" and "custom_id" not in made
    event = paypal.sandbox.events(paypal.account)[-1]
    assert event["event_type"] == "PAYMENT.CAPTURE.REFUNDED"
    assert event["resource"]["links"][1]["href"].endswith(capture["id"])


@pytest.mark.parametrize(("amount", "status"), [(None, "REFUNDED"), ("2.50", "PARTIALLY_REFUNDED")])
def test_taken_back_without_asking(paypal, capture, amount, status):
    paypal.sandbox.finish_capture(paypal.account, capture["id"], "REVERSED", amount)
    assert paypal.get_capture(capture)["status"] == status
    event = paypal.sandbox.events(paypal.account)[-1]
    assert event["event_type"] == "PAYMENT.CAPTURE.REVERSED"
    assert event["resource"]["custom_id"] == "T-1"


def test_a_dispute_that_is_won(paypal, capture):
    dispute = paypal.sandbox.dispute(paypal.account, capture["id"])
    (transaction,) = dispute["disputed_transactions"]
    assert transaction["seller_transaction_id"] == capture["id"]
    assert transaction["custom"] == "T-1"
    assert issue_of(paypal.refund(capture, "1.00")) == (422, "TRANSACTION_DISPUTED")
    done = paypal.sandbox.finish_dispute(paypal.account, dispute["id"], "won")
    assert done["dispute_outcome"] == {"outcome_code": "RESOLVED_SELLER_FAVOUR"}
    assert paypal.get_capture(capture)["status"] == "COMPLETED"
    assert paypal.events()[-2:] == ["CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED"]
    assert paypal.refund(capture, "1.00")[0] == 201


def test_a_dispute_that_is_lost(paypal, capture):
    dispute = paypal.sandbox.dispute(paypal.account, capture["id"], "UNAUTHORISED")
    paypal.sandbox.finish_dispute(paypal.account, dispute["id"], "lost")
    assert paypal.get_capture(capture)["status"] == "REFUNDED"
    assert paypal.events()[-2:] == ["CUSTOMER.DISPUTE.RESOLVED", "PAYMENT.CAPTURE.REVERSED"]
    assert issue_of(paypal.refund(capture)) == (422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
    with pytest.raises(Exception, match="has ended"):
        paypal.sandbox.finish_dispute(paypal.account, dispute["id"], "won")
