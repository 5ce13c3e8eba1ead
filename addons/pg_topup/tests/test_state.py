from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.exceptions import IllegalTransition
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase

STATES = [state for state, _label in const.STATES]


@tagged("post_install", "-at_install", "pg")
class TestStateMachine(TopupCase):
    def force(self, topup, state):
        self.env.flush_all()
        self.env.cr.execute("UPDATE pg_topup SET state = %s WHERE id = %s", [state, topup.id])
        self.env.invalidate_all()

    def test_the_whole_table(self):
        """Each of the 64 pairs is allowed or refused by the table; a refusal writes nothing."""
        topup, allowed = self.place(), 0
        for before in STATES:
            for after in STATES:
                self.force(topup, before)
                events = len(topup.event_ids)
                if after in const.TRANSITIONS[before]:
                    topup._set_state(after)
                    allowed += 1
                    self.assertEqual(topup.state, after)
                    self.assertTrue(topup[const.STATE_TIMES[after]])
                    self.assertEqual(len(topup.event_ids), events + 1)
                else:
                    with self.assertRaises(IllegalTransition):
                        topup._set_state(after)
                    self.assertEqual(topup.state, before)
                    self.assertEqual(len(topup.event_ids), events)
        self.assertEqual(allowed, 14)

    def test_every_state_is_known(self):
        self.assertEqual(set(const.TRANSITIONS), set(STATES))
        self.assertLessEqual(set().union(*const.TRANSITIONS.values()), set(STATES))
        self.assertEqual(set(const.STATE_TIMES), set(STATES) - {"pending"})

    def test_nothing_leaves_the_ends(self):
        self.assertEqual(const.TRANSITIONS["completed"], set())
        # Only to be refunded anew, when the gateway takes back its word.
        self.assertEqual(const.TRANSITIONS["refunded"], {"failed"})

    def test_no_write_from_outside(self):
        """Not even an admin writes a state, and nobody deletes a top-up."""
        topup = self.place()
        for role in ("viewer", "operator", "manager", "admin"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.as_user(topup, role).write({"state": "completed"})
        with self.assertRaises(UserError):
            topup.unlink()
        self.assertEqual(topup.state, "pending")
