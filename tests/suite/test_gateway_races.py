"""Everything that can tell of one payment, at the same moment, against prefork workers.

A trigger in the database counts how often the payment entered each state and was post-processed in
it: rows that were written twice with the same value are no proof, transitions are. Odoo
post-processes a payment once in each state that it passes, so a gateway that tells "pending" first
has one of "pending" too, when the cron looked in that moment.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import pytest
import requests

from scripts.backoffice import BackOffice, BackOfficeError
from tests.suite.gateways import GATEWAYS

TIMES = 50
#: At most so many questions of the inbox's cron are on their way.
LANES = 4
CRONS = (
    ("pg_payments", "cron_poll"),
    ("pg_payments", "cron_captures"),
    ("pg_payments", "cron_events"),
    ("payment", "cron_post_process_payment_tx"),
)
WATCH = """
    CREATE TABLE IF NOT EXISTS test_transition (tx integer, what text);
    CREATE OR REPLACE FUNCTION test_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.state <> OLD.state THEN
            INSERT INTO test_transition VALUES (NEW.id, NEW.state);
        END IF;
        IF NEW.is_post_processed AND NOT COALESCE(OLD.is_post_processed, false) THEN
            INSERT INTO test_transition VALUES (NEW.id, NEW.state || ' post-processed');
        END IF;
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER test_note AFTER UPDATE ON payment_transaction
        FOR EACH ROW EXECUTE FUNCTION test_note()"""
UNWATCH = """
    DROP TRIGGER IF EXISTS test_note ON payment_transaction;
    DROP FUNCTION IF EXISTS test_note;
    DROP TABLE IF EXISTS test_transition"""


@pytest.fixture
def transitions(platform):
    """Return what tells the transitions of a payment, sorted."""
    platform.sql(WATCH)
    yield lambda tx: sorted(
        row["what"]
        for row in platform.sql("SELECT what FROM test_transition WHERE tx = %s", tx["id"])
    )
    platform.sql(UNWATCH)


@pytest.fixture
def gateway(platform, request):
    """Return the gateway that the test is about; its switches are put back in the end."""
    gateway = GATEWAYS[request.param](platform)
    yield gateway
    platform.sandbox.release_webhooks(gateway.account)
    platform.sandbox.clear_faults(gateway.account)


def tell_all_at_once(platform, gateway, tx, url):
    """Deliver every event fifty times, return, poll and run the crons, all at the same moment."""
    events = gateway.events(tx)
    assert events
    platform.sql(
        "UPDATE payment_transaction SET pg_next_poll_at = now() AT TIME ZONE 'UTC' WHERE id = %s",
        tx["id"],
    )
    send = partial(platform.sandbox.send_event, gateway.account, times=TIMES)
    work = [partial(send, event) for event in events]
    work += [partial(requests.get, url, timeout=60)] * 3
    work += [partial(platform.run_cron, *name) for name in CRONS]
    with ThreadPoolExecutor(len(work)) as pool:
        for future in [pool.submit(job) for job in work]:
            future.result()
    return events


@pytest.mark.parametrize("gateway", GATEWAYS, indirect=True)
def test_webhook_fifty_times_return_poll_and_crons_at_once(platform, transitions, gateway):
    platform.sandbox.hold_webhooks(gateway.account)
    customer, order = platform.order(gateway=gateway.label)
    tx = gateway.approve(order)
    url = gateway.return_url(order, tx)
    events = tell_all_at_once(platform, gateway, tx, url)
    # Whatever was told while a cron was at work waits for that cron's next minute.
    customer.wait(order, "completed", timeout=150)
    platform.wait_until(lambda: len(gateway.deliveries(events)) >= TIMES * len(events), timeout=90)
    assert {row["status"] for row in gateway.deliveries(events)} == {200}
    platform.wait_until(
        lambda: not platform.sql("SELECT 1 FROM pg_payment_event WHERE state = 'new'"), timeout=30
    )
    platform.run_cron("payment", "cron_post_process_payment_tx")
    platform.wait_until(lambda: "done post-processed" in transitions(tx), timeout=30)
    steps = transitions(tx)
    assert (steps.count("done"), steps.count("done post-processed")) == (1, 1), steps
    assert len(steps) == len(set(steps)), steps
    assert gateway.count_money_taken(tx) == 1
    kept = platform.sql(
        "SELECT event_id, state FROM pg_payment_event WHERE event_id = ANY(%s)", events
    )
    assert sorted(row["event_id"] for row in kept) == sorted(events)
    assert {row["state"] for row in kept} <= {"done", "ignored"}
    assert len(platform.transfers(order)) == 1
    assert platform.entries(order).count("paid") == 1


@pytest.mark.parametrize("gateway", GATEWAYS, indirect=True)
def test_two_refund_requests_at_once_are_one_refund(platform, gateway):
    customer, order = platform.order(gateway=gateway.label)
    tx = gateway.approve(order)
    customer.wait(order, "completed", timeout=60)
    login = platform.base_url, platform.database, "admin", "admin"
    clerks = [BackOffice(*login) for _number in range(4)]
    asks = []
    for number, clerk in enumerate(clerks):
        call = clerk, "payment.transaction", tx["id"], "action_refund"
        if number % 2:
            values = {"transaction_id": tx["id"], "amount": float(tx["amount"]), "reason": "Why"}
            [dialog] = clerk.call("pg.refund.ask", "create", [values])
            call = clerk, "pg.refund.ask", dialog, "action_refund"
        asks.append(call)

    def ask(call):
        clerk, model, record, method = call
        try:
            clerk.call(model, method, [record])
        except BackOfficeError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(asks)) as pool:
        answers = list(pool.map(ask, asks))
    assert answers.count("") == 1, answers
    platform.run_cron("pg_payments", "cron_refunds")
    refund = "SELECT state, amount FROM payment_transaction WHERE source_transaction_id = %s"
    platform.wait_until(
        lambda: [row["state"] for row in platform.sql(refund, tx["id"])] == ["done"], timeout=60
    )
    [child] = platform.sql(refund, tx["id"])
    assert child["amount"] == -gateway.read(tx)["amount"]
    assert gateway.refunded(tx) == gateway.paid(tx)


def test_the_cron_works_off_a_backlog_in_lanes(platform):
    """News that nobody has processed: several payments at a time, one question at a time each."""
    gateway = GATEWAYS["stripe_checkout"](platform)
    sales = []
    for _number in range(6):
        customer, order = platform.order(gateway=gateway.label)
        sales.append((gateway.approve(order), customer, order))
    for _tx, customer, order in sales:
        customer.wait(order, "completed", timeout=60)
    names = [tx["reference"] for tx, _customer, _order in sales]
    events = platform.sql("SELECT id FROM pg_payment_event WHERE reference = ANY(%s)", names)
    assert len(events) >= len(sales)
    # As if their fees were not known yet, and nobody had come to their news.
    platform.sql(
        "UPDATE payment_transaction SET gateway_fee_currency_id = NULL WHERE reference = ANY(%s)",
        names,
    )
    before = time.time()
    seconds, call = 0.5, "GET /v1/checkout/sessions/*"
    platform.sandbox.add_fault(gateway.account, call, "delay", seconds=seconds, times=100)
    platform.sql(
        "UPDATE pg_payment_event SET state = 'new' WHERE reference = ANY(%s) AND kind = 'payment'",
        names,
    )
    platform.run_cron("pg_payments", "cron_events")
    platform.wait_until(
        lambda: not platform.sql("SELECT 1 FROM pg_payment_event WHERE state = 'new'"), timeout=60
    )
    platform.sandbox.clear_faults(gateway.account)
    at = {}
    for row in platform.sandbox.calls(gateway.account):
        if row["at"] > before and "/v1/checkout/sessions/" in row["method"]:
            at.setdefault(row["method"], []).append(row["at"])
    assert len(at) == len(sales)
    for times in at.values():
        gaps = [later - sooner for sooner, later in pairwise(sorted(times))]
        assert all(gap > seconds * 0.9 for gap in gaps), gaps
    begun = sorted(moment for times in at.values() for moment in times)
    flying = [
        sum(sooner > now - seconds * 0.9 for sooner in begun if sooner <= now) for now in begun
    ]
    assert 1 < max(flying) <= LANES, flying
    for tx, _customer, order in sales:
        assert gateway.count_money_taken(tx) == 1
        assert len(platform.transfers(order)) == 1
        assert platform.entries(order).count("paid") == 1
