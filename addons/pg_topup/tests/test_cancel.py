import time
from datetime import timedelta

from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestDeferred(TopupCase):
    """Products that the supplier accepts and delivers later."""

    def setUp(self):
        super().setUp()
        self.batch = self.find_batch_offer()
        self.sandbox.update(self.ding, batch_seconds=3600)
        self.addCleanup(self.sandbox.update, self.ding, batch_seconds=3, batch_outcome="Complete")

    def find_batch_offer(self):
        sku = self.env["pg.sku"].search(
            [
                ("supplier_id", "=", self.supplier.id),
                ("is_instant", "=", False),
                ("kind", "in", ("topup", "data", "bundle")),
                ("operator_id.country_id.code", "=", "PG"),
            ],
            limit=1,
        )
        if not sku:
            self.skipTest("the sandbox's catalogue of Papua New Guinea has no batch product")
        return self.env["product.template"].create(
            {
                "name": "Batch",
                "type": "service",
                "company_id": self.seller.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 10,
            }
        )

    def sell_open(self):
        is_range = self.batch.pg_sku_id.is_range
        topup = self.sell(offer=self.batch, **({} if is_range else {"send_value": None}))
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.state), ("processing", "open"))
        self.assertTrue(topup.attempt_ids.transfer_ref)
        return topup

    def probe(self, topup):
        self.make_due(topup)
        self.dispatch()

    def cancels(self, topup):
        calls = self.calls("CancelTransfers")
        return [call for call in calls if topup.supplier_reference in str(call)]

    def sell_ending(self, outcome):
        """Sell what the supplier accepts now, and ends a moment later."""
        self.sandbox.update(self.ding, batch_seconds=1.5, batch_outcome=outcome)
        topup = self.sell_open()
        time.sleep(1.6)
        return topup

    def test_followed_while_it_is_open(self):
        topup = self.sell_open()
        for _turn in range(5):
            self.probe(topup)
        self.assertEqual((topup.state, len(topup.attempt_ids)), ("processing", 1))
        self.assertTrue(topup.next_probe_at)

    def test_cancelled_gives_the_money_back(self):
        topup = self.sell_open()
        self.assertTrue(topup.can_cancel_transfer)
        self.as_user(topup, "manager").action_cancel_transfer()
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.state), ("failed", "failed"))
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertFalse(self.transfers(topup))
        self.assertEqual(len(self.cancels(topup)), 1)

    def test_a_lost_answer_to_the_wish_is_looked_up(self):
        topup = self.sell_open()
        self.add_fault("lose_answer", on="CancelTransfers", times=4)
        self.as_user(topup, "manager").action_cancel_transfer()
        self.dispatch()
        self.assertEqual(topup.state, "failed")

    def test_too_late_to_cancel_is_delivered(self):
        """The supplier refuses the wish: it delivered meanwhile. One transfer, no refund."""
        topup = self.sell_open()
        self.sandbox.update(self.ding, batch_seconds=0)
        self.add_fault("refuse", on="CancelTransfers", code="OtherError", times=4)
        self.as_user(topup, "manager").action_cancel_transfer()
        self.dispatch()
        self.assertEqual((topup.state, topup.refund_state), ("processing", "none"))
        self.assertFalse(topup.cancel_asked_at)

    def test_who_may_cancel_and_what(self):
        topup = self.sell_open()
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_cancel_transfer()
        self.assertFalse(topup.cancel_asked_at)
        done = self.sell()
        self.dispatch()
        self.assertEqual(done.state, "completed")
        with self.assertRaises(UserError):
            self.as_user(done, "manager").action_cancel_transfer()
        self.assertEqual(self.cancels(topup), [])

    def test_open_for_days_goes_to_a_person_who_can_end_it(self):
        topup = self.sell_open()
        topup.attempt_ids.started_at = now() - timedelta(seconds=const.OPEN_LONGEST + 1)
        for _look in range(3):
            self.probe(topup)
        self.assertEqual((topup.state, topup.needs_person), ("in_doubt", True))
        self.assertEqual(topup.attempt_ids.state, "open")
        self.assertEqual(len(topup.activity_ids), 1)
        self.as_user(topup, "manager").action_cancel_transfer()
        self.dispatch()
        self.assertEqual((topup.state, topup.needs_person), ("failed", False))
        self.assertEqual(len(self.cancels(topup)), 1)

    def test_delivered_in_the_end(self):
        topup = self.sell_ending("Complete")
        self.run_until(topup, "completed")
        self.assertEqual(topup.attempt_ids.mapped("state"), ["delivered"])
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_failed_in_the_end_gives_the_money_back(self):
        topup = self.sell_ending("Failed")
        self.run_until(topup, "failed")
        self.assertEqual(topup.attempt_ids.mapped("state"), ["failed"])
        self.assertFalse(self.transfers(topup))
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
