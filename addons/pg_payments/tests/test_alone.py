import threading

from odoo.addons.pg_payments.alone import Alone
from odoo.tests import BaseCase, tagged


@tagged("post_install", "-at_install", "pg")
class TestAlone(BaseCase):
    """One thread does what many ask for, and what was asked for is never left undone."""

    def setUp(self):
        super().setUp()
        self.alone, self.done, self.pauses = Alone(), [], []

    def run_job(self, job, times=9, name="inbox"):
        return self.alone.run(name, job, times, self.pauses.append)

    def ask_meanwhile(self):
        """Ask from another thread; return what it was told."""
        told = []
        asker = threading.Thread(target=lambda: told.append(self.run_job(self.done.clear)))
        asker.start()
        asker.join(10)
        return told

    def test_once_for_one(self):
        self.assertFalse(self.run_job(lambda: self.done.append(1)))
        self.assertFalse(self.run_job(lambda: self.done.append(1)))
        self.assertEqual((self.done, self.pauses), ([1, 1], []))

    def test_whoever_asks_meanwhile_leaves_and_has_it_done_once_more(self):
        told = []

        def job():
            self.done.append(1)
            if len(self.done) == 1:
                told.extend(self.ask_meanwhile() + self.ask_meanwhile())

        self.assertFalse(self.run_job(job))
        self.assertEqual(told, [False, False], "Neither of them did it")
        self.assertEqual((self.done, self.pauses), ([1, 1], [1]), "Once more for both")

    def test_nobody_is_kept_for_ever(self):
        def job():
            self.done.append(1)
            self.ask_meanwhile()

        self.assertTrue(self.run_job(job, times=3), "Somebody else has to")
        self.assertEqual((self.done, self.pauses), ([1, 1, 1], [1, 2]))
        self.assertFalse(self.run_job(lambda: self.done.append(2)), "The place is free")
        self.assertEqual(self.done, [1, 1, 1, 2])

    def test_a_job_that_breaks_gives_the_place_back(self):
        with self.assertRaises(ZeroDivisionError):
            self.run_job(lambda: 1 / 0)
        self.assertFalse(self.run_job(lambda: self.done.append(1)))
        self.assertEqual(self.done, [1])

    def test_each_database_by_itself(self):
        def job():
            self.done.append("mine")
            self.run_job(lambda: self.done.append("theirs"), name="other")

        self.run_job(job)
        self.assertEqual(self.done, ["mine", "theirs"])

    def test_nothing_is_lost_between_many_threads(self):
        asked, seen, lock = [], [], threading.Lock()

        def job():
            with lock:
                seen[:] = asked

        def ask(number):
            with lock:
                asked.append(number)
            self.run_job(job, times=10**6)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(sorted(seen), list(range(200)), "The last look saw what all had left")
