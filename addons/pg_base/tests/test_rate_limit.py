import json
import threading
from unittest.mock import patch

from odoo import http
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import config

from ..exceptions import TooManyRequests
from ..models.pg_rate_limit import PARAMETER

BUCKET = "test.rate"


@tagged("post_install", "-at_install", "pg")
class TestRateLimit(TransactionCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.Limit = self.env["pg.rate.limit"]

    def hits(self, times, key="one", limit=3, seconds=60, bucket=BUCKET):
        return [self.Limit._hit(bucket, key, limit, seconds) for _time in range(times)]

    def age(self):
        """Let the windows end."""
        self.env.cr.execute("UPDATE pg_rate_limit SET ends_at = clock_timestamp()")

    def test_limit_and_a_new_window(self):
        self.assertEqual(self.hits(5), [True] * 3 + [False] * 2)
        self.age()
        self.assertEqual(self.hits(4), [True] * 3 + [False])

    def test_keys_and_buckets_are_apart(self):
        self.hits(3)
        self.assertEqual(self.hits(1), [False])
        self.assertEqual(self.hits(1, key="two"), [True])
        self.assertEqual(self.hits(1, bucket="test.other"), [True])

    def test_enforce_says_when_to_come_back(self):
        self.Limit._enforce(BUCKET, "one", 1, 60)
        with self.assertRaises(TooManyRequests) as caught:
            self.Limit._enforce(BUCKET, "one", 1, 60)
        self.assertIn(caught.exception.seconds, range(55, 61))
        self.Limit._forget(BUCKET, "one")
        self.Limit._enforce(BUCKET, "one", 1, 60)

    def test_nothing_in_clear(self):
        self.hits(1, key="+67570123456")
        self.env.cr.execute("SELECT key FROM pg_rate_limit")
        for (key,) in self.env.cr.fetchall():
            self.assertRegex(key, r"\A[0-9a-f]{64}\Z")
        self.env.cr.execute("SELECT relpersistence FROM pg_class WHERE relname = 'pg_rate_limit'")
        self.assertEqual(self.env.cr.fetchall(), [("u",)])

    def test_rule_of_the_database(self):
        Parameter = self.env["ir.config_parameter"]
        Parameter.set_param(PARAMETER + BUCKET, "1/60")
        self.assertEqual(self.hits(2), [True, False])
        Parameter.set_param(PARAMETER + BUCKET, "0")
        self.assertEqual(self.hits(5), [True] * 5)
        Parameter.set_param(PARAMETER + BUCKET, "many")
        with self.assertLogs("odoo.addons.pg_base", "WARNING") as logs:
            self.assertEqual(self.hits(4, key="two"), [True] * 3 + [False])
        self.assertEqual(len(logs.output), 4)

    def test_switched_off_for_an_installation(self):
        with patch.dict("os.environ", PG_RATE_LIMITS="off"):
            self.assertEqual(self.hits(9), [True] * 9)

    def test_cleaning(self):
        self.hits(1)
        self.age()
        self.hits(1, key="two")
        self.Limit._cron_clean()
        self.env.cr.execute("SELECT count(*) FROM pg_rate_limit WHERE ends_at <= now()")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.assertEqual(self.hits(3, key="two"), [True, True, False])


@tagged("post_install", "-at_install", "pg")
class TestRateLimitRace(TransactionCase):
    """With real connections, each committing by itself, as processes do."""

    def test_exactly_the_limit_at_the_same_moment(self):
        digest = self.env["pg.rate.limit"]._hash(BUCKET, "race")
        database, allowed = self.env.cr.dbname, []
        start = threading.Barrier(8)

        def hit_often():
            start.wait()
            for _time in range(10):
                with db_connect(database).cursor() as cr:
                    cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                    left = self.registry["pg.rate.limit"]._upsert(Env(cr), digest, 25, 60)
                allowed.append(left is None)

        threads = [threading.Thread(target=hit_often) for _number in range(8)]
        self.addCleanup(self.forget, digest)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(allowed), sum(allowed)), (80, 25))

    def forget(self, digest):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("DELETE FROM pg_rate_limit WHERE key = %s", [digest])


class Env:
    """What the counting needs of an environment: its cursor."""

    def __init__(self, cr):
        self.cr = cr


@tagged("post_install", "-at_install", "pg")
class TestRateLimitHttp(HttpCase):
    """Status 429, over a real request to a route of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        class Limited(http.Controller):
            @http.route("/pg_base/test/limited", type="http", auth="public", csrf=False)
            def limited(self, **_kwargs):
                Limit = http.request.env["pg.rate.limit"]
                Limit._enforce(BUCKET, Limit._get_address(), 1, 600)
                return Limit._get_address()

        cls.env.registry.clear_cache("routing")
        cls.addClassCleanup(cls.env.registry.clear_cache, "routing")
        cls.addClassCleanup(http.Controller.children_classes["pg_base"].remove, Limited)

    def ask(self, **headers):
        return self.url_open("/pg_base/test/limited", headers=headers, timeout=20)

    def test_page_and_json(self):
        self.assertEqual(self.ask().text, "127.0.0.1")
        page = self.ask(Accept="text/html,*/*;q=0.8")
        self.assertEqual(page.status_code, 429)
        self.assertIn(int(page.headers["Retry-After"]), range(590, 601))
        self.assertIn("Please try again in 10 minutes.", page.text)
        answer = self.ask(Accept="application/json")
        self.assertEqual(answer.status_code, 429)
        error = json.loads(answer.text)["error"]
        self.assertEqual(error["code"], "too_many_requests")
        self.assertEqual(error["retry_after"], int(answer.headers["Retry-After"]))

    def test_forged_address_counts_behind_a_proxy_only(self):
        forged = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "shop.example"}
        self.assertEqual(self.ask(**forged).text, "127.0.0.1")
        self.assertEqual(self.ask(**{**forged, "X-Forwarded-For": "203.0.113.8"}).status_code, 429)
        with patch.dict(config.options, proxy_mode=True):
            self.assertEqual(self.ask(**forged).text, "203.0.113.7")
            line = {**forged, "X-Forwarded-For": "2001:db8:1:2:3::4"}
            self.assertEqual(self.ask(**line).text, "2001:db8:1:2::/64")
            line["X-Forwarded-For"] = "2001:db8:1:2:ffff::1"
            self.assertEqual(self.ask(**line).status_code, 429)
