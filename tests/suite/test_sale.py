"""A sale over HTTP on prefork workers, without a browser: news in every order."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from PyPDF2 import PdfReader

from scripts.customer import PageError


def test_paid_and_delivered(platform):
    customer, order = platform.order(email="kila@customer.example")
    customer.pay(order)
    status = customer.wait(order, "completed")
    assert status["final"]
    platform.assert_sold_once(order)
    pdf = PdfReader(io.BytesIO(customer.receipt(order)))
    assert platform.name_of(order) in pdf.pages[0].extract_text()


def test_mirror_holds_the_same_entries(platform):
    customer, order = platform.order()
    customer.pay(order)
    customer.wait(order, "completed")
    documents = platform.wait_until(lambda: len(platform.documents(order)) == 3 and True)
    assert documents
    rows = platform.sql(
        "SELECT c.company_id, c.seq, c.hash, e.kind, e.key FROM pg_ledger_chain c"
        " JOIN pg_ledger_entry e ON e.id = c.entry_id WHERE e.subject = %s ORDER BY c.seq",
        platform.topup(order)["uuid"],
    )
    wanted = [(f"{r['company_id']}:{r['seq']:012d}", r["kind"], r["key"], r["hash"]) for r in rows]
    found = [(d["_id"], d["kind"], d["key"], d["hash"]) for d in platform.documents(order)]
    assert found == wanted


def test_closed_tab_is_delivered_by_the_webhook(platform):
    customer, order = platform.order()
    customer.pay(order, "close")
    customer.wait(order, "completed")
    platform.assert_sold_once(order)


def test_declined_card(platform):
    customer, order = platform.order()
    page = customer.pay(order, "decline")
    assert "declined" in page.text_content()
    assert customer.status(order)["state"] == "pending"
    platform.assert_nothing_happened(order)
    customer.pay(order)
    customer.wait(order, "completed")
    platform.assert_sold_once(order)


def test_cancel_then_come_back_and_pay(platform):
    customer, order = platform.order()
    customer.pay(order, "cancel")
    status = customer.status(order)
    assert (status["state"], status["payable"]) == ("pending", True)
    platform.assert_nothing_happened(order)
    customer.pay(order)
    customer.wait(order, "completed")
    platform.assert_sold_once(order)


def test_return_before_webhook(platform):
    platform.sandbox.hold_webhooks(platform.stripe)
    customer, order = platform.order()
    customer.pay(order)
    customer.wait(order, "completed")
    assert platform.sandbox.release_webhooks(platform.stripe) > 0
    platform.sandbox.wait_delivered(platform.stripe, "checkout.session.completed")
    platform.assert_sold_once(order)


def test_webhook_before_return(platform):
    customer, order = platform.order()
    platform.sandbox.pay(order.session, "close")
    customer.wait(order, "completed")
    session = next(
        s for s in platform.sandbox.sessions(platform.stripe) if s["id"] == order.session
    )
    url = session["success_url"].replace("{CHECKOUT_SESSION_ID}", order.session)
    assert customer.http.get(url, timeout=30).status_code == 200
    platform.assert_sold_once(order)


def test_neither_return_nor_webhook_is_found_by_the_poll(platform):
    platform.sandbox.hold_webhooks(platform.stripe)
    customer, order = platform.order()
    platform.sandbox.pay(order.session, "close")
    platform.sql(
        "UPDATE payment_transaction SET pg_next_poll_at = now() AT TIME ZONE 'UTC'"
        " WHERE pg_checkout_ref = %s",
        order.session,
    )
    platform.run_cron("pg_payments", "cron_poll")
    customer.wait(order, "completed", timeout=90)
    platform.assert_sold_once(order)


def test_every_event_twenty_times_at_once(platform):
    """Real HTTP against prefork workers: sixty and more deliveries, one effect."""
    platform.sandbox.hold_webhooks(platform.stripe)
    customer, order = platform.order()
    before = {event["id"] for event in platform.sandbox.events(platform.stripe)}
    platform.sandbox.pay(order.session, "close")
    fresh = [e["id"] for e in platform.sandbox.events(platform.stripe) if e["id"] not in before]
    assert len(fresh) >= 3
    with ThreadPoolExecutor(len(fresh) + 1) as pool:
        list(
            pool.map(
                lambda event: platform.sandbox.send_event(platform.stripe, event, times=20), fresh
            )
        )
    customer.wait(order, "completed", timeout=60)

    def all_answered():
        mine = [d for d in platform.sandbox.deliveries(platform.stripe) if d["event"] in fresh]
        times = Counter(d["event"] for d in mine)  # only what the webhook has subscribed to
        over = [d for d in mine if d["status"] or d.get("error")]
        return len(times) >= 3 and min(times.values()) >= 20 and len(over) == len(mine)

    platform.wait_until(all_answered, timeout=240)
    platform.wait_until(
        lambda: (
            not platform.sql(
                "SELECT 1 FROM pg_payment_event WHERE event_id = ANY(%s) AND state <> 'done'", fresh
            )
        ),
        timeout=60,
    )
    rows = platform.sql(
        "SELECT event_id, count(*) FROM pg_payment_event WHERE event_id = ANY(%s) GROUP BY 1",
        fresh,
    )
    assert {row["count"] for row in rows} == {1}
    platform.assert_sold_once(order)
    assert len(platform.sends(order)) == 1


def test_forged_webhook_changes_nothing(platform):
    _customer, order = platform.order()
    [provider] = platform.sql(
        "SELECT provider_id FROM payment_transaction WHERE pg_checkout_ref = %s", order.session
    )
    before = platform.sql("SELECT count(*) FROM pg_payment_event")
    url = f"{platform.base_url}/payment/stripe_checkout/webhook/{provider['provider_id']}"
    body = b'{"id": "evt_forged", "type": "checkout.session.completed"}'
    for header in ({}, {"Stripe-Signature": "t=1,v1=00"}, {"Stripe-Signature": "x" * 5000}):
        answer = requests.post(url, data=body, headers=header, timeout=30)
        assert answer.status_code == 400
        assert "Traceback" not in answer.text
    assert platform.sql("SELECT count(*) FROM pg_payment_event") == before
    platform.assert_nothing_happened(order)


def test_pay_pressed_ten_times_at_once_is_one_order(platform):
    """The same form from ten connections: one top-up, one payment, and the same page."""
    customer = platform.customer()
    offers = customer.find_offers(platform.number())
    review = customer._choose(offers, "", 20)
    form = next(form for form in review.forms if form.action.endswith("/pay"))
    provider = form.xpath(".//input[@name='provider']")
    if provider:
        form.fields["provider"] = provider[0].get("value")
    before = platform.sql("SELECT count(*) FROM pg_topup")[0]["count"]
    values = list(form.form_values())

    def press(_index):
        clone = platform.customer()
        clone.http.cookies.update(customer.http.cookies)
        try:
            return clone.press_pay(_copy(form, values)).status_url
        except PageError as error:
            return str(error)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(press, range(10)))
    assert platform.sql("SELECT count(*) FROM pg_topup")[0]["count"] == before + 1
    assert len(answers) == 1, answers
    token = answers.pop().rsplit("/", 1)[1]
    payments = platform.sql(
        "SELECT p.pg_checkout_ref FROM payment_transaction p JOIN pg_topup t"
        " ON t.id = p.pg_topup_id WHERE t.access_token = %s",
        token,
    )
    assert len(payments) == 1


def _copy(form, values):
    """Return a form of its own for another thread."""
    from lxml import html

    clone = html.fromstring(html.tostring(form.getroottree()), base_url=form.base_url)
    copy = next(f for f in clone.forms if f.action.endswith("/pay"))
    for name, value in values:
        copy.fields[name] = value
    return copy


@pytest.mark.parametrize("ending", [4, 5, 9])
def test_refused_by_the_supplier_is_refunded(platform, ending):
    customer, order = platform.order(ending)
    customer.pay(order)
    status = customer.wait(order, "refunded", timeout=60)
    assert "went back" in status["live"]
    assert platform.transfers(order) == []
    assert [refund["status"] for refund in platform.refunds(order)] == ["succeeded"]
    assert platform.entries(order) == ["fee", "paid", "refunded"]
    assert platform.topup(order)["refund_state"] == "done"
