from datetime import timedelta

from odoo.addons.pg_base.outcomes import NotSent, Rejected
from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.dispatcher.runner import _call
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TopupCase

Topup = "pg.topup"


class LateCase(TopupCase):
    def sell_absent(self):
        """Sell, let the first call hang until its absence is proven; return that call, too.

        Nothing has reached the supplier, and the worker of the call still lives.
        """
        topup = self.sell()
        [job] = self.claim(1)
        topup.attempt_ids.write(
            {
                "lease_until": now() - timedelta(seconds=1),
                "started_at": now() - timedelta(seconds=self.supplier.absence_window + 1),
            }
        )
        self.env.flush_all()
        self.env[Topup]._expire_leases()
        for _look in range(const.ABSENT_PROBES):
            topup.next_probe_at = now()
            self.env.flush_all()
            [probe] = self.env[Topup]._claim_probes(1)
            self.env[Topup]._settle_probe(topup.id, _call(probe.run))
        self.assertEqual((topup.state, topup.attempt_ids.state), ("processing", "absent"))
        return topup, job

    def arrive(self, job):
        """Let the supplier execute the call that hung, and its answer come back."""
        record = job.port.transfer(job.request)
        self.env[Topup]._settle_send(job.attempt_id, record)
        return record.transfer_ref

    def alerts(self, topup):
        return topup.event_ids.filtered(lambda e: e.kind == "alert").mapped("text")


@tagged("post_install", "-at_install", "pg")
class TestLateAnswer(LateCase):
    """An answer to a call that nobody waits for any more."""

    def test_delivered_before_the_second_send_is_not_sent_again(self):
        topup, job = self.sell_absent()
        ref = self.arrive(job)
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", ref))
        self.dispatch(3)
        self.assertEqual(topup.attempt_ids.mapped("state"), ["delivered"])
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(self.kinds(topup).count("delivered"), 1)
        self.assertEqual(self.alerts(topup), [])

    def test_delivered_twice_is_told_with_both_ids(self):
        topup, first = self.sell_absent()
        [second] = self.claim(1)
        late = self.arrive(first)
        self.assertEqual(topup.state, "processing")
        ref = self.arrive(second)
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", ref))
        self.assertEqual(topup.attempt_ids.mapped("state"), ["late", "delivered"])
        self.assertEqual(len(self.transfers(topup)), 2)
        [_under_way, twice] = self.alerts(topup)
        self.assertIn("twice", twice)
        for transfer_ref in (late, ref):
            self.assertIn(transfer_ref, twice)
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_delivered_while_the_second_is_refused_is_delivered_not_refunded(self):
        topup, first = self.sell_absent()
        [second] = self.claim(1)
        late = self.arrive(first)
        self.env[Topup]._settle_send(second.attempt_id, Rejected("No", code="ProviderError"))
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", late))
        self.dispatch(3)
        self.assertEqual(topup.refund_state, "none")
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_delivered_after_the_second_is_told_with_both_ids(self):
        topup, first = self.sell_absent()
        self.run_until(topup, "completed")
        ref = topup.transfer_ref
        late = self.arrive(first)
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", ref))
        [twice] = self.alerts(topup)
        self.assertIn(f"{ref}, {late}", twice)
        self.assertEqual(len(topup.activity_ids), 1)

    def test_refused_late_changes_nothing(self):
        topup, first = self.sell_absent()
        self.env[Topup]._settle_send(first.attempt_id, Rejected("No", code="ProviderError"))
        self.assertEqual((topup.state, topup.attempt_ids.state), ("processing", "absent"))
        self.run_until(topup, "completed")
        self.assertEqual(self.alerts(topup), [])

    def test_delivered_after_a_person_gave_the_money_back(self):
        self.seller.pg_failure_policy = "wait"
        topup, first = self.sell_absent()
        [second] = self.claim(1)
        self.env[Topup]._settle_send(second.attempt_id, Rejected("No", code="ProviderError"))
        self.assertEqual((topup.state, topup.refund_state), ("failed", "waiting"))
        late = self.arrive(first)
        self.assertEqual(topup.state, "failed")
        self.assertIn(late, self.alerts(topup)[-1])
        with self.assertRaisesRegex(UserError, late):
            topup._decide("retry", "Let us try it once more.")
        self.dispatch(3)
        self.assertEqual(len(self.transfers(topup)), 1)


@tagged("post_install", "-at_install", "pg")
class TestFrozenWorker(LateCase):
    """A worker that was frozen between its claim and its call."""

    def test_calls_nobody_once_its_lease_is_over(self):
        topup = self.sell()
        [job] = self.claim(1)
        calls = len(self.calls())
        frozen = type(job)(**{**vars(job), "lease_until": now()})
        outcome = _call(frozen.run)
        self.assertIsInstance(outcome, NotSent)
        self.assertEqual(len(self.calls()), calls)
        self.env[Topup]._settle_send(job.attempt_id, outcome)
        self.assertEqual((topup.state, topup.attempt_ids.state), ("processing", "not_sent"))
        self.run_until(topup, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_within_its_lease_it_calls(self):
        topup = self.sell()
        [job] = self.claim(1)
        self.assertEqual(job.lease_until, topup.attempt_ids.lease_until)
        self.env[Topup]._settle_send(job.attempt_id, _call(job.run))
        self.assertEqual(topup.state, "completed")


@tagged("post_install", "-at_install", "pg")
class TestRecheck(LateCase):
    """Ended, but an attempt was only believed absent: it is looked up again."""

    def recheck(self, topup):
        topup.next_probe_at = now()
        self.dispatch()

    def test_second_transfer_that_turns_up_is_told_once(self):
        topup, first = self.sell_absent()
        self.run_until(topup, "completed")
        self.assertTrue(topup.next_probe_at)
        late = first.port.transfer(first.request).transfer_ref
        self.recheck(topup)
        [twice] = self.alerts(topup)
        self.assertIn(topup.transfer_ref, twice)
        self.assertIn(late, twice)
        self.assertFalse(topup.next_probe_at)
        self.assertEqual(topup.state, "completed")

    def test_nothing_found_ends_after_the_last_look(self):
        topup, _first = self.sell_absent()
        self.run_until(topup, "completed")
        for turn, wait in enumerate(const.RECHECK_WAITS):
            left = (topup.next_probe_at - now()).total_seconds()
            self.assertAlmostEqual(left, wait, delta=5, msg=turn)
            self.recheck(topup)
        self.assertFalse(topup.next_probe_at)
        self.assertEqual((topup.state, self.alerts(topup)), ("completed", []))
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_look_that_fails_is_made_again(self):
        topup, _first = self.sell_absent()
        self.run_until(topup, "completed")
        self.add_fault("http_500", on="ListTransferRecords", times=3)
        self.recheck(topup)
        self.assertEqual(topup.probe_count, 0)
        self.assertTrue(topup.next_probe_at)

    def test_ordinary_sales_are_not_looked_up_again(self):
        topup = self.sell()
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertFalse(topup.next_probe_at)

    def test_decided_not_delivered_and_delivered_all_the_same(self):
        topup = self.sell()
        [job] = self.claim(1)
        topup.attempt_ids.lease_until = now() - timedelta(seconds=1)
        self.env.flush_all()
        self.env[Topup]._expire_leases()
        topup._resolve("not_delivered", "The supplier denied it by phone.", "")
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        ref = job.port.transfer(job.request).transfer_ref
        self.recheck(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertIn(ref, self.alerts(topup)[-1])
