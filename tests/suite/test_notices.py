"""What customers are told, by real queues, crons and the sandbox's text message service."""

import json
import subprocess

from scripts.common import PROJECT, PYTHON


def test_workers_at_the_same_moment_tell_each_customer_once(platform):
    answer = subprocess.run(
        [str(PYTHON), "-m", "tests.inside", "tests.chaos.notice_race", "24", "4"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=platform.stack.settings.env(),
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    result = json.loads(answer.stdout.splitlines()[-1])
    assert result == {"notices": {"sent": 24}, "mails": 24, "told": {"1": 24}}


def test_text_message_from_the_sale_to_its_report(platform):
    """Odoo's own service (IAP): queue, cron, HTTP, delivery report."""
    platform.sql("UPDATE res_company SET pg_notify_sms = true WHERE pg_slug = 'island-mobile'")
    try:
        customer, order = platform.order(email="kila@customer.example")
        customer.pay(order)
        customer.wait(order, "completed")
        number = platform.topup(order)["number"]

        def sent():
            platform.run_cron("pg_topup", "cron_notices")
            platform.run_cron("sms", "ir_cron_sms_scheduler_action")
            return platform.sandbox.sms(number)

        [message] = platform.wait_until(sent, what="a text message")
        assert platform.name_of(order) in message["body"]
        assert message["service"] == "iap"
        platform.wait_until(
            lambda: platform.sandbox.sms(number)[0]["reported"] == 200, what="its report"
        )
        assert len(platform.sandbox.sms(number)) == 1
        rows = platform.sql("SELECT state FROM sms_sms WHERE number = %s", number)
        assert [row["state"] for row in rows] == ["pending"]
    finally:
        platform.sql("UPDATE res_company SET pg_notify_sms = false WHERE pg_slug = 'island-mobile'")
