from odoo.addons.pg_base.tools import memo
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install", "pg")
class TestMemo(TransactionCase):
    """Looked up once, and again once it may have changed."""

    def setUp(self):
        super().setUp()
        self.looked = []
        self.addCleanup(memo.forget, self.env, "test")

    def remember(self, key="a", topic="test"):
        def look_up():
            self.looked.append(key)
            return len(self.looked)

        return memo.remember(self.env, topic, key, look_up)

    def test_once_for_each_key_and_topic(self):
        self.assertEqual([self.remember(), self.remember()], [1, 1])
        self.assertEqual([self.remember("b"), self.remember("b")], [2, 2])
        self.addCleanup(memo.forget, self.env, "other")
        self.assertEqual(self.remember(topic="other"), 3)

    def test_forgotten_on_demand_and_by_a_commit(self):
        self.remember()
        memo.forget(self.env, "test")
        self.assertEqual(self.remember(), 2)
        # What a commit does around the database's own; a test cannot commit.
        self.env.cr.flush()
        self.env.cr.clear()
        self.assertEqual(self.remember(), 3)

    def test_forgotten_by_a_rollback_to_a_savepoint(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.remember()
            raise ZeroDivisionError
        self.assertEqual(self.remember(), 2)

    def test_what_fails_is_looked_up_again(self):
        with self.assertRaises(ZeroDivisionError):
            memo.remember(self.env, "test", "a", lambda: 1 / 0)
        self.assertEqual(self.remember(), 1)
