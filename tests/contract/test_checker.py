"""The checkers must be able to refuse; otherwise every other test here proves nothing."""

import json

import pytest
import stripe

ORDER = {
    "SkuCode": "PG_DC_TopUp",
    "SendValue": 5.0,
    "AccountNumber": "67571234567",
    "DistributorRef": "T-1",
    "ValidateOnly": False,
}


def without(name):
    return {k: v for k, v in ORDER.items() if k != name}


@pytest.mark.parametrize(
    "body",
    [
        *map(without, ORDER),
        {**ORDER, "SendValue": "5.00"},
        {**ORDER, "ValidateOnly": "false"},
        {**ORDER, "distributor_ref": "T-1"},
    ],
)
def test_bad_transfer_request_is_seen(spec, body):
    check = spec("dingconnect.openapi.json")
    assert check.request("post", "/api/V1/SendTransfer", json.dumps(ORDER)) == []
    assert check.request("post", "/api/V1/SendTransfer", json.dumps(body))


def test_bad_transfer_answer_is_seen(spec):
    check = spec("dingconnect.openapi.json")
    record = {"SkuCode": "X", "CommissionApplied": 0, "ProcessingState": "Complete"}
    answer = {"TransferRecord": record, "ResultCode": 1, "ErrorCodes": []}
    assert check.response("post", "/api/V1/SendTransfer", 200, answer)
    record["AccountNumber"] = "67571234567"
    assert check.response("post", "/api/V1/SendTransfer", 200, answer) == []


@pytest.mark.parametrize(
    "body",
    [
        "mode=pay",
        "mode=payment&line_items[0][price_data][unit_amout]=5",
        "mode=payment&expires_at=soon",
        "mode=payment&colour=red",
    ],
)
def test_bad_session_request_is_seen(spec, body):
    assert spec("stripe.min.openapi.json").request("post", "/v1/checkout/sessions", body)


def test_bad_session_answer_is_seen(spec, merchant):
    check = spec("stripe.min.openapi.json")
    good = merchant.session().to_dict()
    path = "/v1/checkout/sessions"
    assert check.response("post", path, 200, good) == []
    assert check.response("post", path, 200, {**good, "status": "done"})
    assert check.response("post", path, 200, {**good, "amount_total": "12.50"})


def test_sandbox_refuses_what_the_checker_refuses(merchant):
    merchant.transport.checking = False
    with pytest.raises(stripe.InvalidRequestError) as caught:
        merchant.session(colour="red")
    assert caught.value.code == "parameter_unknown"
    assert merchant.sandbox.sessions(merchant.account) == []
