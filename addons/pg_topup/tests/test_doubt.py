import json
from datetime import timedelta

from odoo.addons.pg_topup import const
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestDoubt(TopupCase):
    def doubtful(self, fault, **values):
        self.add_fault(fault, times=1, **values)
        topup = self.sell()
        self.dispatch()
        self.assertEqual(topup.state, "in_doubt", fault)
        return topup

    def test_lost_answer_is_looked_up_and_not_sent_again(self):
        for fault in ("lose_answer", "http_500_after", "garbled"):
            with self.subTest(fault):
                topup = self.doubtful(fault)
                self.assertEqual(len(self.transfers(topup)), 1, "it was executed")
                self.run_until(topup, "completed")
                self.assertEqual(len(self.transfers(topup)), 1)
                self.assertEqual(len(topup.attempt_ids), 1)
                self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_absence_needs_the_window_and_several_looks(self):
        topup = self.doubtful("http_500_html")
        for _look in range(const.ABSENT_PROBES + 2):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual(topup.state, "in_doubt", "the window is not over")
        self.assertEqual(len(topup.attempt_ids), 1)
        self.assertFalse(self.transfers(topup))

    def age(self, topup):
        """Let the window be over."""
        topup.attempt_ids[-1:].started_at = now() - timedelta(
            seconds=self.supplier.absence_window + 1
        )

    def test_proven_absent_is_sent_once_more(self):
        topup = self.doubtful("http_500_html")
        self.age(topup)
        self.run_until(topup, "completed")
        self.assertEqual(topup.attempt_ids.mapped("state"), ["absent", "delivered"])
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(topup.absent_count, const.ABSENT_PROBES)

    def test_absent_twice_asks_a_person(self):
        topup = self.doubtful("http_500_html")
        self.age(topup)
        self.add_fault("http_500_html", times=1)
        for _look in range(const.ABSENT_PROBES):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual(topup.attempt_ids.mapped("state"), ["absent", "unknown"])
        self.age(topup)
        for _look in range(const.ABSENT_PROBES + 1):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual(topup.state, "in_doubt")
        self.assertTrue(topup.needs_person)
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertEqual(len(topup.attempt_ids), 2)
        self.assertFalse(self.transfers(topup))

    def test_no_resend_when_the_supplier_says_so(self):
        self.supplier.resend_absent = False
        topup = self.doubtful("http_500_html")
        self.age(topup)
        for _look in range(const.ABSENT_PROBES + 1):
            self.make_due(topup)
            self.dispatch()
        self.assertTrue(topup.needs_person)
        self.assertEqual(len(topup.attempt_ids), 1)

    def test_look_up_that_fails_proves_nothing(self):
        topup = self.doubtful("http_500_html")
        self.age(topup)
        self.add_fault("http_500", on="ListTransferRecords", times=20)
        for _look in range(const.ABSENT_PROBES + 1):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual((topup.state, topup.absent_count), ("in_doubt", 0))
        self.assertEqual(len(topup.attempt_ids), 1)

    def test_the_window_is_longer_than_a_call(self):
        before = self.supplier.absence_window
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.supplier.absence_window = const.ABSENCE_LEAST - 1
        self.assertEqual(self.supplier.absence_window, before)
        self.supplier.absence_window = const.ABSENCE_LEAST

    def test_open_for_days_is_shown_to_a_person(self):
        """Look-ups that never answer, or a transfer that is never over: well within the two months
        of the supplier's records."""
        topup = self.doubtful("http_500_html")
        self.add_fault("http_500", on="ListTransferRecords", times=50)
        topup.attempt_ids.started_at = now() - timedelta(seconds=const.OPEN_LONGEST - 60)
        self.make_due(topup)
        self.dispatch()
        self.assertFalse(topup.needs_person)
        topup.attempt_ids.started_at = now() - timedelta(seconds=const.OPEN_LONGEST + 60)
        for _look in range(2):
            self.make_due(topup)
            self.dispatch()
        self.assertEqual((topup.state, topup.needs_person), ("in_doubt", True))
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertTrue(topup.next_probe_at, "it is looked up further")
        self.assertEqual(len(topup.attempt_ids), 1)

    def test_delivered_twice_at_the_supplier_is_an_alert(self):
        topup = self.doubtful("lose_answer")
        [port] = [self.supplier._get_port()]
        port.transfer(topup._prepare_request())
        self.assertEqual(len(self.transfers(topup)), 2, "the supplier pays a repeated reference")
        self.run_until(topup, "completed")
        self.assertEqual(
            topup.event_ids.filtered(lambda e: e.kind == "alert").mapped("kind"), ["alert"]
        )
        for transfer in self.transfers(topup):
            self.assertIn(transfer["transfer_ref"], str(topup.event_ids.mapped("text")))


@tagged("post_install", "-at_install", "pg")
class TestResolve(TopupCase):
    def doubtful(self):
        self.add_fault("http_500_html", times=1)
        topup = self.sell()
        self.dispatch()
        return topup

    def wizard(self, topup, role="manager", **values):
        Wizard = self.as_user(self.env["pg.topup.resolve"], role)
        values = {"decision": "not_delivered", "reason": "Supplier denied it by phone.", **values}
        return Wizard.create({"topup_id": topup.id, **values})

    def test_not_delivered_gives_the_money_back(self):
        topup = self.doubtful()
        self.wizard(topup).action_apply()
        self.assertEqual(topup.state, "failed")
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        note = topup.event_ids.filtered(lambda e: e.kind == "note")
        self.assertIn("denied it by phone", note.text)
        self.assertEqual(note.user_id, self.users[self.seller, "manager"])

    def payload(self, topup, kind):
        entries = self.env["pg.ledger.entry"].search(
            [("subject", "=", topup.uuid), ("kind", "=", kind)]
        )
        return json.loads(entries.payload)

    def test_the_ledger_says_who_decided_and_why(self):
        reason, name = "Ding denied +67570123456.", self.users[self.seller, "manager"].name
        for decision, kind in (("not_delivered", "refunded"), ("delivered", "delivered")):
            topup = self.doubtful()
            self.wizard(
                topup, decision=decision, reason=reason, transfer_ref="863784492"
            ).action_apply()
            self.refund(topup)
            payload = self.payload(topup, kind)
            self.assertEqual(payload["decided_by"], name, kind)
            self.assertEqual(payload["decided_because"], "Ding denied 6757••••3456.")
        ordinary = self.sell()
        self.dispatch()
        self.assertNotIn("decided_by", self.payload(ordinary, "delivered"))

    def test_delivered_needs_the_transfer_id(self):
        topup = self.doubtful()
        with self.assertRaises(ValidationError):
            self.wizard(topup, decision="delivered").action_apply()
        self.assertEqual(topup.state, "in_doubt")
        self.wizard(topup, decision="delivered", transfer_ref="863784492").action_apply()
        self.assertEqual((topup.state, topup.transfer_ref), ("completed", "863784492"))

    def test_reason_is_a_sentence(self):
        topup = self.doubtful()
        with self.assertRaises(ValidationError):
            self.wizard(topup, reason=" x ").action_apply()
        self.assertEqual(topup.state, "in_doubt")

    def test_operator_and_other_seller_may_not(self):
        topup = self.doubtful()
        with self.assertRaises(AccessError):
            self.wizard(topup, role="operator")
        Wizard = self.as_user(self.env["pg.topup.resolve"], "manager", self.other_seller)
        wizard = Wizard.create(
            {"topup_id": topup.id, "decision": "not_delivered", "reason": "Not mine at all."}
        )
        with self.assertRaises(AccessError):
            wizard.action_apply()
        self.assertEqual(topup.state, "in_doubt")

    def test_only_a_doubt_is_decided(self):
        topup = self.doubtful()
        wizard = self.wizard(topup)
        wizard.action_apply()
        with self.assertRaises(UserError):
            wizard.action_apply()
        self.assertEqual(
            self.env["payment.transaction"].search_count(
                [("source_transaction_id", "=", topup.payment_tx_id.id)]
            ),
            0,
        )
        self.assertEqual(topup.state, "failed")
