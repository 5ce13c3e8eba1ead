import threading

from odoo.addons.pg_base.outcomes import Unknown
from odoo.addons.pg_topup.dispatcher import settler
from odoo.addons.pg_topup.dispatcher.runner import QUIET, _call
from odoo.addons.pg_topup.dispatcher.settler import Outcome, Settler, settle_all
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestSettler(TopupCase):
    """Outcomes that wait together are written together, and spoil nothing for each other."""

    def sold(self, count):
        topups = self.env["pg.topup"].union(*(self.sell() for _index in range(count)))
        jobs = self.claim()
        self.assertEqual(len(jobs), count)
        self.env.flush_all()
        return topups, jobs

    def outcomes(self, jobs):
        return [Outcome("_settle_send", job.attempt_id, _call(job.run)) for job in jobs]

    def test_several_in_one_transaction(self):
        topups, jobs = self.sold(3)
        items = self.outcomes(jobs[:2])
        items.append(Outcome("_settle_send", jobs[2].attempt_id, Unknown("No answer")))
        self.assertEqual(settle_all(self.env.registry, items, QUIET), [False, False, "supplier"])
        self.env.invalidate_all()
        self.assertEqual(sorted(topups.mapped("state")), ["completed", "completed", "in_doubt"])
        for topup in topups.filtered("completed_at"):
            self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_settled_twice_changes_nothing(self):
        [topup], jobs = self.sold(1)
        [item] = self.outcomes(jobs)
        settle_all(self.env.registry, [item, item], QUIET)
        self.env.invalidate_all()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(self.kinds(topup).count("delivered"), 1)
        self.assertIn("A late answer changed nothing", str(topup.event_ids.mapped("text")))

    def write_three(self, flying):
        """Let three calls end one after the other; return what each transaction has written."""
        written = []

        class Noted(Settler):
            def _write(self, items):
                if items:
                    written.append(sorted(item.record_id for item in items))
                return [None] * len(items)

        noted = Noted(lambda: None, {}, lambda: flying)
        threads = [
            threading.Thread(target=noted.settle, args=("_settle_send", number, None))
            for number in (1, 2, 3)
        ]
        for thread in threads:
            thread.start()
            if flying == 1:
                thread.join()
        for thread in threads:
            thread.join()
        noted.stop()
        return written

    def test_what_is_sent_together_is_written_together(self):
        self.patch(settler, "GATHER", 1)
        self.assertEqual(self.write_three(flying=3), [[1, 2, 3]])

    def test_a_call_alone_waits_for_nobody(self):
        self.patch(settler, "GATHER", 3600)
        self.assertEqual(self.write_three(flying=1), [[1], [2], [3]])

    def test_one_that_breaks_spoils_no_other(self):
        written = []

        class Broken(Settler):
            def _write(self, items):
                if any(item.record_id < 0 for item in items):
                    raise ValueError("broken")
                written.append(sorted(item.record_id for item in items))
                return [item.record_id * 10 for item in items]

        broken, results = Broken(lambda: None, {}), {}

        def ask(record_id):
            try:
                results[record_id] = broken.settle("_settle_send", record_id, None)
            except ValueError as error:
                results[record_id] = str(error)

        threads = [threading.Thread(target=ask, args=(n,)) for n in (1, -1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        broken.stop()
        self.assertEqual(results, {1: 10, 2: 20, 3: 30, -1: "broken"})
        self.assertEqual(sorted(sum(written, [])), [1, 2, 3])
