"""PayPal's captures: once, pending, refused, reversed."""

import concurrent.futures
import time

import pytest

from tests.contract.callers import issue_of, press


def captures(paypal):
    return paypal.sandbox.captures(paypal.account)


def approved(paypal, outcome="pay", **changes):
    order = paypal.order(**changes)
    paypal.sandbox.pay(order["id"], outcome)
    return order


def test_not_before_the_payer_approved(paypal):
    order = paypal.order()
    answer = paypal.capture(order)
    assert issue_of(answer) == (422, "ORDER_NOT_APPROVED")
    assert answer[1]["links"][0]["rel"] == "payer-action"
    assert captures(paypal) == [] and paypal.events() == []


def test_capture(paypal):
    order = approved(paypal)
    status, done = paypal.capture(order)
    assert (status, done["status"]) == (201, "COMPLETED")
    (capture,) = done["purchase_units"][0]["payments"]["captures"]
    assert (capture["status"], capture["custom_id"]) == ("COMPLETED", "T-1")
    seen = paypal.get_capture(capture)
    assert seen["supplementary_data"]["related_ids"]["order_id"] == order["id"]
    assert seen["seller_receivable_breakdown"] == {
        "gross_amount": {"currency_code": "USD", "value": "12.50"},
        "paypal_fee": {"currency_code": "USD", "value": "0.73"},
        "net_amount": {"currency_code": "USD", "value": "11.77"},
    }
    assert paypal.events() == ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED"]


def test_short_answer_holds_the_capture(paypal):
    done = paypal.capture(approved(paypal), whole=False)[1]
    assert "intent" not in done
    assert done["purchase_units"][0]["payments"]["captures"][0]["status"] == "COMPLETED"


def test_captured_once(paypal):
    order = approved(paypal)
    first = paypal.capture(order, key="c-1")
    assert paypal.capture(order, key="c-1") == (200, first[1])
    assert issue_of(paypal.capture(order, key="c-2")) == (422, "ORDER_ALREADY_CAPTURED")
    assert issue_of(paypal.capture(order)) == (422, "ORDER_ALREADY_CAPTURED")
    assert len(captures(paypal)) == 1


def test_captured_once_by_fifty_at_once(paypal):
    order = approved(paypal)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: paypal.capture(order, key=f"c-{n}"), range(50)))
    assert sorted(status for status, _data in answers) == [201] + [422] * 49
    assert len(captures(paypal)) == 1
    assert paypal.events().count("PAYMENT.CAPTURE.COMPLETED") == 1


def test_a_lost_answer_is_found_by_the_key(paypal):
    order = approved(paypal)
    paypal.sandbox.add_fault(paypal.account, "POST /v2/checkout/orders/*/capture", "lose_answer")
    with pytest.raises(OSError):
        paypal.capture(order, key="c-1")
    assert paypal.capture(order, key="c-1")[0] == 200
    assert len(captures(paypal)) == 1


def test_declined_instrument_sends_the_payer_back(paypal):
    order = approved(paypal, "decline")
    answer = paypal.capture(order, key="c-1")
    assert issue_of(answer) == (422, "INSTRUMENT_DECLINED")
    (link,) = answer[1]["links"]
    assert link["rel"] == "redirect"
    assert captures(paypal) == []
    assert press(link["href"], "approve")[0] == 303
    assert paypal.capture(order, key="c-1")[0] == 201, "a refused key is free again"


def test_echeck_is_pending_without_a_fee(paypal):
    capture = paypal.captured("echeck")
    assert (capture["status"], capture["status_details"]) == ("PENDING", {"reason": "ECHECK"})
    assert "seller_receivable_breakdown" not in capture
    paypal.sandbox.finish_capture(paypal.account, capture["id"], "COMPLETED")
    seen = paypal.get_capture(capture)
    assert seen["status"] == "COMPLETED" and "status_details" not in seen
    assert seen["seller_receivable_breakdown"]["paypal_fee"]["value"] == "0.73"
    ends = ["PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.COMPLETED"]
    assert paypal.events()[1:] == ends


@pytest.mark.parametrize(
    "reason",
    [
        *("ECHECK", "PENDING_REVIEW", "UNILATERAL", "VERIFICATION_REQUIRED", "OTHER"),
        *("RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION", "INTERNATIONAL_WITHDRAWAL"),
    ],
)
def test_reasons_of_pending(make_paypal, reason):
    settings = {"capture_outcome": "PENDING", "capture_reason": reason}
    assert make_paypal(settings=settings).captured()["status_details"]["reason"] == reason


@pytest.mark.parametrize("name", ["DENIED", "DECLINED"])
def test_pending_then_denied_under_both_names(paypal, name):
    capture = paypal.captured("echeck")
    paypal.sandbox.finish_capture(paypal.account, capture["id"], name)
    assert paypal.get_capture(capture)["status"] == "DECLINED"
    assert paypal.events()[-1] == f"PAYMENT.CAPTURE.{name}"
    with pytest.raises(Exception, match="not pending"):
        paypal.sandbox.finish_capture(paypal.account, capture["id"], "COMPLETED")


@pytest.mark.parametrize("end", ["COMPLETED", "DENIED"])
def test_pending_ends_by_itself(make_paypal, end):
    settings = {"capture_outcome": "PENDING", "capture_seconds": 0.2, "capture_end": end}
    paypal = make_paypal(settings=settings)
    capture = paypal.captured()
    assert capture["status"] == "PENDING"
    time.sleep(0.4)
    expected = {"COMPLETED": "COMPLETED", "DENIED": "DECLINED"}[end]
    assert paypal.get_capture(capture)["status"] == expected


@pytest.mark.parametrize("outcome", ["DECLINED", "FAILED"])
def test_capture_that_is_declined(make_paypal, outcome):
    paypal = make_paypal(settings={"capture_outcome": outcome})
    order = approved(paypal)
    status, done = paypal.capture(order)
    assert (status, done["status"]) == (201, "COMPLETED"), "the order says so although"
    (capture,) = done["purchase_units"][0]["payments"]["captures"]
    assert capture["status"] == outcome and "seller_receivable_breakdown" not in capture
    assert paypal.events()[-1] == "PAYMENT.CAPTURE.DECLINED"


def test_invoice_ids_are_used_once(paypal):
    first = approved(paypal, invoice_id="INV-1")
    second = approved(paypal, invoice_id="INV-1")
    assert paypal.capture(first)[0] == 201
    assert issue_of(paypal.capture(second)) == (422, "DUPLICATE_INVOICE_ID")
    paypal.sandbox.update(paypal.account, unique_invoices=False)
    assert paypal.capture(second)[0] == 201
    third, fourth = (approved(paypal, invoice_id=...) for _ in range(2))
    assert paypal.capture(third)[0] == paypal.capture(fourth)[0] == 201


def test_fee_in_the_settlement_currency(make_paypal):
    paypal = make_paypal(currency="AUD")
    parts = paypal.captured(value="100.00")["seller_receivable_breakdown"]
    assert parts["paypal_fee"] == {"currency_code": "USD", "value": "3.70"}
    rate = {"source_currency": "USD", "target_currency": "AUD", "value": "1.520000"}
    assert parts["exchange_rate"] == rate
    assert parts["receivable_amount"] == {"currency_code": "AUD", "value": "146.38"}
    assert parts["paypal_fee_in_receivable_currency"]["value"] == "5.62"


@pytest.mark.parametrize(
    ("fault", "options", "amount"),
    [
        ("wrong_amount", {}, ("USD", "12.49")),
        ("wrong_amount", {"amount": 100}, ("USD", "1.00")),
        ("wrong_currency", {}, ("EUR", "12.50")),
        ("wrong_currency", {"code": "AUD"}, ("AUD", "12.50")),
    ],
)
def test_wrong_money(paypal, fault, options, amount):
    order = approved(paypal)
    on = "POST /v2/checkout/orders/*/capture"
    paypal.sandbox.add_fault(paypal.account, on, fault, **options)
    done = paypal.capture(order)[1]["purchase_units"][0]
    (capture,) = done["payments"]["captures"]
    assert (capture["amount"]["currency_code"], capture["amount"]["value"]) == amount
    assert done["amount"]["value"] == "12.50"


@pytest.mark.parametrize("hurry", [True, False])
def test_approval_nobody_captured_is_reversed(paypal, hurry):
    if not hurry:
        paypal.sandbox.update(paypal.account, approval_seconds=0.2)
    order = approved(paypal)
    if hurry:
        paypal.sandbox.reverse_approval(paypal.account, order["id"])
    time.sleep(0.4)
    assert paypal.get_order(order)["status"] == "VOIDED"
    assert issue_of(paypal.capture(order)) == (422, "ORDER_NOT_APPROVED")
    (event,) = paypal.sandbox.events(paypal.account)[1:]
    assert event["event_type"] == "CHECKOUT.PAYMENT-APPROVAL.REVERSED"
    assert event["resource"]["order_id"] == order["id"]


def test_a_captured_approval_stays(paypal):
    paypal.sandbox.update(paypal.account, approval_seconds=0.2)
    order = approved(paypal)
    paypal.capture(order)
    time.sleep(0.4)
    assert paypal.get_order(order)["status"] == "COMPLETED"
