from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MongoCase


@tagged("post_install", "-at_install", "pg")
class TestVerifyReading(MongoCase):
    """What the verification reads, and how, does not depend on how it is stored or sent."""

    def setUp(self):
        super().setUp()
        for _ in range(5):
            self.post()
        self.run_mirror()
        quiet = mute_logger("odoo.addons.pg_ledger.models.pg_ledger_verify")
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_postings_in_postgresql(self):
        """They count in the order of their positions, wherever their rows stand."""
        self.check_now()
        entry_id = self.links()[1].entry_id.id
        self.change_postings("SET kind = kind WHERE entry_id = %s AND position = 1", entry_id)
        self.env.cr.execute(
            "SELECT position FROM pg_ledger_posting WHERE entry_id = %s ORDER BY ctid", [entry_id]
        )
        self.assertEqual(self.env.cr.fetchall(), [(2,), (1,)])
        self.assertEqual(self.verify().state, "clean")
        self.change_postings("SET position = position + 2 WHERE entry_id = %s", entry_id)
        self.assertEqual(self.verify().state, "clean", "the order is the same")
        self.change_postings("SET position = 20 - position WHERE entry_id = %s", entry_id)
        self.assertEqual(self.named(self.verify()), [("bad_source", 2)])
        self.change_postings("SET position = 20 - position WHERE entry_id = %s", entry_id)
        self.assertEqual(self.verify().state, "clean")
        self.change_postings(
            "SET amount = 2 * amount, company_amount = 2 * amount WHERE entry_id = %s", entry_id
        )
        found = self.named(self.verify())
        self.assertEqual(found, [("bad_source", 2), ("total", 0), ("total", 0)])

    def change_postings(self, change, entry_id):
        """Change postings as the owner of the table could."""
        guard = "TRIGGER pg_ledger_posting_frozen"
        self.env.cr.execute(f"ALTER TABLE pg_ledger_posting DISABLE {guard}")
        self.env.cr.execute(f"UPDATE pg_ledger_posting {change}", [entry_id])
        self.env.cr.execute(f"ALTER TABLE pg_ledger_posting ENABLE ALWAYS {guard}")

    def test_answers_of_many_parts(self):
        """What MongoDB sends in several answers is read to its end, or given back."""
        with patch("odoo.addons.pg_ledger.worker.store_reading._RANGE_BATCH", 2):
            self.assertEqual((self.verify().state, self.verify().checked_count), ("clean", 5))
            rest = self.store.iterate_raw(self.seller.id, 0)
            first = next(rest)
            self.assertEqual(len(list(rest)), 4)
            rest = self.store.iterate_raw(self.seller.id, 0)
            self.assertEqual(next(rest), first)
            opened = self.count_cursors()
            rest.close()
            self.assertEqual(self.count_cursors(), opened - 1)

    def count_cursors(self):
        status = self.store.client.admin.command("serverStatus")
        return status["metrics"]["cursor"]["open"]["total"]
