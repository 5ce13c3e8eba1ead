from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.exceptions import IllegalTransition
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestClaim(TopupCase):
    def test_many_are_claimed_in_one_go_each_with_its_own_attempt(self):
        topups = self.env["pg.topup"].concat(*(self.sell() for _sale in range(5)))
        jobs = self.claim(10)
        self.assertEqual(len(jobs), 5)
        self.assertEqual(
            {job.request.reference for job in jobs}, set(topups.mapped("supplier_reference"))
        )
        for topup in topups:
            self.assertEqual(topup.state, "processing")
            self.assertEqual(topup.attempt_ids.mapped("number"), [1])
            self.assertTrue(topup.attempt_ids.lease_until)
            kinds = [(event.kind, event.state) for event in topup.event_ids]
            self.assertEqual(kinds[-2:], [("state", "processing"), ("attempt", False)])

    def test_claiming_more_costs_few_queries_more(self):
        """What a claim costs hardly grows with its size: the statements are for all at once."""
        self.sell()
        self.claim(1)
        counts = []
        for size in (1, 8):
            for _sale in range(size):
                self.sell()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.env["pg.topup"]._claim_sends(10)), size)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 4, counts)

    def test_a_change_of_many_is_all_or_nothing(self):
        """The door for many keeps the promise of the door for one."""
        paid, pending = self.sell(), self.place()
        events = len(paid.event_ids)
        with self.assertRaises(IllegalTransition):
            (paid + pending)._set_state("processing")
        self.assertEqual((paid.state, pending.state), ("paid", "pending"))
        self.assertEqual(len(paid.event_ids), events)
        (paid + self.sell())._set_state("processing", note="Both.")
        self.assertEqual(len(paid.event_ids), events + 1)

    def test_limit_of_the_caller(self):
        for _sale in range(3):
            self.sell()
        self.assertEqual(len(self.claim(2)), 2)
        self.assertEqual(len(self.claim(2)), 1)

    def test_archived_supplier_gives_the_money_back(self):
        topup = self.sell()
        self.supplier.active = False
        self.dispatch()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "due"))
        self.assertFalse(self.calls())

    def test_looking_tells_what_is_due_and_when(self):
        Topup = self.env["pg.topup"]
        self.assertFalse(Topup._look_for_work().sends)
        topup = self.sell()
        self.env.flush_all()
        self.assertTrue(Topup._look_for_work().sends)
        topup.next_attempt_at = now() + timedelta(seconds=30)
        self.env.flush_all()
        work = Topup._look_for_work()
        self.assertFalse(work.sends)
        self.assertEqual(work.next_at, topup.next_attempt_at)
        self.assertTrue(Topup._look_for_work(31).sends)

    def test_plans_are_counted_apart(self):
        """A throttled try does not use up the tries for what was refused for now."""
        self.add_fault("throttle", times=2)
        topup = self.sell("+67570000006")
        for _turn in range(3):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual(topup.attempt_ids.mapped("plan"), ["throttled", "throttled", "temporary"])
        wait = (topup.next_attempt_at - now()).total_seconds()
        self.assertTrue(8 <= wait <= 12.5, wait)

    def test_records_of_calls_are_kept_by_the_dispatcher(self):
        topup = self.sell()
        Call = self.env["pg.supplier.call"]
        before = Call.search_count([("method", "=", "SendTransfer")])
        self.dispatch(2)
        self.assertEqual(topup.state, "completed")
        self.assertEqual(Call.search_count([("method", "=", "SendTransfer")]), before + 1)
