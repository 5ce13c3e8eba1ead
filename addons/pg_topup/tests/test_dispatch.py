from datetime import timedelta

from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.dispatcher.runner import pick_pace
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import TIMED_OUT, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestDispatch(TopupCase):
    def test_attempt_stands_before_the_call(self):
        topup = self.sell()
        [job] = self.claim(10)
        attempt = topup.attempt_ids
        self.assertEqual(len(attempt), 1)
        self.assertEqual((topup.state, attempt.state), ("processing", "sending"))
        self.assertEqual(job.request.reference, topup.supplier_reference)
        self.assertGreater(attempt.lease_until, now() + timedelta(seconds=100))
        self.assertFalse(self.transfers(topup))

    def test_more_sales_share_a_claim_and_a_backlog_waits_for_none(self):
        paces = [round(pick_pace(begun), 2) for begun in (1, 2, 3, 4, 11, 12, 200)]
        self.assertEqual(paces, [0.2, 0.3, 0.4, 0.5, 0.5, 0.2, 0.2])

    def test_claimed_work_is_not_claimed_again(self):
        self.sell()
        self.assertEqual(len(self.claim(10)), 1)
        self.assertEqual(self.claim(10), [])

    def test_supplier_limit_counts_calls_in_flight(self):
        for _sale in range(3):
            self.sell()
        self.supplier.max_in_flight = 2
        self.assertEqual(len(self.claim(10)), 2)
        self.assertEqual(self.claim(10), [])

    @mute_logger("odoo.sql_db")
    def test_database_refuses_a_second_live_attempt(self):
        topup = self.sell()
        self.claim(1)
        for state in const.LIVE_ATTEMPTS:
            topup.attempt_ids.state = state
            self.env.flush_all()
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                topup.attempt_ids.copy({"number": 2, "state": "sending"})
                self.env.flush_all()
        self.assertEqual(len(topup.attempt_ids), 1)

    def test_dead_worker_ends_in_doubt_and_is_never_resent(self):
        topup = self.sell()
        self.claim(1)
        topup.attempt_ids.lease_until = now() - timedelta(seconds=1)
        calls = len(self.calls())
        self.env.flush_all()
        self.env["pg.topup"]._expire_leases()
        self.assertEqual((topup.state, topup.attempt_ids.state), ("in_doubt", "unknown"))
        self.assertTrue(topup.next_probe_at)
        self.assertEqual(self.claim(10), [])
        self.assertEqual(len(self.calls()), calls)

    def test_late_answer_after_the_lease_still_counts(self):
        topup = self.sell()
        [job] = self.claim(1)
        topup.attempt_ids.lease_until = now() - timedelta(seconds=1)
        self.env.flush_all()
        self.env["pg.topup"]._expire_leases()
        self.env["pg.topup"]._settle_send(job.attempt_id, job.run())
        self.assertEqual(topup.state, "completed")
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_temporary_refusal_is_tried_again_by_plan_then_refunded(self):
        """Ending 6: temporarily unavailable, every time."""
        topup = self.sell("+67570000006")
        self.dispatch()
        self.assertEqual(topup.state, "processing")
        wait = (topup.next_attempt_at - now()).total_seconds()
        first = const.RETRY_PLANS["temporary"][0]
        self.assertTrue(first - 2 <= wait <= first * 1.25, wait)
        self.run_until(topup, "failed")
        self.assertEqual(len(topup.attempt_ids), 1 + len(const.RETRY_PLANS["temporary"]))
        self.assertFalse(self.transfers(topup))

    def test_throttled_is_tried_again(self):
        self.add_fault("throttle", times=1)
        topup = self.sell()
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.state), ("processing", "throttled"))
        self.run_until(topup, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_insufficient_balance_is_tried_again(self):
        topup = self.sell("+67570000007")
        self.dispatch()
        self.assertEqual(topup.attempt_ids.code, "InsufficientBalance")
        self.assertFalse(self.transfers(topup))

    def test_price_that_no_longer_holds_is_refunded_not_sent(self):
        topup = self.sell()
        calls = len(self.calls())
        topup.write({"pin_expires_at": now() - timedelta(seconds=1), "cost": 1.0})
        self.dispatch()
        self.assertEqual(topup.state, "failed")
        self.assertEqual(len(self.calls()), calls)
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")

    def test_timed_out_at_the_operator_is_a_doubt(self):
        topup = self.sell(TIMED_OUT)
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.state), ("in_doubt", "unknown"))
