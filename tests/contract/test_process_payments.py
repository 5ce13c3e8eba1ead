"""The process with all kinds of accounts: pages, state over a restart, refusals of control."""

import time
import urllib.request

import pytest

from sandbox.client import SandboxError
from tests.contract.callers import PayPal, Pgecom, PgPay, http


def read(url):
    status, content, _headers = http("GET", url)
    assert status == 200
    return content.decode()


def test_control_pages(paypal, pgpay, pgecom):
    order, payment = paypal.order(), pgpay.payment()
    paypal.refund(paypal.captured(), "1.00")
    pgecom.create(orderId="T-page")
    base = paypal.sandbox.base_url
    index = read(base)
    for caller in (paypal, pgpay, pgecom):
        assert caller.account["id"] in index and f"<option>{caller.kind}</option>" in index
    page = read(f"{base}/accounts/{paypal.account['id']}")
    assert order["id"] in page and "PARTIALLY_REFUNDED" in page and "Lose the next" in page
    page = read(f"{base}/accounts/{pgpay.account['id']}")
    assert payment["reference"] in page and f"/pgpay/handset/{payment['id']}" in page
    page = read(f"{base}/accounts/{pgecom.account['id']}")
    assert "T-page" in page and "HTG 55" in page
    assert "src=" not in page and "https://" not in page


def test_switches_by_the_form_of_the_page(paypal):
    url = f"{paypal.sandbox.base_url}/_control/accounts/{paypal.account['id']}/webhooks"
    data = b"duplicate=2&reorder=True&delay=0.5&drop=3"
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=5) as answer:
        assert answer.status == 200
    switches = paypal.sandbox.account(paypal.account)["webhooks"]
    expected = {"hold": False, "duplicate": 2, "reorder": True, "delay": 0.5, "drop": 3, "held": 0}
    assert switches == expected


def test_state_survives_a_restart(run_sandbox, tmp_path, spec):
    files = [spec(name) for name in ("paypal.min.openapi.json", "pgpay.openapi.json")]
    arguments = ("--state", str(tmp_path / "state.sqlite"))
    client = {"client_id": "mine", "client_secret": "test_own"}
    key = {"key_id": "pk_test_mine", "secret": "s", "webhook_secret": "w"}
    user = {"user_id": "u-1"}
    with run_sandbox(*arguments) as first:
        paypal, pgpay = PayPal(first, files[0], **client), PgPay(first, files[1], **key)
        capture = paypal.captured("echeck")
        first.update(paypal.account, approval_seconds=0.5, capture_seconds=0.5)
        waiting = paypal.order(key="k-1")
        first.pay(waiting["id"])
        root = first.paypal_root_certificate()
        payment = pgpay.payment()
        order = Pgecom(first, **user).create(orderId="T-1")[1]
    with run_sandbox(*arguments) as second:
        paypal, pgpay = PayPal(second, files[0], **client), PgPay(second, files[1], **key)
        assert second.paypal_root_certificate() == root
        time.sleep(0.7)
        assert paypal.get_order(waiting)["status"] == "VOIDED", "timers are armed again"
        assert paypal.get_capture(capture)["status"] == "COMPLETED"
        headers = {"PayPal-Request-Id": "k-1"}
        again = paypal.call("POST", "/v2/checkout/orders", paypal.params(), headers=headers)
        assert (again[0], again[1]["id"]) == (200, waiting["id"])
        assert second.pay(payment["id"], "approve")["status"] == "succeeded"
        assert pgpay.get(payment)["amount"] == 1250
        assert second.pay(order["id"])["status"] == "completed"
        assert Pgecom(second, **user).verify(order)[1]["gourdes"] == 55


def test_control_says_what_is_wrong(paypal, pgpay, pgecom):
    sandbox, capture, payment = paypal.sandbox, paypal.captured(), pgpay.payment()
    for call in (
        lambda: sandbox.add_fault(paypal.account, "captures", "delay"),
        lambda: sandbox.add_fault(pgecom.account, "POST /v1/payments", "delay"),
        lambda: sandbox.webhooks(paypal.account, colour=1),
        lambda: sandbox.webhooks(paypal.account, drop="some"),
        lambda: sandbox.finish_capture(paypal.account, capture["id"], "DONE"),
        lambda: sandbox.finish_capture(paypal.account, "NONE", "COMPLETED"),
        lambda: sandbox.refund_in_dashboard(paypal.account, capture["id"], "much"),
        lambda: sandbox.refund_in_dashboard(paypal.account, capture["id"], "99.00"),
        lambda: sandbox.dispute(paypal.account, capture["id"], "WHIM"),
        lambda: sandbox.payments(paypal.account),
        lambda: sandbox.dispute(pgecom.account, "T-1"),
        lambda: sandbox.refund_in_dashboard(pgpay.account, payment["id"]),
        lambda: sandbox.finish_payment(pgpay.account, payment["id"], "succeeded"),
        lambda: sandbox.pay(payment["id"], "whim"),
        lambda: sandbox.update(pgpay.account, limits=[1]),
        lambda: sandbox.update(pgpay.account, fee_seconds=1),
        lambda: sandbox.signed_event(pgpay.account, "evt_none"),
    ):
        with pytest.raises(SandboxError, match="40[04]: "):
            call()
    assert sandbox.refunds(paypal.account) == []
