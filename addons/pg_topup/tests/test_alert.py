import http.server
import json
import os
import threading
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.pg_topup import alert_formats, alert_kinds
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import REFUSED, TopupCase


class Chat:
    """A chat program on loopback: keeps what it gets, answers what it is told."""

    def __init__(self):
        self.got, self.answers = [], []
        chat = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                chat.got.append((self.path, body))
                self.send_response(chat.answers.pop(0) if chat.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@tagged("post_install", "-at_install", "pg")
class TestAlert(TopupCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        allowed = patch.dict(os.environ, {"PG_WEBHOOK_LOOPBACK": "1"})
        allowed.start()
        cls.addClassCleanup(allowed.stop)
        cls.chat = Chat()
        cls.addClassCleanup(cls.chat.server.server_close)
        cls.addClassCleanup(cls.chat.server.shutdown)
        # Only what a test makes is checked, and only that is told.
        cls.env["pg.alert.rule"].search([]).active = False
        cls.env["pg.alert.message"].search([]).state = "sent"

    def setUp(self):
        super().setUp()
        self.chat.got.clear()
        self.chat.answers.clear()

    def rule(self, kind, **values):
        return self.env["pg.alert.rule"].create(
            {
                "name": "Watch",
                "kind": kind,
                "company_id": self.seller.id,
                "by_activity": False,
                **values,
            }
        )

    def check(self):
        self.env.flush_all()
        self.env["pg.alert.rule"]._cron_check()
        self.env.invalidate_all()

    def tell(self, later=False):
        if later:
            waiting = self.env["pg.alert.message"].search([("state", "=", "waiting")])
            waiting.next_try_at = now() - timedelta(seconds=1)
        self.env.flush_all()
        self.env["pg.alert.message"]._cron_tell()
        self.env.invalidate_all()

    def told(self):
        return [body.get("text") or body.get("content") for _path, body in self.chat.got]

    def age(self, topup, **fields):
        """Let moments of a top-up lie minutes back."""
        for field, minutes in fields.items():
            topup[field] = now() - timedelta(minutes=minutes)

    # === LIFE OF AN ALERT === #

    def test_opens_once_tells_once_and_ends_with_its_cause(self):
        rule = self.rule("stuck", minutes=15, slack_url=f"{self.chat.url}/slack")
        topup = self.sell()
        self.check()
        self.assertFalse(rule.alert_ids, "not late yet")
        self.age(topup, paid_at=16)
        for _run in range(3):
            self.check()
            self.tell()
        alert = rule.alert_ids
        self.assertEqual((len(alert), alert.state), (1, "open"))
        self.assertIn(topup.name, alert.text)
        self.assertEqual(len(self.chat.got), 1)
        self.assertIn(topup.name, self.told()[0])
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.check()
        self.tell()
        self.assertEqual(alert.state, "resolved")
        self.assertTrue(alert.resolved_at)
        self.assertEqual(len(self.chat.got), 2)
        self.assertIn("Over:", self.told()[1])

    def test_quiet_tells_nothing_and_speaks_again_after_it(self):
        rule = self.rule("stuck", minutes=15, discord_url=f"{self.chat.url}/discord")
        self.age(self.sell(), paid_at=16)
        self.check()
        alert = rule.alert_ids
        with self.assertRaises(AccessError):
            self.as_user(alert, "viewer").action_snooze_hour()
        with self.assertRaises(AccessError):
            self.as_user(alert, "admin", self.other_seller).action_snooze_hour()
        self.assertFalse(alert.snoozed_until)
        self.as_user(alert, "operator").action_snooze_hour()
        self.check()
        self.tell()
        self.assertEqual(len(self.chat.got), 1, "only what was queued before")
        alert.snoozed_until = now() - timedelta(seconds=1)
        self.check()
        self.tell()
        self.assertEqual(len(self.chat.got), 2)
        self.assertIn("Still so", self.told()[1])
        self.assertFalse(alert.snoozed_until)

    def test_rule_that_is_switched_off_ends_its_alerts(self):
        rule = self.rule("stuck", minutes=15)
        self.age(self.sell(), paid_at=16)
        self.check()
        rule.active = False
        self.assertEqual(rule.alert_ids.state, "resolved")
        self.check()
        self.assertEqual(len(rule.alert_ids), 1)

    def test_broken_rule_stops_no_other(self):
        broken = self.rule("stuck", sequence=1)
        well = self.rule("stuck", minutes=15, sequence=2)
        self.age(self.sell(), paid_at=16)
        self.env.flush_all()
        self.env.cr.execute("UPDATE pg_alert_rule SET kind = 'nonsense' WHERE id = %s", [broken.id])
        self.env.invalidate_all()
        with mute_logger("odoo.addons.pg_topup.models.pg_alert_check"):
            self.check()
        self.assertEqual(broken.error, "AttributeError")
        self.assertEqual(len(well.alert_ids), 1)

    # === PLACES === #

    def test_activity_for_managers_ends_with_the_alert(self):
        rule = self.rule("stuck", minutes=15, by_activity=True)
        topup = self.sell()
        self.age(topup, paid_at=16)
        self.check()
        self.tell()
        manager = self.users[self.seller, "manager"]
        users = rule.alert_ids.activity_ids.user_id
        self.assertIn(manager, users)
        self.assertNotIn(self.users[self.other_seller, "manager"], users)
        self.dispatch()
        self.check()
        self.assertFalse(rule.alert_ids.activity_ids.filtered("active"))

    def test_email_and_discuss(self):
        channel = self.env["discuss.channel"].create({"name": "Alerts"})
        rule = self.rule(
            "stuck",
            minutes=15,
            by_email=True,
            email_to="a@example.com, b@example.com",
            channel_id=channel.id,
        )
        self.age(self.sell(), paid_at=16)
        before = len(channel.message_ids)
        self.check()
        self.tell()
        self.assertEqual(rule.alert_ids.message_out_ids.mapped("state"), ["sent", "sent"])
        mail = self.env["mail.mail"].search([("email_to", "=", "a@example.com, b@example.com")])
        self.assertEqual(len(mail), 1)
        self.assertIn("Watch", mail.subject)
        self.assertEqual(len(channel.message_ids), before + 1)

    def test_chat_that_fails_is_tried_again_and_one_that_is_gone_is_not(self):
        rule = self.rule("stuck", minutes=15, slack_url=f"{self.chat.url}/slack")
        self.age(self.sell(), paid_at=16)
        self.chat.answers[:] = [500, 429, 200]
        self.check()
        self.tell()
        message = rule.alert_ids.message_out_ids
        self.assertEqual((message.state, message.error), ("waiting", "HTTP 500"))
        self.tell()
        self.assertEqual(len(self.chat.got), 1, "not before its time")
        self.tell(later=True)
        self.tell(later=True)
        self.assertEqual((message.state, message.tries), ("sent", 3))
        self.chat.answers[:] = [404]
        rule.action_test()
        self.tell()
        test = self.env["pg.alert.message"].search([("rule_id", "=", rule.id)], limit=1)
        self.assertEqual((test.state, test.tries), ("failed", 1))

    def test_formats_hold_no_markup_of_strangers(self):
        body = alert_formats.slack("A & B", "<!channel> paid", "https://x.example.com")
        self.assertIn("&lt;!channel&gt;", body["text"])
        body = alert_formats.discord("A", "@everyone" * 900, "")
        self.assertEqual(body["allowed_mentions"], {"parse": []})
        self.assertLessEqual(len(body["content"]), alert_formats.DISCORD_LIMIT)

    # === KINDS === #

    def test_failures_doubts_and_rates(self):
        failed = self.rule("failed", count=2)
        rate = self.rule("failure_rate", count=3, percent=60)
        for number in (REFUSED, REFUSED):
            self.sell(number)
        self.dispatch(2)
        self.check()
        self.assertIn("2 top-ups", failed.alert_ids.text)
        self.assertFalse(rate.alert_ids, "too few have ended")
        self.sell()
        self.dispatch()
        self.check()
        self.assertIn("2 of 3", rate.alert_ids.text)

    def test_doubt_over_an_hour(self):
        rule = self.rule("in_doubt", minutes=60)
        self.add_fault("http_500_html", times=1)
        topup = self.sell()
        self.dispatch()
        self.assertEqual(topup.state, "in_doubt")
        self.check()
        self.assertFalse(rule.alert_ids)
        self.age(topup, in_doubt_at=61)
        self.check()
        self.assertIn(topup.name, rule.alert_ids.text)

    def test_refund_that_failed_or_stays_open(self):
        rule = self.rule("refund_stuck", minutes=60)
        topup = self.sell(REFUSED)
        self.dispatch()
        self.check()
        self.assertFalse(rule.alert_ids)
        self.age(topup, failed_at=61)
        self.check()
        self.assertEqual(rule.alert_ids.state, "open")
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.check()
        self.assertEqual(rule.alert_ids.state, "resolved")

    def test_supplier_down_and_low_float(self):
        down, low = self.rule("supplier_down"), self.rule("low_float", amount=50)
        self.check()
        self.assertFalse((down + low).alert_ids)
        self.env["pg.circuit"]._trip(self.supplier, reason="9 of 10 sends failed.")
        self.supplier.write(
            {
                "company_id": self.seller.id,
                "balance": 49,
                "balance_at": now(),
                "currency_id": self.usd.id,
            }
        )
        self.check()
        self.assertIn("9 of 10", down.alert_ids.text)
        self.assertIn("49.00 USD", low.alert_ids.text)
        self.env["pg.circuit"].search([("supplier_id", "=", self.supplier.id)]).state = "closed"
        self.supplier.balance = 500
        self.check()
        self.assertEqual((down + low).alert_ids.mapped("state"), ["resolved", "resolved"])

    def test_gateway_errors(self):
        rule = self.rule("gateway_errors", count=1)
        transaction = self.open_payment(self.place())
        self.check()
        self.assertFalse(rule.alert_ids)
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            transaction._set_error("Down")
        self.check()
        self.assertIn("Card", rule.alert_ids.text)

    def test_volume_and_many_numbers(self):
        volume = self.rule("volume", count=3, percent=300)
        many = self.rule("many_numbers", count=3)
        for ending in (56, 57):
            self.sell(f"+675701234{ending}", email="kila@example.com")
        self.check()
        self.assertFalse((volume + many).alert_ids)
        self.sell("+67570123458", email="kila@example.com")
        self.check()
        self.assertIn("3 sales", volume.alert_ids.text)
        customer, card = many.alert_ids.sorted("subject", reverse=True)
        self.assertTrue(customer.subject.startswith("customer:"))
        self.assertTrue(card.subject.startswith("card:"))
        for alert in (customer, card):
            self.assertIn("3 different numbers", alert.text)
        action = self.as_user(card, "viewer").action_open_shown()
        self.assertEqual(self.env["pg.topup"].search_count(action["domain"]), 3)

    def test_every_kind_of_event_ends_once_it_is_past(self):
        rules = [
            self.rule("failed", count=1),
            self.rule("failure_rate", count=1, percent=20),
            self.rule("volume", count=3, percent=300),
            self.rule("many_numbers", count=2),
            self.rule("gateway_errors", count=1),
            self.rule("in_doubt", minutes=60),
        ]
        sales = self.sell(REFUSED, email="kila@example.com")
        sales += self.sell("+67570123457", email="kila@example.com")
        self.dispatch(2)
        self.add_fault("http_500_html", times=1)
        doubt = self.sell("+67570123458", email="kila@example.com")
        self.dispatch()
        self.age(doubt, in_doubt_at=61)
        broken = self.open_payment(self.place())
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            broken._set_error("Down")
        self.check()
        # Many numbers: one alert for the customer, one for the card.
        counts = {rule.kind: 2 if rule.kind == "many_numbers" else 1 for rule in rules}
        opened = {rule.kind: rule.alert_ids.mapped("state") for rule in rules}
        self.assertEqual(opened, {kind: ["open"] * count for kind, count in counts.items()})

        doubt._resolve("delivered", "The supplier said so on the phone.", "TR-1")
        for sale in sales + doubt:
            self.age(sale, paid_at=120, **({"failed_at": 120} if sale.failed_at else {}))
        broken.last_state_change = now() - timedelta(hours=2)
        self.check()
        ended = {rule.kind: rule.alert_ids.mapped("state") for rule in rules}
        self.assertEqual(ended, {kind: ["resolved"] * count for kind, count in counts.items()})

    # === SELLERS === #

    def test_new_seller_has_the_usual_rules_once(self):
        company = self.env["res.company"].create({"name": "New"})
        Rule = self.env["pg.alert.rule"].with_context(active_test=False)
        own = [("company_id", "=", company.id)]
        self.assertEqual(Rule.search_count(own), 0)
        company.write({"pg_is_seller": True, "pg_slug": "new-seller-alerts"})
        self.assertEqual(Rule.search_count(own), len(alert_kinds.DEFAULTS))
        company.pg_is_seller = True
        Rule._create_defaults()
        self.assertEqual(Rule.search_count(own), len(alert_kinds.DEFAULTS))

    def test_only_own_sales_alert_and_only_own_alerts_are_seen(self):
        mine = self.rule("stuck", minutes=15)
        other = self.rule("stuck", minutes=15, company_id=self.other_seller.id)
        self.age(self.sell(), paid_at=16)
        self.check()
        self.assertEqual((len(mine.alert_ids), len(other.alert_ids)), (1, 0))
        for model in ("pg.alert", "pg.alert.rule", "pg.alert.message"):
            seen = self.as_user(self.env[model], "admin", self.other_seller)
            self.assertFalse(seen.search([("company_id", "=", self.seller.id)]), model)
        with self.assertRaises(AccessError):
            self.as_user(mine.alert_ids, "admin", self.other_seller).read(["text"])

    def test_managers_write_rules_others_do_not(self):
        values = {"name": "Mine", "kind": "failed"}
        for role, may in (
            ("viewer", False),
            ("operator", False),
            ("manager", True),
            ("admin", True),
        ):
            Rule = self.as_user(self.env["pg.alert.rule"], role)
            self.assertEqual(Rule.has_access("create"), may, role)
            if may:
                self.assertEqual(Rule.create(values).company_id, self.seller)
        rule = self.rule("failed")
        with self.assertRaises(AccessError):
            self.as_user(rule, "admin", self.other_seller).name = "Taken"
        with self.assertRaises(AccessError):
            self.as_user(rule, "operator").action_test()
        self.assertFalse(self.env["pg.alert.message"].search([("rule_id", "=", rule.id)]))

    def test_addresses_are_checked_hidden_and_kept_in_the_organisation(self):
        rule = self.rule("failed", slack_url=f"{self.chat.url}/secret-path")
        self.assertNotIn("secret-path", str(self.as_user(rule, "admin").read()))
        with patch.dict(os.environ):
            del os.environ["PG_WEBHOOK_LOOPBACK"]
            for url in ("http://127.0.0.1/x", "http://example.com/x", "nonsense"):
                with self.subTest(url), self.assertRaises(ValidationError):
                    self.rule("failed", discord_url=url)
        with self.assertRaises(ValidationError):
            self.rule("failed", user_ids=self.users[self.other_seller, "admin"].ids)
        with self.assertRaises(ValidationError):
            self.rule("failed", email_to="nobody")
