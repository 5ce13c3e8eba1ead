"""SendTransfer and ListTransferRecords, trap by trap."""

import json
import time

import pytest

INVALID = [
    ({"ValidateOnly": ...}, "ParameterInvalid", "ValidateOnly"),
    ({"ValidateOnly": "false"}, "ParameterInvalid", "ValidateOnly"),
    ({"SkuCode": ...}, "ParameterMissing", "SkuCode"),
    ({"DistributorRef": ""}, "ParameterMissing", "DistributorRef"),
    ({"SendValue": ...}, "ParameterMissing", "SendValue"),
    ({"SendValue": "5"}, "ParameterInvalid", "SendValue"),
    ({"SendValue": 5.001}, "ParameterInvalid", "SendValue"),
    ({"SendValue": 1e30}, "ParameterOutOfRange", "SendValue"),
    ({"SkuCode": "nothing"}, "ParameterInvalid", "SkuCode"),
    ({"AccountNumber": "+67571234567"}, "AccountNumberInvalid", "AccountNumberFailedRegex"),
    ({"AccountNumber": "6757123"}, "AccountNumberInvalid", "AccountNumberFailedRegex"),
    ({"SendValue": 0.99}, "ParameterOutOfRange", "SendValue"),
    ({"SendValue": 75.01}, "ParameterOutOfRange", "SendValue"),
    ({"SkuCode": "DCPG51871", "SendValue": 2.87}, "ParameterCombinationInvalid", None),
    (
        {"SkuCode": "DCPG51871", "SendValue": 2.86, "SendCurrencyIso": "EUR"},
        "ParameterCombinationInvalid",
        None,
    ),
    (
        {"SkuCode": "NG_4X_TopUp", "AccountNumber": "2348000000000"},
        "ParameterMissing",
        "MeterId",
    ),
]
ENDINGS = {
    "1": (503, 3, "RateLimited", None, False),
    "2": (503, 3, "TransientProviderError", "ProviderTimedOut", True),
    "3": (503, 3, "TransientProviderError", "ProviderRefusedRequest", True),
    "4": (500, 5, "ProviderError", "ProductUnavailable", True),
    "5": (400, 4, "AccountNumberInvalid", "ProviderRefusedRequest", True),
    "6": (500, 5, "ProviderError", "ProviderTemporarilyUnavailable", True),
    "7": (500, 5, "InsufficientBalance", None, True),
    "8": (400, 4, "AccountNumberInvalid", "AccountNumberFailedRegex", False),
    "9": (500, 5, "ProviderError", "RechargeNotAllowed", True),
}


def transfers(ding, **options):
    return ding.sandbox.transfers(ding.account, **options)


def test_a_send_is_complete_stored_and_paid(ding):
    status, data = ding.send(SendCurrencyIso="USD")
    record = data["TransferRecord"]
    assert (status, data["ResultCode"], record["ProcessingState"]) == (200, 1, "Complete")
    assert record["TransferId"]["TransferRef"].isdigit()
    assert record["Price"]["ReceiveValue"] == 17.5
    assert record["CommissionApplied"] == 0.4
    assert "ReceiptText" not in record and "TaxName" not in record["Price"]
    assert ding.balance == "95.40"
    assert ding.list(DistributorRef="T-1")["Items"] == [
        {"TransferRecord": record, "ResultCode": 1, "ErrorCodes": []}
    ]


@pytest.mark.parametrize(("changes", "code", "context"), INVALID)
def test_form_errors_store_nothing(ding, changes, code, context):
    status, data = ding.send(valid=False, **changes)
    expected = {"Code": code, "Context": context} if context else {"Code": code}
    assert (status, data["ResultCode"], data["ErrorCodes"]) == (400, 4, [expected])
    assert "TransferRecord" not in data
    assert ding.list()["Items"] == []
    assert ding.balance == "100.00"


def test_unreadable_body(ding):
    status, content = ding.raw("SendTransfer", b"{not json")
    assert status == 400
    assert json.loads(content)["ErrorCodes"] == [{"Code": "RequestInvalid"}]


def test_the_bounds_are_inclusive(ding):
    assert ding.send(SendValue=1)[0] == 200
    assert ding.send(SendValue=75)[0] == 200


@pytest.mark.parametrize(("ending", "expected"), ENDINGS.items())
def test_uat_endings(ding, ending, expected):
    http, result, code, context, is_stored = expected
    status, data = ding.send(AccountNumber="6757000000" + ending)
    error = data["ErrorCodes"][0]
    assert (status, data["ResultCode"]) == (http, result)
    assert (error["Code"], error.get("Context")) == (code, context)
    assert ding.balance == "100.00"
    assert transfers(ding) == []
    assert len(ding.list()["Items"]) == int(is_stored)
    if is_stored:
        assert data["TransferRecord"]["ProcessingState"] == "Failed"
        assert data["TransferRecord"]["Price"]["ReceiveValue"] == 0


def test_uat_number_is_free_even_without_balance(make_ding):
    poor = make_ding(balance="0.00")
    assert poor.send(AccountNumber="67570000000")[1]["ResultCode"] == 1
    assert poor.balance == "0.00"
    assert len(transfers(poor)) == 1


def test_insufficient_balance_is_http_500(make_ding):
    poor = make_ding(balance="4.99")
    status, data = poor.send()
    assert (status, data["ResultCode"]) == (500, 5)
    assert data["ErrorCodes"] == [{"Code": "InsufficientBalance"}]
    assert data["TransferRecord"]["ProcessingState"] == "Failed"
    assert (poor.balance, transfers(poor)) == ("4.99", [])


def test_validation_says_complete_and_moves_nothing(ding):
    data = ding.send(ValidateOnly=True)[1]
    assert data["TransferRecord"]["ProcessingState"] == "Complete"
    assert data["TransferRecord"]["TransferId"]["TransferRef"] == "0"
    assert "CompletedUtc" not in data["TransferRecord"]
    assert (ding.balance, ding.list()["Items"]) == ("100.00", [])
    ding.sandbox.update(ding.account, balance="1.00")
    assert ding.send(ValidateOnly=True)[1]["ErrorCodes"] == [{"Code": "InsufficientBalance"}]
    assert ding.list()["Items"] == []


def test_the_same_reference_is_paid_twice(ding):
    first, second = ding.send()[1], ding.send()[1]
    refs = {d["TransferRecord"]["TransferId"]["TransferRef"] for d in (first, second)}
    assert len(refs) == 2
    assert ding.balance == "90.80"
    assert len(ding.list(DistributorRef="T-1", take=2)["Items"]) == 2


def test_the_switch_prevents_duplicates(ding):
    ding.sandbox.update(ding.account, prevent_duplicates=True)
    assert ding.send(AccountNumber="67570000004")[1]["ResultCode"] == 5
    assert ding.send()[0] == 200
    status, data = ding.send()
    assert (status, data["ErrorCodes"]) == (400, [{"Code": "DuplicateTransactionPrevented"}])
    assert len(transfers(ding)) == 1


def test_completed_spelling(ding):
    ding.sandbox.update(ding.account, completed_spelling=True)
    assert ding.send()[1]["TransferRecord"]["ProcessingState"] == "Completed"
    assert ding.list()["Items"][0]["TransferRecord"]["ProcessingState"] == "Completed"


def test_unknown_fields(ding):
    ding.sandbox.update(ding.account, extra_fields=True)
    status, content = ding.raw("GetBalance")
    data = json.loads(content)
    assert status == 200 and data["Balance"] == 100 and "SandboxExtra" in data


def test_fixed_voucher_and_settings(ding):
    voucher = {"SkuCode": "4RPG39343", "SendValue": 10.6, "AccountNumber": "0000000000"}
    record = ding.send(**voucher)[1]["TransferRecord"]
    assert record["ReceiptParams"]["pin"] in record["ReceiptText"]
    assert ding.balance == "89.57"  # 10.60 and a fee of 0.15, commission 0.32 back
    meter = {"SkuCode": "NG_4X_TopUp", "AccountNumber": "2348000000001"}
    status, data = ding.send(**meter, Settings=[{"Name": "MeterId", "Value": "123"}])
    assert data["ErrorCodes"] == [{"Code": "RateLimited"}] and status == 503


def test_batch_product_stays_submitted_for_a_while(ding):
    ding.sandbox.update(ding.account, batch_seconds=0.4)
    batch = {"SkuCode": "DCPG51880", "SendValue": 28.58}
    record = ding.send(**batch)[1]["TransferRecord"]
    assert record["ProcessingState"] == "Submitted" and "CompletedUtc" not in record
    assert ding.balance == "73.71"
    assert ding.list()["Items"][0]["TransferRecord"]["ProcessingState"] == "Submitted"
    time.sleep(0.5)
    assert ding.list()["Items"][0]["TransferRecord"]["ProcessingState"] == "Complete"


def test_batch_that_fails_gives_the_money_back(ding):
    ding.sandbox.update(ding.account, batch_seconds=0.1, batch_outcome="Failed")
    assert ding.send(headers={"X-Option": "DeferTransfer"})[1]["ResultCode"] == 1
    time.sleep(0.2)
    item = ding.list()["Items"][0]
    assert (item["ResultCode"], item["TransferRecord"]["ProcessingState"]) == (5, "Failed")
    assert (ding.balance, transfers(ding)) == ("100.00", [])


def test_cancel(ding):
    ding.sandbox.update(ding.account, batch_seconds=60)
    open_id = ding.send(headers={"X-Option": "DeferTransfer"})[1]["TransferRecord"]["TransferId"]
    done_id = ding.send()[1]["TransferRecord"]["TransferId"]
    asked = [
        {"TransferId": open_id, "BatchItemRef": "1"},
        {"TransferId": done_id, "BatchItemRef": "2"},
    ]
    items = ding.call("CancelTransfers", asked)[1]["Items"]
    assert [i["ProcessingState"] for i in items] == ["Cancelled", "Complete"]
    assert [i["ResultCode"] for i in items] == [1, 5]
    assert ding.balance == "95.40"


def test_list_pages_and_bounds(ding):
    for number in range(5):
        ding.send(DistributorRef=f"T-{number}", SendValue=1)
    first, last = ding.list(take=2), ding.list(take=2, Skip=4)
    names = [i["TransferRecord"]["TransferId"]["DistributorRef"] for i in first["Items"]]
    assert (names, first["ThereAreMoreItems"]) == (["T-4", "T-3"], True)
    assert (len(last["Items"]), last["ThereAreMoreItems"]) == (1, False)
    exact = ding.list(DistributorRef="T-3", AccountNumber="67571234567", take=1)
    assert len(exact["Items"]) == 1
    assert ding.list(DistributorRef="T-3", AccountNumber="67570000000")["Items"] == []
    for take in (0, 101):
        status, data = ding.call("ListTransferRecords", {"Take": take})
        assert status == 400
        assert data["ErrorCodes"] == [{"Code": "ParameterOutOfRange", "Context": "Take"}]
    assert ding.call("ListTransferRecords", {}, valid=False)[0] == 400


def test_too_many_sends_to_one_number(ding):
    ding.sandbox.update(ding.account, sends_per_number=2)
    codes = [ding.send(SendValue=1)[0] for _ in range(3)]
    assert codes == [200, 200, 503]
    assert ding.send(SendValue=1, AccountNumber="67571234568")[0] == 200


def test_accounts_do_not_see_each_other(ding, make_ding):
    other = make_ding()
    ding.send()
    assert other.list()["Items"] == [] and other.balance == "1000.00"
