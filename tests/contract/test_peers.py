"""The sandbox and our Stripe client against programs that other people wrote (`make contract`).

Prism reads the OpenAPI files by itself and checks both directions in front of the sandbox.
localstripe is another imitation of Stripe, with which our own client and signature check have to
get along.
"""

import contextlib
import importlib
import json
import sys
import time
import types
import uuid
from pathlib import Path

import pytest

from scripts.common import find_odoo
from tests.contract import peers
from tests.contract.callers import PayPal, PgPay, http, issue_of

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT.parent / "shared" / "contracts"


@pytest.fixture
def prism(sandbox, spec, tmp_path):
    """Return the context manager that puts Prism in front of the sandbox."""
    if not peers.PRISM.exists():
        pytest.skip("Prism is not installed (node and npm are needed): run make contract")

    @contextlib.contextmanager
    def start(name, base):
        spec(name)  # skips, saying so, where the folder is absent
        port = peers.free_port()
        argv = [peers.PRISM, "proxy", "-h", "127.0.0.1", "-p", port, "--errors", CONTRACTS / name]
        with peers.serving([*argv, base], port, tmp_path / "prism.log"):
            yield f"http://127.0.0.1:{port}"

    return start


def refused_by_prism(answer):
    """Say whether Prism itself refused a request."""
    status, content, headers = answer
    return status in (401, 422) and headers["content-type"] == "application/problem+json"


def violation(answer):
    """Say whether Prism found an answer of the sandbox wrong."""
    return answer[0] == 500 and "VIOLATIONS" in json.loads(answer[1])["type"]


# === PAYPAL === #


@pytest.fixture
def proxied_paypal(prism, sandbox, spec):
    """A PayPal merchant who calls through Prism."""
    with prism("paypal.min.openapi.json", sandbox.paypal_url) as base:
        yield PayPal(sandbox, spec("paypal.min.openapi.json"), base=base)


def test_paypal_through_prism(proxied_paypal, receiver):
    paypal = proxied_paypal
    path = "/v2/checkout/orders"
    for body in ({}, {"intent": "X"}, paypal.params(value=12.5)):
        assert refused_by_prism(paypal.raw("POST", path, body)), "it must be able to refuse"
    assert refused_by_prism(paypal.raw("POST", path, paypal.params(), {"Authorization": None}))
    assert paypal.sandbox.orders(paypal.account) == []

    webhook = paypal.webhook(receiver.url)
    assert paypal.call("GET", "/v1/notifications/webhooks")[1]["webhooks"] == [webhook]
    order = paypal.order(key="k-1")
    assert paypal.order(key="k-1") == order
    amount = {"currency_code": "USD", "value": "10.00"}
    where = "/purchase_units/@reference_id=='T-1'/amount"
    change = [{"op": "replace", "path": where, "value": amount}]
    assert paypal.call("PATCH", f"{path}/{order['id']}", change) == (204, None)
    assert issue_of(paypal.capture(order)) == (422, "ORDER_NOT_APPROVED")
    paypal.sandbox.pay(order["id"])
    done = paypal.capture(order)[1]["purchase_units"][0]["payments"]["captures"][0]
    assert issue_of(paypal.capture(order)) == (422, "ORDER_ALREADY_CAPTURED")
    assert paypal.get_capture(done)["amount"] == amount
    refund = paypal.refund(done, "4.00", custom_id="R-1")[1]
    assert issue_of(paypal.refund(done, "6.01")) == (422, "REFUND_AMOUNT_EXCEEDED")
    assert paypal.call("GET", f"/v2/payments/refunds/{refund['id']}") == (200, refund)
    assert paypal.get_order(order)["purchase_units"][0]["payments"]["refunds"] == [refund]
    verified(paypal, webhook, receiver)
    assert paypal.call("DELETE", f"/v1/notifications/webhooks/{webhook['id']}") == (204, None)
    assert issue_of(paypal.call("GET", f"{path}/NONE")) == (404, "INVALID_RESOURCE_ID")
    assert (
        paypal.get_token()[0] == 200
        and paypal.get_token(basic=paypal.basic(secret="wrong"))[0] == 401
    )


def verified(paypal, webhook, receiver):
    """Ask through Prism about the first delivery."""
    event, headers = receiver.wait(3)[0], receiver.headers[0]
    names = ("transmission_id", "transmission_sig", "transmission_time", "auth_algo", "cert_url")
    body = {name: headers["paypal-" + name.replace("_", "-")] for name in names}
    body.update(webhook_id=webhook["id"], webhook_event=event)
    path = "/v1/notifications/verify-webhook-signature"
    assert paypal.call("POST", path, body) == (200, {"verification_status": "SUCCESS"})
    assert paypal.call("GET", f"/v1/notifications/webhooks-events/{event['id']}") == (200, event)


def test_prism_sees_a_wrong_answer_of_paypal(proxied_paypal):
    paypal = proxied_paypal
    on = "POST /v2/checkout/orders"
    paypal.sandbox.add_fault(paypal.account, on, "refuse", code="NO_SUCH_ISSUE")
    assert violation(paypal.raw("POST", "/v2/checkout/orders", paypal.params()))


# === PGPAY === #


@pytest.fixture
def proxied_pgpay(prism, sandbox, spec):
    """A PGPay merchant who calls through Prism."""
    with prism("pgpay.openapi.json", sandbox.pgpay_url) as base:
        yield PgPay(sandbox, spec("pgpay.openapi.json"), base=base)


def test_pgpay_through_prism(proxied_pgpay):
    pgpay = proxied_pgpay
    for body in ({}, pgpay.params(amount="1250"), pgpay.params(colour="red")):
        assert refused_by_prism(pgpay.raw("POST", "/v1/payments", body)), "it must be able to"
    for headers in ({"Idempotency-Key": "short"}, {"Idempotency-Key": None}):
        assert refused_by_prism(pgpay.raw("POST", "/v1/payments", pgpay.params(), headers))
    assert pgpay.sandbox.payments(pgpay.account) == []

    assert pgpay.call("GET", "/v1/ping")[0] == pgpay.call("GET", "/v1/channels")[0] == 200
    payment = pgpay.payment()
    assert pgpay.create(reference=payment["reference"])[0] == 422
    assert pgpay.create(currency="USD")[0] == 422
    pgpay.sandbox.pay(payment["id"], "approve")
    assert pgpay.get(payment)["status"] == "succeeded"
    found = pgpay.call("GET", f"/v1/payments?reference={payment['reference']}")[1]["data"]
    assert [row["id"] for row in found] == [payment["id"]]
    assert pgpay.call("POST", f"/v1/payments/{payment['id']}/cancel")[0] == 409
    refund = pgpay.refund(payment, 250)[1]
    assert pgpay.refund(payment, 1001)[0] == 422
    assert pgpay.call("GET", f"/v1/refunds/{refund['id']}") == (200, refund)
    rows = pgpay.call("GET", f"/v1/payments/{payment['id']}/refunds")[1]["data"]
    assert rows == [refund]
    since = "2026-01-01T00%3A00%3A00Z"  # Prism writes a query anew, and the query is signed
    events = pgpay.call("GET", f"/v1/events?since={since}&limit=3")[1]
    assert len(events["data"]) == 3 and events["has_more"]
    event = events["data"][0]
    assert pgpay.call("GET", f"/v1/events/{event['id']}") == (200, event)
    pgpay.secret = "other"
    assert pgpay.call("GET", "/v1/ping")[0] == 401


def test_prism_sees_a_wrong_answer_of_pgpay(proxied_pgpay):
    pgpay = proxied_pgpay
    on = "POST /v1/payments"
    pgpay.sandbox.add_fault(pgpay.account, on, "wrong_currency", code="kina")
    payment = pgpay.payment()
    pgpay.sandbox.pay(payment["id"], "approve")
    assert violation(pgpay.raw("GET", f"/v1/payments/{payment['id']}"))


# === STRIPE === #


@pytest.fixture
def localstripe(tmp_path):
    """The address of a running localstripe."""
    if not peers.LOCALSTRIPE.exists():
        pytest.skip("localstripe is not installed: run make contract")
    if not Path("/proc/net/tcp6").exists():
        pytest.skip("localstripe listens on IPv6, which this machine has not")
    state = Path("/tmp/localstripe.pickle")  # it writes there and cannot be told otherwise
    was_there, port = state.exists(), peers.free_port()
    argv = [peers.LOCALSTRIPE, "--port", port, "--from-scratch"]
    with peers.serving(argv, port, tmp_path / "log", PYTHONPATH=str(peers.LOOPBACK)):
        yield f"http://[::1]:{port}"
    if not was_there:
        state.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def gateway():
    """Our Stripe client and our signature check, without a server around them."""
    sys.path.insert(0, str(find_odoo()))
    try:
        for name in ("pg_base", "pg_payments", "pg_payments.gateways"):
            package = types.ModuleType(f"odoo.addons.{name}")  # not its __init__: that is models
            package.__path__ = [str(ROOT / "addons" / name.replace(".", "/"))]
            sys.modules[package.__name__] = package
        root = "odoo.addons.pg_payments"
        names = ("gateways.stripe_client", "gateways.stripe_event", "ports")
        yield [importlib.import_module(f"{root}.{name}") for name in names]
    finally:
        sys.path.remove(str(find_odoo()))
        for name in [name for name in sys.modules if name.startswith("odoo.addons.pg_")]:
            del sys.modules[name]


def test_our_transport_and_localstripe(localstripe, gateway):
    transport, _event, _ports = gateway
    refused = transport.make_client("wrong", localstripe)
    outcomes = importlib.import_module("odoo.addons.pg_base.outcomes")
    with pytest.raises(outcomes.Rejected) as caught:
        transport.call("customer", refused.v1.customers.create, {"email": "meri@example.com"})
    assert caught.value.status == 401

    client = transport.make_client("sk_test_12345", localstripe)
    params = {"email": "meri@example.com", "metadata": {"odoo_ref": "T-1"}}
    customer = transport.call("customer", client.v1.customers.create, params)
    again = transport.call("customer", client.v1.customers.retrieve, customer["id"])
    assert again["metadata"] == {"odoo_ref": "T-1"}
    intent = paid_intent(transport, client, customer)
    assert (intent["status"], intent["amount"]) == ("succeeded", 1250)
    refund = {"payment_intent": intent["id"], "amount": 250}
    refund = transport.call("refund", client.v1.refunds.create, refund)
    assert (refund["amount"], refund["status"]) == (250, "succeeded")
    with pytest.raises(outcomes.Rejected) as caught:
        transport.call("intent", client.v1.payment_intents.retrieve, "pi_none")
    assert caught.value.status == 404


def paid_intent(transport, client, customer):
    """Pay 12.50 dollars with a card; localstripe takes raw card numbers."""
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    params = {"type": "card", "card": card}
    method = transport.call("method", client.v1.payment_methods.create, params)
    transport.call(
        "attach", client.v1.payment_methods.attach, method["id"], {"customer": customer["id"]}
    )
    params = {"amount": 1250, "currency": "usd", "customer": customer["id"], "confirm": True}
    params["payment_method"] = method["id"]
    return transport.call("intent", client.v1.payment_intents.create, params)


def test_our_signature_check_and_localstripe(localstripe, gateway, receiver):
    transport, event, ports = gateway
    secret = f"whsec_{uuid.uuid4().hex}"
    form = f"url={receiver.url}&secret={secret}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert http("POST", f"{localstripe}/_config/webhooks/wh1", form, kind)[0] == 200
    client = transport.make_client("sk_test_12345", localstripe)
    customer = {"email": "meri@example.com"}
    transport.call("customer", client.v1.customers.create, customer)
    receiver.wait(1)
    time.sleep(0.1)
    raw, header, _at = receiver.got[0]
    seen = event.parse(raw, header, (secret,))
    assert (seen.event_id, seen.type) == (json.loads(raw)["id"], "customer.created")
    for forged in ((raw + b" ", header, (secret,)), (raw, header, ("whsec_other",))):
        with pytest.raises(ports.SignatureError):
            event.parse(*forged)
