"""Answers that get lost and processes that die: delivered once, or the money back."""

import contextlib
import socket
import time

import pytest


@pytest.mark.parametrize("fault", ["lose_answer", "http_500_after", "garbled", "empty"])
def test_lost_answer_is_looked_up_not_sent_again(platform, fault):
    customer, order = platform.order()
    platform.sandbox.add_fault(platform.ding, on="SendTransfer", fault=fault)
    customer.pay(order)
    customer.wait(order, "completed", timeout=60)
    platform.assert_sold_once(order)
    assert len(platform.sends(order)) == 1
    assert [a["state"] for a in platform.attempts(order)] == ["delivered"]
    events = platform.sql(
        "SELECT state FROM pg_topup_event WHERE topup_id = %s AND state = 'in_doubt'",
        platform.topup(order)["id"],
    )
    assert len(events) == 1


def test_timed_out_at_the_operator_is_refunded_after_the_look_up(platform):
    """The supplier says it gave up; its record says Failed: the money goes back."""
    customer, order = platform.order(2)
    customer.pay(order)
    customer.wait(order, "refunded", timeout=60)
    assert platform.transfers(order) == []
    assert len(platform.refunds(order)) == 1
    assert len(platform.sends(order)) == 1


def test_refund_answer_lost_is_refunded_once(platform):
    platform.sandbox.add_fault(platform.stripe, on="POST /v1/refunds", fault="lose_answer", times=3)
    customer, order = platform.order(5)
    customer.pay(order)
    customer.wait(order, "refunded", timeout=120)
    assert len(platform.refunds(order)) == 1
    assert platform.entries(order) == ["fee", "paid", "refunded"]


def test_killed_after_payment_before_claim(platform):
    """-9 when the payment is committed and nobody has begun to send."""
    platform.sql(
        "UPDATE ir_cron SET active = false WHERE id = (SELECT res_id FROM ir_model_data"
        " WHERE module = 'pg_topup' AND name = 'cron_dispatch')"
    )
    try:
        customer, order = platform.order()
        customer.pay(order)
        customer.wait(order, "paid")
        platform.stack.kill("odoo")
        assert platform.attempts(order) == []
    finally:
        platform.sql(
            "UPDATE ir_cron SET active = true WHERE id = (SELECT res_id FROM ir_model_data"
            " WHERE module = 'pg_topup' AND name = 'cron_dispatch')"
        )
    platform.stack.start("odoo")
    customer.wait(order, "completed", timeout=90)
    platform.assert_sold_once(order)


@contextlib.contextmanager
def supplier_at(platform, url):
    """Point the supplier's account elsewhere for a while."""
    [before] = platform.sql("SELECT id, base_url, absence_window FROM pg_supplier LIMIT 1")
    platform.sql("UPDATE pg_supplier SET base_url = %s, absence_window = 3", url)
    try:
        yield
    finally:
        platform.sql(
            "UPDATE pg_supplier SET base_url = %s, absence_window = %s",
            before["base_url"],
            before["absence_window"],
        )


def test_killed_between_commit_and_send(platform):
    """-9 when the attempt is committed and the supplier has read nothing of the call.

    The call hangs on a server that never reads, so nothing arrives anywhere. After the restart
    absence is proven by look-ups, and only then it is sent: one transfer.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=8) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/dingconnect"
        with supplier_at(platform, url):
            customer, order = platform.order()
            customer.pay(order)
            platform.wait_until(lambda: platform.attempts(order))
            time.sleep(0.5)
            platform.stack.kill("odoo")
            assert platform.transfers(order) == []
    platform.sql("UPDATE pg_supplier SET absence_window = 3")
    try:
        platform.let_lease_end(order)
        platform.stack.start("odoo")
        customer.wait(order, "completed", timeout=120)
    finally:
        platform.sql("UPDATE pg_supplier SET absence_window = 600")
    assert [a["state"] for a in platform.attempts(order)] == ["absent", "delivered"]
    platform.assert_sold_once(order)


def test_killed_during_the_send(platform):
    """-9 while the supplier works on it: it is executed, found, and never sent again."""
    platform.sandbox.add_fault(
        platform.ding, on="SendTransfer", fault="delay", seconds=5, when="before"
    )
    customer, order = platform.order()
    customer.pay(order)
    platform.wait_until(lambda: platform.attempts(order))
    time.sleep(0.5)
    platform.stack.kill("odoo")
    platform.let_lease_end(order)
    platform.stack.start("odoo")
    customer.wait(order, "completed", timeout=120)
    platform.assert_sold_once(order)
    assert len(platform.sends(order)) == 1
    assert [a["state"] for a in platform.attempts(order)] == ["delivered"]


def test_killed_while_mongod_is_away(platform):
    """Sales go on without MongoDB; after its return it holds every entry."""
    platform.stack.kill("mongod")
    try:
        customer, order = platform.order()
        customer.pay(order)
        customer.wait(order, "completed", timeout=60)
        platform.assert_sold_once(order)
    finally:
        platform.stack.start("mongod")
    platform.wait_until(lambda: len(platform.documents(order)) == 3, timeout=120)
