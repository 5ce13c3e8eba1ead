from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install", "pg")
class TestLock(StripeCase):
    """A payment is locked once for a transaction, and again once the lock may be gone."""

    def lock(self, tx):
        """Lock it; return how often it was locked in the database so far."""
        tx._gateway_lock()
        self.env.cr.execute(
            "SELECT COALESCE(gateway_version, 0) FROM payment_transaction WHERE id = %s", [tx.id]
        )
        return self.env.cr.fetchone()[0]

    def test_once_for_a_transaction(self):
        tx = self.create_tx()
        first = self.lock(tx)
        self.assertEqual([self.lock(tx), self.lock(tx)], [first, first])
        other = self.create_tx()
        (tx | other)._gateway_lock()
        self.assertEqual(self.lock(other), 1, "One of both was not locked yet")

    def test_again_after_a_commit(self):
        tx = self.create_tx()
        first = self.lock(tx)
        # What a commit does before it reaches the database; a test cannot commit.
        self.env.cr.flush()
        self.assertEqual(self.lock(tx), first + 1)

    def test_again_after_a_rollback_to_a_savepoint(self):
        tx = self.create_tx()
        self.env.flush_all()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            within = self.lock(tx)
            raise ZeroDivisionError
        self.assertEqual((within, self.lock(tx)), (1, 1), "The first one is undone")
