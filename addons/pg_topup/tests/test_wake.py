import select
import time

import psycopg2
from odoo.addons.pg_topup.dispatcher import CHANNEL, Listener, waker
from odoo.sql_db import connection_info_for
from odoo.tests import tagged

from .common import TopupCase

PATIENCE = 5


@tagged("post_install", "-at_install", "pg")
class TestWake(TopupCase):
    """With real connections: what is told outside of the test's own transaction."""

    def connect(self, database):
        _name, info = connection_info_for(database)
        connection = psycopg2.connect(**info)
        connection.autocommit = True
        self.addCleanup(connection.close)
        return connection

    def hear(self, connection):
        """Return the payloads that arrive within some seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not connection.notifies:
            if select.select([connection], [], [], 0.1)[0]:
                connection.poll()
        return [notice.payload for notice in connection.notifies]

    def test_the_cron_workers_hear_of_it(self):
        connection = self.connect("postgres")
        connection.cursor().execute("LISTEN cron_trigger")
        waker.wake(self.env.cr.dbname)
        self.assertIn(self.env.cr.dbname, self.hear(connection))

    def test_a_listener_hears_a_committed_notice_and_shows_that_it_is_there(self):
        news = []
        listener = Listener(self.env.cr.dbname, lambda: news.append(1))
        listener.start()
        self.addCleanup(listener.stop)
        end = time.monotonic() + PATIENCE
        while not listener.is_up and time.monotonic() < end:
            time.sleep(0.05)
        before = len(news)
        self.connect(self.env.cr.dbname).cursor().execute(f"NOTIFY {CHANNEL}")
        while len(news) == before and time.monotonic() < end:
            time.sleep(0.05)
        self.assertGreater(len(news), before)

    def test_a_paid_topup_leaves_a_trigger_for_the_cron(self):
        """Where no dispatcher process runs, the cron is to run."""
        count = self.count_triggers()
        self.sell()
        self.env.flush_all()
        self.assertGreater(self.count_triggers(), count)

    def test_one_transaction_calls_once_and_again_after_a_rollback(self):
        Topup, count = self.env["pg.topup"], self.count_triggers()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            Topup._wake_dispatcher()
            raise ZeroDivisionError
        self.assertEqual(self.count_triggers(), count)
        for _time in range(3):
            Topup._wake_dispatcher()
        self.assertEqual(self.count_triggers(), count + 1)

    def count_triggers(self):
        cron = self.env.ref("pg_topup.cron_dispatch")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
