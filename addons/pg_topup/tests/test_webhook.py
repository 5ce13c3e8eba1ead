import http.server
import json
import os
import threading
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.models.pg_webhook_delivery import sign
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import TopupCase


class Receiver:
    """A seller's system on loopback: keeps what it gets, answers what it is told."""

    def __init__(self):
        self.got, self.answers = [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, self.headers["PG-Signature"]))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def types(self):
        return [json.loads(body)["type"] for body, _signature in self.got]


@tagged("post_install", "-at_install", "pg")
class TestWebhook(TopupCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        allowed = patch.dict(os.environ, {"PG_WEBHOOK_LOOPBACK": "1"})
        allowed.start()
        cls.addClassCleanup(allowed.stop)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.server.server_close)
        cls.addClassCleanup(cls.receiver.server.shutdown)
        cls.webhook = cls.env["pg.webhook"].create(
            {"name": "Shop", "company_id": cls.seller.id, "url": cls.receiver.url}
        )

    def setUp(self):
        super().setUp()
        self.receiver.got.clear()
        self.receiver.answers.clear()

    def deliver(self, times=1):
        for _time in range(times):
            waiting = self.env["pg.webhook.delivery"].search([("state", "=", "waiting")])
            waiting.next_try_at = now() - timedelta(seconds=1)
            self.env.flush_all()
            self.env["pg.webhook.delivery"]._cron_deliver()
            self.env.invalidate_all()

    def test_an_address_that_is_added_later_is_told(self):
        self.sell()
        second = self.webhook.copy({"url": f"{self.receiver.url}?second"})
        self.sell()
        told = self.env["pg.webhook.delivery"].search_count([("webhook_id", "=", second.id)])
        self.assertEqual(told, 1, "Of the second sale only")
        second.active = False
        self.sell()
        waiting = [("webhook_id", "=", second.id), ("state", "=", "waiting")]
        self.assertEqual(self.env["pg.webhook.delivery"].search_count(waiting), 0)

    def test_told_in_order_and_signed(self):
        self.sell()
        self.dispatch()
        self.deliver()
        self.assertEqual(self.receiver.types(), ["topup.paid", "topup.completed"])
        body, signature = self.receiver.got[0]
        moment = int(signature.split(",")[0].removeprefix("t="))
        self.assertEqual(signature, sign(self.webhook._pg_reveal("secret"), body, moment))
        self.assertNotEqual(signature, sign("other", body, moment))
        self.deliver()
        self.assertEqual(len(self.receiver.got), 2, "once")

    def test_later_news_waits_for_earlier_news(self):
        self.receiver.answers[:] = [500, 500]
        topup = self.sell()
        self.dispatch()
        self.env["pg.webhook.delivery"]._cron_deliver()
        self.assertEqual(self.receiver.types(), ["topup.paid"])
        self.deliver(times=2)
        self.assertEqual(self.receiver.types(), ["topup.paid"] * 3 + ["topup.completed"])
        ids = {json.loads(body)["id"] for body, _signature in self.receiver.got}
        self.assertEqual(len(ids), 2, "the same news has the same id")
        self.assertEqual(topup.state, "completed")

    def test_given_up_after_the_plan_and_replayed_by_hand(self):
        self.receiver.answers[:] = [500] * 20
        self.sell()
        self.deliver(times=12)
        delivery = self.webhook.delivery_ids.filtered(lambda d: d.event == "paid")
        self.assertEqual((delivery.state, delivery.tries), ("failed", 11))
        self.assertEqual(len(self.receiver.got), 11)
        self.receiver.answers.clear()
        self.as_user(delivery, "manager").action_replay()
        self.deliver()
        self.assertEqual(delivery.state, "done")

    def test_only_wanted_events(self):
        self.webhook.write({"all_events": False, "on_completed": True})
        self.sell()
        self.dispatch()
        self.deliver()
        self.assertEqual(self.receiver.types(), ["topup.completed"])

    def test_other_sellers_hear_nothing_and_see_nothing(self):
        self.webhook.company_id = self.other_seller
        self.sell()
        self.dispatch()
        self.deliver()
        self.assertEqual(self.receiver.got, [])
        with self.assertRaises(AccessError):
            self.as_user(self.webhook, "admin").read(["url"])

    def test_rights(self):
        for role, may in (
            ("viewer", False),
            ("operator", False),
            ("manager", False),
            ("admin", True),
        ):
            Webhook = self.as_user(self.env["pg.webhook"], role)
            self.assertEqual(Webhook.has_access("create"), may, role)
        with self.assertRaises(AccessError):
            self.as_user(self.webhook, "manager").action_show_secret()

    def test_addresses_of_this_machine_are_refused_in_production(self):
        with patch.dict(os.environ):
            del os.environ["PG_WEBHOOK_LOOPBACK"]
            for url in (
                "http://127.0.0.1/x",
                "https://localhost/x",
                "http://example.com/x",
                "ftp://example.com",
                "nonsense",
            ):
                with self.subTest(url), self.assertRaises(ValidationError):
                    self.webhook.copy({"url": url})
        self.assertEqual(self.env["pg.webhook"].search_count([]), 1)

    def test_a_dead_address_delays_nobody_else(self):
        dead = self.webhook.copy({"url": "http://127.0.0.1:9/dead"})
        for _sale in range(6):
            self.sell()
        delivered = self.env["pg.webhook.delivery"]
        jobs = delivered._claim_due()
        self.assertEqual(len(jobs), 8, "four of each address")
        self.assertEqual(sum(job.url == dead.url for job in jobs), 4)
        self.deliver(times=2)
        self.assertEqual(self.receiver.types(), ["topup.paid"] * 6)
        self.assertEqual(set(dead.delivery_ids.mapped("state")), {"waiting"})

    def test_switched_off_is_told_nothing_more(self):
        self.sell()
        self.webhook.active = False
        self.deliver()
        self.assertEqual(self.receiver.got, [])
        self.assertEqual(self.webhook.delivery_ids.mapped("state"), ["failed"])
        self.webhook.active = True
        self.as_user(self.webhook.delivery_ids, "manager").action_replay()
        self.deliver()
        self.assertEqual(self.receiver.types(), ["topup.paid"])
