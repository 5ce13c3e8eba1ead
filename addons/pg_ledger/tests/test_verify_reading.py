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
