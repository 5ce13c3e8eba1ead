"""PGPay's payments: refusals first, then every way a payer can answer."""

import json
import time

import pytest

from tests.contract.callers import code_of, http, press

PATH = "/v1/payments"
# change of a good body, code of the refusal; all of them break the contract's schema
WRONG = [
    ({"reference": ...}, "parameter_missing"),
    ({"amount": ...}, "parameter_missing"),
    ({"currency": ...}, "parameter_missing"),
    ({"return_url": ...}, "parameter_missing"),
    ({"cancel_url": ...}, "parameter_missing"),
    ({"amount": "1250"}, "parameter_invalid"),
    ({"amount": 12.5}, "parameter_invalid"),
    ({"amount": 0}, "parameter_invalid"),
    ({"amount": True}, "parameter_invalid"),
    ({"currency": "pgk"}, "parameter_invalid"),
    ({"reference": "-T"}, "parameter_invalid"),
    ({"reference": "x" * 65}, "parameter_invalid"),
    ({"expires_in": 59}, "parameter_invalid"),
    ({"expires_in": 86401}, "parameter_invalid"),
    ({"metadata": {"a": 1}}, "parameter_invalid"),
    ({"metadata": {str(n): "" for n in range(21)}}, "parameter_invalid"),
    ({"description": "x" * 141}, "parameter_invalid"),
    ({"colour": "red"}, "parameter_invalid"),
    ({"channel": "mpesa"}, "channel_unknown"),
    ({"payer": {"msisdn": "70001234"}}, "msisdn_invalid"),
]
# change, status and code; the schema allows these, a rule does not
AGAINST_RULES = [
    ({"currency": "USD"}, 422, "currency_unsupported"),
    ({"amount": 99}, 422, "amount_below_minimum"),
    ({"amount": 500001}, 422, "amount_above_maximum"),
    ({"payer": {"msisdn": "+675123456"}}, 422, "msisdn_invalid"),
    ({"payer": ...}, 422, "msisdn_invalid"),
    ({"webhook_url": "http://example.com/hook"}, 400, "parameter_invalid"),
]
FLOWS = [
    ("cellmoni", "approve_on_handset", "pending"),
    ("micash", "approve_on_handset", "pending"),
    ("mpaisa", "approve_on_handset", "pending"),
    ("kina_bank", "dial_ussd", "pending"),
    ("bsp_wantok", "dial_ussd", "pending"),
    ("bsp_pay", "redirect", "created"),
    ("card", "redirect", "created"),
    (..., "redirect", "created"),
]


def made(pgpay):
    return pgpay.sandbox.payments(pgpay.account)


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_what_the_contract_refuses_is_refused(pgpay, change, code):
    body = pgpay.params(**change)
    assert pgpay.check.request("POST", PATH, json.dumps(body)), "the checker must see it"
    status, data = pgpay.call("POST", PATH, body, valid=False)
    assert data["error"]["code"] == code
    assert status == (422 if code in ("channel_unknown", "msisdn_invalid") else 400)
    assert pgpay.check.response("POST", PATH, status, data) == []
    assert made(pgpay) == [] and pgpay.events() == []


@pytest.mark.parametrize(("change", "status", "code"), AGAINST_RULES)
def test_refused_by_a_rule(pgpay, change, status, code):
    assert code_of(pgpay.create(**change)) == (status, code)
    assert made(pgpay) == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object(pgpay, raw):
    status, content, _headers = pgpay.raw("POST", PATH, raw)
    assert (status, json.loads(content)["error"]["code"]) == (400, "invalid_request")


def test_channels_and_their_limits(make_pgpay):
    settings = {"disabled_channels": ["card"], "limits": {"micash": [200, 300]}}
    pgpay = make_pgpay(settings=settings)
    rows = {row["code"]: row for row in pgpay.call("GET", "/v1/channels")[1]["data"]}
    assert len(rows) == 7 and not rows["card"]["enabled"]
    assert (rows["micash"]["min_amount"], rows["micash"]["max_amount"]) == (200, 300)
    assert code_of(pgpay.create(channel="card")) == (403, "channel_not_enabled")
    assert code_of(pgpay.create(channel="micash", amount=199)) == (422, "amount_below_minimum")
    assert code_of(pgpay.create(channel="micash", amount=301)) == (422, "amount_above_maximum")
    assert pgpay.create(channel="micash", amount=300)[0] == 201


@pytest.mark.parametrize(("channel", "action", "status"), FLOWS)
def test_flows(pgpay, channel, action, status):
    payment = pgpay.payment(channel=channel)
    assert (payment["status"], payment["next_action"]["type"]) == (status, action)
    assert pgpay.events() == (["payment.pending"] if status == "pending" else [])
    if action == "redirect":
        assert payment["next_action"]["url"] == payment["checkout_url"]
    elif action == "dial_ussd":
        assert payment["next_action"]["ussd"].startswith("*")
    else:
        assert "K12.50" in payment["next_action"]["message"]
    assert pgpay.get(payment) == payment


# === IDEMPOTENCY === #


def test_same_key_same_body(pgpay):
    body, key = pgpay.params(), {"Idempotency-Key": "k" * 16}
    first = pgpay.call("POST", PATH, body, headers=key)
    pgpay.sandbox.pay(first[1]["id"], "approve")
    assert pgpay.call("POST", PATH, body, headers=key) == first, "as it was then"
    assert pgpay.answered["idempotent-replayed"] == "true"
    assert len(made(pgpay)) == 1
    other = pgpay.call("POST", PATH, {**body, "amount": 1300}, headers=key)
    assert code_of(other) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "idempotency_key_missing"), ("short", "parameter_invalid"), ("k" * 65,) * 2],
)
def test_key_is_required(pgpay, key, code):
    code = code if code != key else "parameter_invalid"
    answer = pgpay.call("POST", PATH, pgpay.params(), headers={"Idempotency-Key": key})
    assert code_of(answer) == (400, code) and made(pgpay) == []


def test_reference_is_used_once(pgpay):
    payment = pgpay.payment()
    answer = pgpay.create(reference=payment["reference"])
    assert code_of(answer) == (422, "reference_duplicate") and len(made(pgpay)) == 1


def test_found_by_reference_after_a_lost_answer(pgpay):
    pgpay.sandbox.add_fault(pgpay.account, f"POST {PATH}", "lose_answer")
    body, key = pgpay.params(), {"Idempotency-Key": "k" * 20}
    with pytest.raises(OSError):
        pgpay.call("POST", PATH, body, headers=key)
    found = pgpay.call("GET", f"{PATH}?reference={body['reference']}")[1]["data"]
    assert [p["reference"] for p in found] == [body["reference"]]
    assert pgpay.call("POST", PATH, body, headers=key)[1]["id"] == found[0]["id"]
    assert pgpay.call("GET", f"{PATH}?reference=T-none")[1] == {"data": []}


# === THE PAYER === #


def test_approved(pgpay):
    payment = pgpay.paid()
    assert payment["status"] == "succeeded" and payment["next_action"] is None
    assert payment["fee"] == {"amount": 19, "currency": "PGK"}
    assert payment["operator_reference"].startswith("CM") and payment["completed_at"]
    expected = ["payment.pending", "payment.processing", "payment.succeeded"]
    assert pgpay.events() == expected


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("reject", "payer_rejected"),
        ("pin", "pin_incorrect"),
        ("otp", "otp_incorrect"),
        ("funds", "insufficient_funds"),
        ("timeout", "payer_timeout"),
        *((c, c) for c in ("payer_not_registered", "payer_limit_reached", "account_blocked")),
        *((c, c) for c in ("operator_unavailable", "risk_declined", "internal_error", "unknown")),
    ],
)
def test_failed(pgpay, outcome, code):
    payment = pgpay.payment()
    pgpay.sandbox.pay(payment["id"], outcome)
    seen = pgpay.get(payment)
    assert (seen["status"], seen["failure"]["code"]) == ("failed", code)
    assert seen["fee"] is None and pgpay.events()[-1] == "payment.failed"
    with pytest.raises(Exception, match="cannot become"):
        pgpay.sandbox.pay(payment["id"], "approve")


def test_a_number_without_a_wallet(pgpay):
    payment = pgpay.payment(payer={"msisdn": "+67570000000"})
    assert payment["status"] == "failed"
    assert payment["failure"]["code"] == "payer_not_found"


def test_settled_later(pgpay):
    pgpay.sandbox.update(pgpay.account, settle_seconds=0.3)
    payment = pgpay.paid()
    assert payment["status"] == "processing"
    time.sleep(0.5)
    assert pgpay.get(payment)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("outcome", "code", "status"),
    [("succeeded", None, "succeeded"), ("failed", "insufficient_funds", "failed")],
)
def test_settled_by_hand(pgpay, outcome, code, status):
    pgpay.sandbox.update(pgpay.account, settle_seconds=60)
    payment = pgpay.paid()
    pgpay.sandbox.finish_payment(pgpay.account, payment["id"], outcome, code)
    seen = pgpay.get(payment)
    assert seen["status"] == status and (seen["failure"] or {}).get("code") == code


@pytest.mark.parametrize(("answer", "status"), [("approve", "succeeded"), ("timeout", "failed")])
def test_the_payer_answers_alone(make_pgpay, answer, status):
    code = {"timeout": "payer_timeout"}.get(answer, answer)
    pgpay = make_pgpay(settings={"auto_outcome": code, "auto_seconds": 0.1})
    payment = pgpay.payment()
    time.sleep(0.3)
    assert pgpay.get(payment)["status"] == status


def test_expires(pgpay):
    pgpay.sandbox.update(pgpay.account, life_seconds=0.2)
    payment, paid = pgpay.payment(), pgpay.paid()
    time.sleep(0.4)
    assert pgpay.get(payment)["status"] == "expired"
    assert pgpay.get(paid)["status"] == "succeeded"
    assert pgpay.events()[-1] == "payment.expired"


def test_cancel(pgpay):
    for payment in (pgpay.payment(), pgpay.payment(channel="card")):
        status, seen = pgpay.call("POST", f"{PATH}/{payment['id']}/cancel")
        assert (status, seen["status"]) == (200, "cancelled")
    answer = pgpay.call("POST", f"{PATH}/{payment['id']}/cancel")
    assert code_of(answer) == (409, "payment_not_cancellable")
    answer = pgpay.call("POST", f"{PATH}/{pgpay.paid()['id']}/cancel")
    assert code_of(answer) == (409, "payment_not_cancellable")
    assert pgpay.events().count("payment.cancelled") == 2


def test_taken_back_by_the_operator(pgpay):
    payment = pgpay.paid()
    pgpay.sandbox.dispute(pgpay.account, payment["id"])
    assert pgpay.get(payment)["status"] == "reversed"
    assert pgpay.events()[-1] == "payment.reversed"


@pytest.mark.parametrize(
    ("fault", "options", "money"),
    [
        ("wrong_amount", {}, (1249, "PGK")),
        ("wrong_amount", {"amount": 100}, (100, "PGK")),
        ("wrong_currency", {"code": "AUD"}, (1250, "AUD")),
    ],
)
def test_wrong_money(pgpay, fault, options, money):
    pgpay.sandbox.add_fault(pgpay.account, f"POST {PATH}", fault, **options)
    payment = pgpay.payment()
    assert (payment["amount"], payment["currency"]) == (1250, "PGK")
    pgpay.sandbox.pay(payment["id"], "approve")
    seen = pgpay.get(payment)
    assert (seen["amount"], seen["currency"]) == money


@pytest.mark.parametrize(
    ("code", "status"),
    [("operator_unavailable", 503), ("internal_error", 500), ("risk", 503)],
)
def test_refusals_on_demand(pgpay, code, status):
    pgpay.sandbox.add_fault(pgpay.account, f"POST {PATH}", "refuse", code=code)
    body, key = pgpay.params(), {"Idempotency-Key": "k" * 16}
    assert pgpay.call("POST", PATH, body, headers=key)[0] == status
    pgpay.sandbox.add_fault(pgpay.account, f"POST {PATH}", "throttle")
    assert code_of(pgpay.call("POST", PATH, body, headers=key)) == (429, "rate_limited")
    assert made(pgpay) == []
    assert pgpay.call("POST", PATH, body, headers=key)[0] == 201, "the key is free"


def test_no_such_thing(pgpay):
    for path in ("/v1/payments/pgp_X000000000", "/v1/refunds/pgr_X", "/v1/events/evt_X"):
        assert code_of(pgpay.call("GET", path)) == (404, "not_found")
    assert pgpay.raw("GET", "/v1/nothing")[0] == 404


# === PAGES === #


def test_page_of_a_redirect(pgpay):
    payment = pgpay.payment(channel="bsp_pay")
    page = payment["checkout_url"]
    assert b"PGK 12.50" in http("GET", page)[1]
    assert pgpay.get(payment)["status"] == "pending", "opening the page is being asked"
    assert press(page, "approve")[:2] == (303, payment["return_url"])
    assert pgpay.get(payment)["status"] == "succeeded"
    assert b"Paid" in http("GET", page)[1]
    assert pgpay.events().count("payment.pending") == 1


@pytest.mark.parametrize(
    ("button", "status", "url"),
    [
        ("close", "succeeded", None),
        ("otp", "failed", "return_url"),
        ("funds", "failed", "return_url"),
        ("cancel", "cancelled", "cancel_url"),
    ],
)
def test_buttons_of_the_page(pgpay, button, status, url):
    payment = pgpay.payment(channel="card")
    seen = press(payment["checkout_url"], button)
    assert seen[1] == (payment[url] if url else None)
    assert pgpay.get(payment)["status"] == status


def test_channel_chosen_on_the_page(pgpay):
    payment = pgpay.payment(channel=..., payer=...)
    page = payment["checkout_url"]
    assert b"Pay with" in http("GET", page)[1]
    text = press(page, "choose", channel="micash", msisdn="123")[2]
    assert "not a mobile number" in text
    text = press(page, "choose", channel="micash", msisdn="7000 1234")[2]
    assert "Enter your MiCash PIN" in text
    seen = pgpay.get(payment)
    assert (seen["status"], seen["channel"]) == ("pending", "micash")
    assert seen["payer"] == {"msisdn": "+67570001234"}


@pytest.mark.parametrize(
    ("button", "status"),
    [("approve", "succeeded"), ("reject", "failed"), ("pin", "failed"), ("timeout", "failed")],
)
def test_buttons_of_the_handset(pgpay, button, status):
    payment = pgpay.payment()
    handset = f"{pgpay.base}/handset/{payment['id']}"
    assert b"+67570001234" in http("GET", handset)[1]
    assert press(handset, button)[0] == 200
    assert pgpay.get(payment)["status"] == status
    assert b"Approve" not in http("GET", handset)[1]
    assert http("GET", handset + "X")[0] == 404
