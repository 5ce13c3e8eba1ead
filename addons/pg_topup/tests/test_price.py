from datetime import timedelta

from odoo import fields
from odoo.addons.pg_topup.clock import now
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestPrice(TopupCase):
    """A price older than an hour is confirmed by the supplier before the send."""

    def setUp(self):
        super().setUp()
        self.asked_before = len(self.calls("EstimatePrices"))

    def age(self):
        self.supplier.prices_at = fields.Datetime.now() - timedelta(hours=1, seconds=1)
        self.env.cr.execute("UPDATE pg_sku SET price_asked_at = NULL")
        self.env.invalidate_all()

    def drift(self, factor):
        self.sandbox.update(self.ding["id"], fx_drift=factor)
        self.addCleanup(self.sandbox.update, self.ding["id"], fx_drift="1")

    def asked(self):
        return len(self.calls("EstimatePrices")) - self.asked_before

    def test_a_young_price_is_not_asked_for(self):
        topup = self.sell()
        self.dispatch()
        self.assertEqual((topup.state, self.asked()), ("completed", 0))

    def test_an_old_price_that_holds_is_asked_for_once_and_sent_once(self):
        topups = self.sell() + self.sell()
        self.age()
        self.dispatch()
        self.assertEqual((topups.mapped("state"), self.asked()), (["paid", "paid"], 1))
        self.assertFalse(topups.attempt_ids, "Asking is no attempt")
        for topup in topups:
            self.run_until(topup, "completed")
            self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(self.asked(), 1, "One question for both")

    def test_less_would_arrive(self):
        topup = self.sell()
        self.age()
        self.drift("0.9")
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.ids), ("failed", []))
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertFalse(self.sends(topup))

    def test_less_would_arrive_and_a_person_is_asked(self):
        self.seller.pg_pin_policy = "ask"
        topup = self.sell()
        self.age()
        self.drift("0.9")
        self.dispatch(3)
        self.assertEqual((topup.state, topup.is_held, self.asked()), ("paid", True, 1))
        self.assertFalse(self.sends(topup))

    def test_less_within_the_sellers_tolerance_is_sent(self):
        self.seller.pg_pin_value_percent = 10
        topup = self.sell()
        self.age()
        self.drift("0.9")
        self.dispatch(2)
        self.assertEqual(topup.state, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_others_of_the_sku_are_not_sent_once_one_was_refused(self):
        first, second = self.sell(), self.sell()
        self.age()
        self.drift("0.9")
        self.dispatch()
        self.make_due(second)
        self.dispatch()
        self.assertEqual((first.state, second.state, self.asked()), ("failed", "failed", 2))
        self.assertFalse(self.sends(second))

    def test_a_dearer_fixed_one(self):
        """The supplier asks 10 % more than our catalogue says: refused, or sent at its price."""
        sku = self.env["pg.sku"].search(
            [("supplier_id", "=", self.supplier.id), ("code", "=", "DCPG51871")]
        )
        true_price = sku.send_min
        cheap = {"send_min": true_price * 0.9, "send_max": true_price * 0.9}
        offer = self.env["product.template"].create(
            {
                "type": "service",
                "company_id": self.seller.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 50,
            }
        )
        for tolerance, state in ((0, "failed"), (12, "completed")):
            self.seller.pg_pin_cost_percent = tolerance
            sku.write(cheap)
            topup = self.sell(offer=offer, send_value=None)
            self.age()
            self.dispatch(2)
            self.assertEqual(topup.state, state)
            self.assertEqual(len(self.transfers(topup)), int(state == "completed"))
        self.assertEqual(topup.send_value, true_price, "The books show what it cost")

    def test_no_answer_is_asked_for_again_and_ends_in_a_refund(self):
        topup = self.sell()
        self.age()
        self.add_fault("http_500", on="EstimatePrices", times=50)
        self.dispatch()
        self.assertEqual((topup.state, topup.price_tries), ("paid", 1))
        self.assertGreater(topup.next_attempt_at, now())
        self.make_due(topup)
        self.dispatch()
        self.assertEqual((topup.state, topup.price_tries), ("paid", 2))
        topup.price_asked_since = now() - timedelta(hours=4)
        self.make_due(topup)
        self.dispatch()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "due"))
        self.assertFalse(self.sends(topup))

    def test_a_late_answer_changes_nothing(self):
        topup = self.sell()
        self.age()
        [job] = self.claim()
        answer = job.check.run()
        topup._hold("Looks odd.")
        self.env["pg.topup"]._settle_price(job, answer)
        self.assertEqual((topup.review_state, topup.next_attempt_at), ("held", False))
        self.assertEqual(self.claim(), [])
