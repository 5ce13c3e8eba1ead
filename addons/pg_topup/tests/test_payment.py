from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestPayment(TopupCase):
    def test_paid_then_delivered(self):
        topup = self.sell()
        self.assertEqual(topup.state, "paid")
        self.assertEqual(self.kinds(topup), ["paid", "fee"])
        self.assertFalse(self.transfers(topup), "nothing is sent inside the payment's request")
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(topup.transfer_ref, self.transfers(topup)[0]["transfer_ref"])
        self.assertEqual(self.kinds(topup).count("delivered"), 1)

    def test_delivery_teaches_the_operator_of_the_number(self):
        """A number that was ported: the delivery proves it, for this seller's next time only."""
        bmobile = self.env["pg.operator"].search(
            [("supplier_id", "=", self.supplier.id), ("code", "=", "BMPG")]
        )
        number, Operator = "+67570123499", self.env["pg.operator"]
        self.assertNotEqual(Operator._match_number(self.seller, number).operators[:1], bmobile)
        topup = self.sell(number)
        topup.operator_id = bmobile
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(Operator._match_number(self.seller, number).operators[:1], bmobile)
        other = Operator._match_number(self.other_seller, number).operators[:1]
        self.assertNotEqual(other, bmobile)

    def test_one_page_for_two_clicks(self):
        topup = self.place()
        first, second = self.open_payment(topup), self.open_payment(topup)
        self.assertEqual(first, second)
        self.assertEqual(len(topup.payment_tx_ids), 1)

    def test_news_of_the_same_payment_many_times_is_one_effect(self):
        topup = self.place()
        transaction = self.pay(topup)
        for _time in range(5):
            transaction._pg_refresh("test")
            transaction._set_done()
        self.dispatch(beats=3)
        self.assertEqual(len(self.transfers(topup)), 1)
        self.assertEqual(self.kinds(topup).count("paid"), 1)

    def test_declined_card_sends_and_charges_nothing(self):
        topup = self.place()
        transaction = self.open_payment(topup)
        self.sandbox.pay(transaction.pg_checkout_ref, "decline")
        transaction._pg_refresh("test")
        self.dispatch()
        self.assertEqual(topup.state, "pending")
        self.assertFalse(self.kinds(topup))
        self.assertFalse(self.transfers(topup))

    def test_late_payment_of_a_cancelled_order_is_honoured(self):
        topup = self.place()
        transaction = self.open_payment(topup)
        topup.action_cancel()
        self.assertEqual(topup.state, "cancelled")
        self.sandbox.pay(transaction.pg_checkout_ref, "pay")
        transaction._pg_refresh("test")
        self.assertEqual(topup.state, "paid")
        self.dispatch()
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_second_payment_goes_back(self):
        """Two pages were open and both are paid: one delivery, one refund, a balanced ledger."""
        topup = self.place()
        first = self.open_payment(topup)
        other = self._set_up_provider(self.seller)
        topup._start_payment(other)
        second = topup.payment_tx_ids - first
        for transaction in (first, second):
            self.sandbox.pay(transaction.pg_checkout_ref, "pay")
            transaction._pg_refresh("test")
        self.refund(topup)
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(topup.payment_tx_id, first)
        self.assertEqual(len(self.transfers(topup)), 1)
        kinds = self.kinds(topup)
        self.assertEqual((kinds.count("paid"), kinds.count("refunded")), (2, 1))
        self.assertEqual(second.child_transaction_ids.mapped("state"), ["done"])

    def test_only_a_pending_order_can_be_paid(self):
        topup = self.sell()
        with self.assertRaises(UserError):
            topup._start_payment(self.provider)
        self.assertEqual(len(topup.payment_tx_ids), 1)

    def test_provider_of_another_seller_is_refused(self):
        topup = self.place()
        with self.assertRaises(UserError):
            topup._start_payment(self._set_up_provider(self.other_seller))
        self.assertFalse(topup.payment_tx_ids)


@tagged("post_install", "-at_install", "pg")
class TestRefund(TopupCase):
    def test_refused_by_the_supplier_is_refunded_once(self):
        topup = self.sell(REFUSED)
        self.dispatch()
        self.assertEqual(topup.state, "failed")
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.dispatch(beats=3)
        refunds = self.sandbox.refunds(self.stripe["id"])
        mine = [r for r in refunds if r["payment_intent"] == topup.payment_tx_id.pg_payment_ref]
        self.assertEqual([refund["amount"] for refund in mine], [2200])
        self.assertFalse(self.transfers(topup))
        self.assertEqual(self.kinds(topup)[-1], "refunded")

    def test_refused_refund_is_shown_and_can_be_asked_again(self):
        self.sandbox.add_fault(
            self.stripe["id"],
            on="POST /v1/refunds",
            fault="refuse",
            code="charge_disputed",
            context="The charge is disputed",
        )
        self.addCleanup(self.sandbox.clear_faults, self.stripe["id"])
        topup = self.sell(REFUSED)
        self.dispatch()
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("failed", "error"))
        self.assertEqual(len(topup.activity_ids), 1)
        self.assertEqual(topup._find_objection("refund"), "")
        topup._decide("refund", "The dispute is over.")
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))

    def my_refunds(self, topup):
        """Return the cents that the gateway has given back, and does not hold again."""
        return [
            refund["amount"]
            for refund in self.sandbox.refunds(self.stripe["id"])
            if refund["payment_intent"] == topup.payment_tx_id.pg_payment_ref
            and refund["status"] == "succeeded"
        ]

    def balance(self, topup, account):
        postings = self.env["pg.ledger.posting"].search(
            [("entry_id.subject", "=", topup.uuid), ("account", "=like", account)]
        )
        return sum(postings.filtered(lambda p: p.entry_id.kind != "fee").mapped("amount"))

    def test_a_refund_that_fails_after_its_success(self):
        """The gateway takes back its word: state and books follow, and it can be asked again."""
        topup = self.sell(REFUSED)
        self.dispatch()
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertEqual(self.balance(topup, "customer"), 0)
        refund = topup.payment_tx_id.child_transaction_ids
        self.sandbox.finish_refund(self.stripe["id"], refund.provider_reference, "failed")
        for _time in range(2):
            refund._pg_refresh("test")
        self.assertEqual((topup.state, topup.refund_state), ("failed", "error"))
        self.assertFalse(topup.refunded_at)
        self.assertEqual(self.balance(topup, "customer"), -22)
        self.assertEqual(self.balance(topup, "gateway:%"), 22)
        self.assertEqual(self.kinds(topup)[-2:], ["refunded", "adjustment"])
        self.assertEqual(len(topup.activity_ids), 1)
        topup._decide("refund", "The card was replaced.")
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.assertEqual(self.balance(topup, "customer"), 0)
        self.assertEqual(self.my_refunds(topup), [2200])

    def test_a_refund_that_never_was_done_changes_no_books(self):
        topup = self.sell(REFUSED)
        self.dispatch()
        self.sandbox.update(self.stripe["id"], refund_outcome="pending")
        self.addCleanup(self.sandbox.update, self.stripe["id"], refund_outcome="succeeded")
        self.refund(topup)
        refund = topup.payment_tx_id.child_transaction_ids
        self.sandbox.finish_refund(self.stripe["id"], refund.provider_reference, "failed")
        refund._pg_refresh("test")
        self.assertEqual((topup.state, topup.refund_state), ("failed", "error"))
        self.assertEqual(self.kinds(topup), ["paid", "fee"])

    def refund_elsewhere(self, topup, cents=None):
        payment = topup.payment_tx_id
        self.sandbox.refund_in_dashboard(self.stripe["id"], payment.pg_payment_ref, cents)
        payment._pg_sync_refunds("test")

    def test_given_back_at_the_gateway_before_the_send_is_not_sent(self):
        topup = self.sell()
        self.refund_elsewhere(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.dispatch(3)
        self.assertFalse(self.sends(topup))
        self.assertEqual(self.my_refunds(topup), [2200])
        self.assertEqual(self.balance(topup, "customer"), 0)

    def test_a_part_given_back_before_the_send_waits_for_a_person(self):
        topup = self.sell()
        self.refund_elsewhere(topup, 500)
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.dispatch(3)
        self.assertFalse(self.sends(topup))
        topup.action_refuse()
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.assertEqual(sorted(self.my_refunds(topup)), [500, 1700])
        self.assertEqual(self.balance(topup, "customer"), 0)

    def test_given_back_during_the_send_is_an_alert(self):
        topup = self.sell()
        [job] = self.claim(1)
        self.refund_elsewhere(topup)
        self.assertEqual(topup.state, "processing")
        self.assertEqual(topup.event_ids.mapped("kind").count("alert"), 1)
        self.env["pg.topup"]._settle_send(job.attempt_id, job.run())
        self.assertEqual(topup.state, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)
