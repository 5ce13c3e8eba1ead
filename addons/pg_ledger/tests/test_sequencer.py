import uuid

from odoo.tests import tagged

from ..const import SEQUENCER_LOCK
from ..tools.canonical import GENESIS, entry_hash
from ..worker import loop
from ..worker.reading import read_links
from ..worker.sequencer import read_waiting_companies, sequence_company
from .common import LedgerCase


@tagged("post_install", "-at_install", "pg")
class TestSequencer(LedgerCase):
    def test_chain_is_gapless_and_linked_per_company(self):
        for company in (self.seller, self.other_seller, self.seller, self.seller):
            self.post(company=company)
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 3)
        self.assertEqual(sequence_company(self.env.cr, self.other_seller.id), 1)
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3])
        self.assertEqual(self.links(self.other_seller).mapped("seq"), [1])
        prev = GENESIS
        for seq, link_prev, digest, mirrored, entry in read_links(
            self.env.cr, self.seller.id, 0, 10
        ):
            self.assertEqual(link_prev, prev)
            self.assertEqual(digest, entry_hash(entry, seq, prev))
            self.assertFalse(mirrored)
            prev = digest
        self.assertFalse(self.env["pg.ledger.outbox"].search([]).filtered("company_id"))

    def test_later_run_goes_on_where_the_first_ended(self):
        self.post()
        sequence_company(self.env.cr, self.seller.id)
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 0)
        self.post()
        self.post()
        self.assertEqual(sequence_company(self.env.cr, self.seller.id, limit=1), 1)
        self.assertEqual(sequence_company(self.env.cr, self.seller.id, limit=1), 1)
        first, second, third = self.links()
        self.assertEqual(second.prev_hash, first.hash)
        self.assertEqual(third.prev_hash, second.hash)

    def test_entries_of_a_subject_keep_their_order(self):
        """I5 and I6: numbers rise by one in chain order and end at the number of entries."""
        subjects = [str(uuid.uuid4()) for _ in range(3)]
        for subject in subjects * 4:
            self.post(subject=subject)
        sequence_company(self.env.cr, self.seller.id)
        entries = self.links().entry_id
        for subject in subjects:
            chained = entries.filtered(lambda entry, s=subject: entry.subject == s)
            self.assertEqual(chained.mapped("subject_seq"), [1, 2, 3, 4])
        self.assertEqual(len(entries), 12)

    def test_second_sequencer_does_nothing(self):
        """Two real connections: the lock of the first keeps the second out, per company."""
        self.post()
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 1)
        with self.registry.cursor() as other:
            self.assertIsNot(other, self.env.cr)
            lock = "SELECT pg_try_advisory_xact_lock(%s, %s)"
            other.execute(lock, [SEQUENCER_LOCK, self.seller.id])
            self.assertFalse(other.fetchone()[0])
            other.execute(lock, [SEQUENCER_LOCK, self.other_seller.id])
            self.assertTrue(other.fetchone()[0])
            self.post(company=self.other_seller)
            self.assertEqual(sequence_company(self.env.cr, self.other_seller.id), 0)
            self.assertIn(self.other_seller.id, read_waiting_companies(self.env.cr))
            other.rollback()
        self.assertEqual(sequence_company(self.env.cr, self.other_seller.id), 1)

    def test_stopped_company_is_not_chained(self):
        self.post()
        stop = self.env["pg.ledger.conflict"].create(
            {"company_id": self.seller.id, "kind": "ahead", "seq": 9}
        )
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 0)
        stop.state = "resolved"
        self.env.flush_all()
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 1)

    def test_chain_grows_without_mongodb(self):
        self.post()
        run = loop.Run()
        with self.enter_registry_test_mode():
            loop._sequence(self.env.registry, run, lambda: False)
        self.assertEqual(run.chained, 1)
        self.assertEqual(self.links().mapped("seq"), [1])
