"""Checkout by the real SDK: sessions, the hosted page, intents, fees."""

import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import stripe


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def click(url, **fields):
    """Post the form of the hosted page; return (status, Location or None, HTML)."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        opener = urllib.request.build_opener(NoRedirect)
        with opener.open(url.partition("#")[0], data, 10) as answer:
            return answer.status, None, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location"), error.read().decode()


def kinds(merchant):
    return [event["type"] for event in merchant.sandbox.events(merchant.account)]


def test_a_session_is_open_and_unpaid(merchant):
    session = merchant.session()
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.payment_intent is None
    assert session.url.startswith(f"{merchant.sandbox.stripe_url}/pay/{session.id}#")
    assert session.metadata.to_dict() == {"odoo_ref": "T-1", "odoo_db": "db"}
    assert (session.amount_total, session.currency) == (1250, "pgk")
    assert session.success_url.endswith("{CHECKOUT_SESSION_ID}")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"success_url": ""}, "success_url"),
        ({"success_url": "/relative"}, "success_url"),
        ({"line_items": []}, "line_items"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"expires_at": 1}, "expires_at"),
        ({"customer": "cus_none", "customer_email": ""}, "id"),
        ({"amount": 5, "currency": "kwd"}, "unit_amount"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
    ],
)
def test_bad_sessions_are_refused(merchant, changes, param):
    merchant.transport.checking = False
    with pytest.raises(stripe.InvalidRequestError) as caught:
        merchant.session(**changes)
    assert caught.value.param == param
    assert merchant.sandbox.sessions(merchant.account) == []


def test_pay_on_the_page(merchant):
    session = merchant.session()
    status, _location, html = click(session.url)
    assert status == 200
    assert "Kumul Mobile" in html and "PGK 12.50" in html and "Sandbox" in html
    assert "4242 4242 4242 4242" in html and "http" not in html.split("<body>")[0]
    status, location, _html = click(session.url, outcome="pay")
    assert (status, location) == (303, f"http://127.0.0.1:9/return?session_id={session.id}")
    paid = merchant.api.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "meri@example.com"
    assert kinds(merchant) == [
        *("charge.succeeded", "payment_intent.succeeded"),
        *("checkout.session.completed", "charge.updated"),
    ]
    assert click(session.url, outcome="pay")[1] == location
    assert len(merchant.sandbox.charges(merchant.account)) == 1, "a second click pays nothing"


def test_decline_stays_on_the_page_and_can_be_paid_after(merchant):
    session = merchant.session()
    status, location, html = click(session.url, outcome="decline")
    assert (status, location) == (200, None)
    assert "Your card was declined." in html
    tried = merchant.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    assert tried.payment_intent.status == "requires_payment_method"
    assert tried.payment_intent.last_payment_error.code == "card_declined"
    assert kinds(merchant) == ["charge.failed", "payment_intent.payment_failed"]
    click(session.url, outcome="pay", card="4000 0000 0000 9995")
    assert merchant.sandbox.payment_intents(merchant.account)[0]["last_payment_error"][
        "decline_code"
    ] == ("insufficient_funds")
    assert click(session.url, outcome="pay")[0] == 303
    (intent,) = merchant.sandbox.payment_intents(merchant.account)
    assert (intent["id"], intent["status"]) == (tried.payment_intent.id, "succeeded")


def test_cancel_leaves_the_session_open(merchant):
    session = merchant.session()
    status, location, _html = click(session.url, outcome="cancel")
    assert (status, location) == (303, "http://127.0.0.1:9/cancel?reference=T-1")
    assert merchant.api.checkout.sessions.retrieve(session.id).status == "open"
    assert kinds(merchant) == []


def test_pay_and_close(merchant):
    session = merchant.session()
    status, location, html = click(session.url, outcome="close")
    assert (status, location) == (200, None)
    assert "You may close this page" in html
    assert merchant.api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_page_escapes_what_it_shows(make_merchant):
    merchant = make_merchant(name="<script>alert(1)</script>")
    assert "<script>" not in click(merchant.session().url)[2]


def test_page_of_nothing(merchant):
    status, _location, html = click(f"{merchant.sandbox.stripe_url}/pay/cs_test_none")
    assert status == 404 and "does not exist" in html


def test_expire_by_call(merchant):
    session = merchant.session()
    assert merchant.api.checkout.sessions.expire(session.id).status == "expired"
    assert kinds(merchant) == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError):
        merchant.api.checkout.sessions.expire(session.id)
    assert "expired" in click(session.url, outcome="pay")[2]
    assert merchant.sandbox.charges(merchant.account) == []


def test_a_session_really_expires(merchant):
    merchant.sandbox.update(merchant.account, min_expiry_seconds=0)
    # A whole second at least, of which the click needs a part.
    session = merchant.session(expires_at=int(time.time()) + 2)
    click(session.url, outcome="decline")
    time.sleep(session.expires_at - time.time() + 0.3)
    assert merchant.api.checkout.sessions.retrieve(session.id).status == "expired"
    assert kinds(merchant)[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_a_paid_session_does_not_expire(merchant):
    paid = merchant.paid()
    with pytest.raises(stripe.InvalidRequestError):
        merchant.api.checkout.sessions.expire(paid.id)
    assert merchant.api.checkout.sessions.retrieve(paid.id).status == "complete"


def test_fee_by_expansion(merchant):
    paid = merchant.paid(amount=10000)
    expand = {"expand": ["latest_charge.balance_transaction"]}
    intent = merchant.api.payment_intents.retrieve(paid.payment_intent, expand)
    booked = intent.latest_charge.balance_transaction
    assert (booked.amount, booked.fee, booked.net) == (10000, 320, 9680)
    assert (booked.currency, booked.exchange_rate) == ("pgk", None)
    assert merchant.api.balance_transactions.retrieve(booked.id).source == intent.latest_charge.id
    assert merchant.api.charges.retrieve(intent.latest_charge.id).balance_transaction == booked.id
    assert merchant.api.balance.retrieve().pending[0].amount == 9680
    plain = merchant.api.payment_intents.retrieve(paid.payment_intent)
    assert plain.latest_charge == intent.latest_charge.id
    with pytest.raises(stripe.InvalidRequestError):
        merchant.api.payment_intents.retrieve(paid.payment_intent, {"expand": ["colour"]})


def test_fee_in_the_settlement_currency(make_merchant):
    merchant = make_merchant(currency="AUD")
    paid = merchant.paid(amount=10000)
    expand = {"expand": ["latest_charge.balance_transaction"]}
    intent = merchant.api.payment_intents.retrieve(paid.payment_intent, expand)
    booked = intent.latest_charge.balance_transaction
    assert (booked.currency, booked.amount) == ("aud", 3753)
    assert float(booked.exchange_rate) == pytest.approx(1.52 / 4.05, abs=1e-6)
    assert booked.net == booked.amount - booked.fee


def test_fee_comes_later_when_told(merchant):
    merchant.sandbox.update(merchant.account, settle_seconds=0.4)
    paid = merchant.paid()
    intent = merchant.api.payment_intents.retrieve(
        paid.payment_intent, {"expand": ["latest_charge.balance_transaction"]}
    )
    assert intent.latest_charge.balance_transaction is None
    assert "charge.updated" not in kinds(merchant)
    time.sleep(0.5)
    assert kinds(merchant)[-1] == "charge.updated"


def test_zero_decimal_currency(merchant):
    session = merchant.session(amount=500, currency="vuv")
    assert "VUV 500" in click(session.url)[2]


def test_idempotency_key(merchant):
    params = merchant.params()
    create = merchant.api.checkout.sessions.create
    first = create(params, {"idempotency_key": "k-1"})
    second = create(params, {"idempotency_key": "k-1"})
    assert first.id == second.id
    assert merchant.transport.headers_seen[-1]["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in merchant.transport.headers_seen[0]
    with pytest.raises(stripe.IdempotencyError):
        create({**params, "client_reference_id": "T-2"}, {"idempotency_key": "k-1"})
    assert create(params, {"idempotency_key": "k-2"}).id != first.id
    assert len(merchant.sandbox.sessions(merchant.account)) == 2


def test_customers(merchant):
    create = {"email": "meri@example.com", "name": "Meri", "metadata": {"odoo_partner": "7"}}
    customer = merchant.api.customers.create(create)
    assert merchant.api.customers.retrieve(customer.id).metadata["odoo_partner"] == "7"
    changed = merchant.api.customers.update(customer.id, {"metadata": {"more": "1"}})
    assert changed.metadata.to_dict() == {"odoo_partner": "7", "more": "1"}
    session = merchant.api.checkout.sessions.create(
        {k: v for k, v in merchant.params().items() if k != "customer_email"}
        | {"customer": customer.id}
    )
    merchant.sandbox.pay(session.id)
    paid = merchant.api.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert paid.customer_details.email == paid.customer.email == "meri@example.com"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        merchant.api.customers.retrieve("cus_none")
    assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)


@pytest.mark.parametrize("key", ["sk_test_wrong", "sk_live_wrong"])
def test_wrong_key(merchant, key):
    client = stripe.StripeClient(key, base_addresses={"api": merchant.sandbox.stripe_url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.balance.retrieve()


def test_lists_are_newest_first_and_paged(merchant):
    made = [merchant.session().id for _ in range(3)]
    page = merchant.api.checkout.sessions.list({"limit": 2})
    assert [s.id for s in page.data] == made[:0:-1] and page.has_more
    assert [s.id for s in page.auto_paging_iter()] == made[::-1]
