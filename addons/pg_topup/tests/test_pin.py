from datetime import timedelta

from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestPin(TopupCase):
    def sell_with_old_pin(self, cost_factor=1.0, value_factor=1.0):
        """Sell at a price that was accepted when cost and value were these parts of today's."""
        topup = self.sell()
        topup.write(
            {
                "pin_expires_at": now() - timedelta(seconds=1),
                "cost": topup.cost * cost_factor,
                "receive_value": topup.receive_value * value_factor,
            }
        )
        return topup

    def test_a_fresh_pin_is_not_checked(self):
        self.supplier.prices_at = now() - timedelta(minutes=1)
        topup = self.sell()
        topup.cost = topup.cost / 2
        self.dispatch()
        self.assertEqual(topup.state, "completed")

    def test_an_old_pin_that_holds_is_sent(self):
        topup = self.sell_with_old_pin()
        self.dispatch()
        self.assertEqual(topup.state, "completed")

    def test_tolerance_of_cost(self):
        """Cost is up by 5.26 %: sent within 6 %, not within 5 %."""
        self.seller.pg_pin_cost_percent = 5
        self.assertTrue(self.sell_with_old_pin(cost_factor=0.95)._check_pin())
        self.seller.pg_pin_cost_percent = 6
        topup = self.sell_with_old_pin(cost_factor=0.95)
        self.dispatch(2)
        self.assertEqual(topup.state, "completed")

    def test_tolerance_of_value(self):
        """4.76 % less would arrive: sent within 5 %, not within 4 %, nor by a tolerance of cost."""
        self.seller.write({"pg_pin_cost_percent": 50, "pg_pin_value_percent": 4})
        self.assertTrue(self.sell_with_old_pin(value_factor=1.05)._check_pin())
        self.seller.pg_pin_value_percent = 5
        self.assertFalse(self.sell_with_old_pin(value_factor=1.05)._check_pin())

    def test_tolerance_is_the_sellers_own(self):
        self.other_seller.pg_pin_cost_percent = 100
        self.assertTrue(self.sell_with_old_pin(cost_factor=0.9)._check_pin())

    def test_refund_is_the_default(self):
        topup = self.sell_with_old_pin(cost_factor=0.5)
        self.dispatch()
        self.assertEqual((topup.state, topup.is_held), ("failed", False))
        self.assertFalse(self.sends(topup))

    def hold(self):
        self.seller.pg_pin_policy = "ask"
        topup = self.sell_with_old_pin(cost_factor=0.5)
        self.dispatch(3)
        self.assertEqual((topup.state, topup.is_held, topup.needs_person), ("paid", True, True))
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertFalse(self.sends(topup))
        return topup

    def test_held_then_sent_by_decision(self):
        topup = self.hold()
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_send_held()
        self.assertTrue(topup.is_held)
        self.as_user(topup, "manager").action_send_held()
        self.dispatch()
        self.assertEqual((topup.state, topup.is_held), ("completed", False))
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_held_then_refunded_by_decision(self):
        topup = self.hold()
        self.as_user(topup, "manager").action_refund_held()
        self.refund(topup)
        self.assertEqual((topup.state, topup.is_held), ("refunded", False))
        self.assertFalse(self.sends(topup))
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_send_held()

    def test_held_for_two_reasons_needs_both_decisions(self):
        topup = self.hold()
        topup._hold("A dispute.")
        self.as_user(topup, "manager").action_send_held()
        self.dispatch(2)
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.assertFalse(topup.next_attempt_at, "nothing is due that nobody may claim")
        self.assertFalse(self.sends(topup))
        self.as_user(topup, "manager").action_release()
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_promotion_of_the_moment_is_kept(self):
        """What was promised when the order was placed, whatever becomes of the promotion."""
        Promotion = self.env["pg.promotion"]
        Promotion.search([("operator_id", "=", self.offer.pg_operator_id.id)]).active = False
        self.assertFalse(self.place().promotion)
        values = {
            "name": "Double airtime",
            "supplier_id": self.supplier.id,
            "operator_id": self.offer.pg_operator_id.id,
            "bonuses": [{"kind": "%", "quantity": 100, "days": 7}],
        }
        small = Promotion.create({**values, "code": "small", "minimum_send": 5})
        Promotion.create({**values, "code": "large", "name": "Large", "minimum_send": 6})
        topup = self.place()
        self.assertEqual(topup.promotion_id, small)
        self.assertEqual(topup.promotion, "Double airtime · 100 % (7 days)")
        small.unlink()
        self.assertEqual(topup.promotion, "Double airtime · 100 % (7 days)")
        self.assertFalse(topup.promotion_id)

    def test_amounts_stay_exact(self):
        topup = self.sell()
        self.assertEqual(D(topup.send_value), D("5"))
