from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestReview(TopupCase):
    def hold(self):
        topup = self.sell()
        self.assertEqual(topup._hold("Looks odd."), topup)
        return topup

    def test_held_is_not_sent_and_costs_no_look(self):
        topup = self.hold()
        self.dispatch(2)
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertFalse(self.env["pg.topup"]._look_for_work().sends)
        topup.next_attempt_at = topup.paid_at
        self.assertEqual(self.claim(), [], "The claim itself skips what is held")
        self.assertFalse(self.sends(topup))

    def test_released_is_sent_once(self):
        topup = self.hold()
        for role in ("viewer", "operator"):
            with self.assertRaises(AccessError):
                self.as_user(topup, role).action_release()
        self.assertEqual(topup.review_state, "held")
        self.as_user(topup, "manager").action_release()
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_release()
        self.dispatch(2)
        self.assertEqual((topup.state, topup.review_state), ("completed", "released"))
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertFalse(topup.activity_ids)

    def test_refused_is_refunded_and_never_sent(self):
        topup = self.hold()
        with self.assertRaises(AccessError):
            self.as_user(topup, "manager", self.other_seller).action_refuse()
        self.as_user(topup, "manager").action_refuse()
        self.refund(topup)
        self.assertEqual((topup.state, topup.review_state), ("refunded", "refused"))
        self.assertFalse(self.sends(topup))
        self.assertFalse(topup.activity_ids)
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_release()

    def test_held_before_it_is_paid(self):
        topup = self.place()
        topup._hold("Looks odd.")
        self.assertFalse(topup.activity_ids)
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_release()
        self.pay(topup)
        self.dispatch(2)
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertIn("looks at", topup._get_public_status()["detail"])
        self.as_user(topup, "manager").action_release()
        self.dispatch()
        self.assertEqual(topup.state, "completed")

    def test_what_is_in_flight_or_over_is_not_held(self):
        flying, over = self.sell(), self.sell()
        self.claim(1)
        self.assertEqual(flying.state, "processing")
        over._fail("Refused.")
        self.assertFalse((flying + over)._hold("Too late."))
        self.assertEqual(flying.review_state, "none")

    def test_undone_by_the_customer_ends_the_review(self):
        self.seller.pg_undo_seconds = 30
        topup = self.hold()
        self.env["pg.topup"]._undo(topup.access_token)
        self.assertEqual((topup.state, topup.review_state), ("failed", "refused"))
        self.assertFalse(topup.activity_ids)
