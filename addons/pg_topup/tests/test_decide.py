from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestDecide(TopupCase):
    """A seller that wants to decide what becomes of a failed top-up."""

    def setUp(self):
        super().setUp()
        self.seller.pg_failure_policy = "wait"

    def fail_one(self, **values):
        self.add_fault("refuse", times=1, code="ProviderError", context="ProductUnavailable")
        topup = self.sell(email="kila@customer.example", **values)
        self.dispatch()
        self.sandbox.clear_faults(self.ding["id"])
        self.assertEqual((topup.state, topup.refund_state), ("failed", "waiting"))
        return topup

    def wizard(self, topups, role="manager", company=None, **values):
        Wizard = self.as_user(self.env["pg.topup.decide"], role, company)
        values = {"decision": "refund", "reason": "The operator had an outage.", **values}
        return Wizard.create({"topup_ids": [(6, 0, topups.ids)], **values})

    def refunds(self, topup):
        return topup.payment_tx_id.child_transaction_ids

    def test_nothing_moves_until_a_person_decides(self):
        topup = self.fail_one()
        self.dispatch(3)
        self.env["payment.transaction"]._cron_pg_refunds()
        self.assertFalse(self.refunds(topup))
        self.assertTrue(topup.needs_person)
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertFalse(topup._get_public_status()["final"])

    def test_sent_again_and_delivered(self):
        topup = self.fail_one()
        self.wizard(topup, decision="retry").action_apply()
        self.assertEqual((topup.state, topup.refund_state), ("processing", "none"))
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(topup.attempt_ids.mapped("state"), ["rejected", "delivered"])
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertFalse(topup.activity_ids)
        self.assertFalse(topup.failed_at)
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_sent_again_and_refused_again_waits_again(self):
        topup = self.fail_one(number=REFUSED)
        self.wizard(topup, decision="retry").action_apply()
        self.dispatch()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "waiting"))
        self.assertEqual(len(topup.attempt_ids), 2)
        self.assertFalse(self.refunds(topup))

    def test_refund(self):
        topup = self.fail_one()
        self.wizard(topup).action_apply()
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertEqual(len(self.refunds(topup)), 1)
        note = topup.event_ids.filtered(lambda e: e.kind == "note")
        self.assertIn("outage", note.text)
        self.assertEqual(note.user_id, self.users[self.seller, "manager"])

    def test_a_refund_under_way_is_not_sent_again(self):
        topup = self.fail_one()
        self.wizard(topup).action_apply()
        for decision in ("retry", "refund", "credit"):
            with self.subTest(decision), self.assertRaises(UserError):
                self.wizard(topup, decision=decision).action_apply()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "due"))
        self.refund(topup)
        self.assertEqual(len(self.refunds(topup)), 1)

    def test_many_at_once_with_a_preview(self):
        failed = self.fail_one() + self.fail_one()
        done = self.sell()
        self.dispatch()
        self.assertEqual(done.state, "completed")
        wizard = self.wizard(failed + done)
        self.assertEqual(wizard.ready_ids, failed)
        self.assertIn(done.name, wizard.skipped)
        self.assertIn("2 of 3", wizard.summary)
        wizard.action_apply()
        self.assertEqual(set(failed.mapped("refund_state")), {"due"})
        self.assertEqual((done.state, done.refund_state), ("completed", "none"))

    def test_who_may_not(self):
        topup = self.fail_one()
        with self.assertRaises(AccessError):
            self.wizard(topup, role="operator")
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_decide()
        with self.assertRaises(AccessError):
            self.wizard(topup, company=self.other_seller).action_apply()
        with self.assertRaises(ValidationError):
            self.wizard(topup, reason="no").action_apply()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "waiting"))
        self.assertFalse(topup.payment_tx_id.pg_refund_due_at)

    def test_told_again_when_it_waits_for_long(self):
        topup = self.fail_one()
        self.env["pg.topup"]._cron_tell_waiting()
        self.assertEqual(len(topup.activity_ids), 1)
        topup.waits_since = now() - timedelta(hours=self.seller.pg_wait_hours, minutes=1)
        for _turn in range(2):
            self.env["pg.topup"]._cron_tell_waiting()
        self.assertEqual(len(topup.activity_ids), 2)

    def test_undo_is_always_refunded(self):
        self.seller.pg_undo_seconds = 30
        topup = self.sell()
        self.env["pg.topup"]._undo(topup.access_token)
        self.assertEqual((topup.state, topup.refund_state), ("failed", "due"))


@tagged("post_install", "-at_install", "pg")
class TestSecondPerson(TopupCase):
    """A doubt of a large amount is decided by two."""

    def setUp(self):
        super().setUp()
        self.seller.pg_second_person_from = 20

    def propose(self, role="manager", send_value=5, **values):
        self.add_fault("http_500_html", times=1)
        topup = self.sell()
        self.dispatch()
        self.assertEqual(topup.state, "in_doubt")
        values = {"decision": "not_delivered", "reason": "Supplier denied it by phone.", **values}
        wizard = self.as_user(self.env["pg.topup.resolve"], role).create(
            {"topup_id": topup.id, **values}
        )
        wizard.action_apply()
        return topup

    def test_one_alone_decides_nothing(self):
        topup = self.propose()
        self.assertEqual((topup.state, topup.refund_state), ("in_doubt", "none"))
        self.assertEqual(topup.proposal_user_id, self.users[self.seller, "manager"])
        self.assertTrue(topup.next_probe_at, "it is looked up as before")
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_confirm_proposal()
        self.assertEqual((topup.state, topup.proposal), ("in_doubt", "not_delivered"))

    def test_a_second_one_confirms(self):
        topup = self.propose()
        self.as_user(topup, "admin").action_confirm_proposal()
        self.assertEqual((topup.state, topup.refund_state), ("failed", "due"))
        self.assertFalse(topup.proposal)
        with self.assertRaises(UserError):
            self.as_user(topup, "admin").action_confirm_proposal()

    def test_delivered_with_its_transfer(self):
        topup = self.propose(decision="delivered", transfer_ref="863784492")
        self.as_user(topup, "admin").action_confirm_proposal()
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", "863784492"))

    def test_turned_down(self):
        topup = self.propose()
        self.as_user(topup, "admin").action_drop_proposal()
        self.assertEqual((topup.state, topup.proposal), ("in_doubt", False))
        with self.assertRaises(UserError):
            self.as_user(topup, "admin").action_confirm_proposal()

    def test_the_look_up_may_be_faster(self):
        topup = self.propose()
        topup._get_proposed()._resolve("not_delivered", "Ended meanwhile.", "")
        with self.assertRaises(UserError):
            self.as_user(topup, "admin").action_confirm_proposal()
        self.assertEqual(topup.state, "failed")

    def test_operator_and_other_seller_may_not(self):
        topup = self.propose()
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_confirm_proposal()
        with self.assertRaises(AccessError):
            self.as_user(topup, "manager", self.other_seller).action_confirm_proposal()
        self.assertEqual((topup.state, topup.proposal), ("in_doubt", "not_delivered"))

    def test_below_the_amount_one_is_enough(self):
        self.seller.pg_second_person_from = 1000
        self.assertEqual(self.propose().state, "failed")
