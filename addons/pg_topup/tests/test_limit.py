from datetime import timedelta
from decimal import Decimal

from odoo.addons.pg_topup.clock import now
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import DELIVERED, TopupCase

OTHER_NUMBER = "+67570123457"
VISA, AMEX = "4242424242424242", "378282246310005"


@tagged("post_install", "-at_install", "pg")
class TestLimit(TopupCase):
    def limit(self, company=None, **values):
        values = {"company_id": (company or self.seller).id, "max_count": 1, **values}
        return self.env["pg.topup.limit"].create(values)

    def assert_refused(self, number=DELIVERED, **values):
        self.env.flush_all()
        count = self.env["pg.topup"].search_count([])
        with self.assertRaisesRegex(UserError, "Nothing was charged"):
            self.place(number, **values)
        self.assertEqual(self.env["pg.topup"].search_count([]), count, "Nothing is placed")

    def test_a_number_gets_so_many_a_day(self):
        self.limit(max_count=2)
        self.limit(self.other_seller)
        self.sell()
        self.sell()
        self.assert_refused()
        self.place(OTHER_NUMBER)
        self.place(company=self.other_seller, offer=self.other_offer)

    def test_a_number_gets_so_much_a_day(self):
        """22.00 each: two fit into 44.00 exactly."""
        self.limit(max_count=0, max_amount=44)
        self.sell()
        self.sell()
        self.assert_refused()
        self.place(OTHER_NUMBER)

    def test_a_customer_buys_so_many_a_day(self):
        self.limit(scope="customer")
        self.sell(email="ana@example.com")
        self.assert_refused(OTHER_NUMBER, email="Ana@example.com")
        self.place(OTHER_NUMBER, email="bob@example.com")

    def test_all_customers_together(self):
        self.limit(scope="company", max_count=2)
        self.sell(email="ana@example.com")
        self.sell(OTHER_NUMBER, email="bob@example.com")
        self.assert_refused("+67570123458", email="cleo@example.com")

    def pay_by(self, topup, card):
        transaction = self.open_payment(topup)
        self.sandbox.pay(transaction.pg_checkout_ref, "pay", card=card)
        transaction._pg_refresh("test")
        return topup

    def test_a_card_pays_so_many_a_day(self):
        """For whatever number and customer: what is more is not sent, its money goes back."""
        self.limit(scope="card")
        orders = [
            self.place(f"+6757012346{index}", email=f"a{index}@example.com") for index in range(3)
        ]
        first = self.pay_by(orders[0], VISA)
        second = self.pay_by(orders[1], VISA)
        other = self.pay_by(orders[2], AMEX)
        self.assertEqual(first.payer_key, second.payer_key)
        self.assertNotEqual(first.payer_key, other.payer_key)
        self.assertNotIn(VISA[-4:], first.payer_key)
        self.assertEqual((first.state, second.state, other.state), ("paid", "failed", "paid"))
        self.dispatch(3)
        self.refund(second)
        self.assertEqual((second.state, second.refund_state), ("refunded", "done"))
        self.assertFalse(self.sends(second))
        self.assertEqual((first.state, other.state), ("completed", "completed"))
        self.assertIn("One card or account pays", second.failure)

    def test_a_card_over_its_limit_is_held(self):
        limit = self.limit(scope="card", reaction="hold", max_count=0, max_amount=22)
        first = self.pay_by(self.place(), VISA)
        second = self.pay_by(self.place(OTHER_NUMBER), VISA)
        self.assertEqual((first.review_state, second.review_state), ("none", "held"))
        self.assertEqual(second.review_reason, limit.sentence)
        self.dispatch(3)
        self.assertFalse(self.sends(second))
        trial = self.as_user(limit, "viewer").action_try()
        trial = self.env["pg.topup.limit.trial"].browse(trial["res_id"])
        self.assertEqual((trial.order_count, trial.topup_ids), (2, second))

    def test_the_card_is_for_managers(self):
        topup = self.sell()
        self.assertEqual(len(self.as_user(topup, "manager").payer_key), 32)
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").read(["payer_key"])
        with self.assertRaises(AccessError):
            self.as_user(topup.payment_tx_id, "operator").read(["pg_payer_key"])

    def test_yesterday_failed_and_abandoned_ones_take_no_place(self):
        self.limit()
        failed, old, abandoned = self.sell(), None, None
        failed._fail("Refused.")
        old = self.sell()
        old.business_date -= timedelta(days=1)
        abandoned = self.place()
        self.assert_refused()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pg_topup SET create_date = %s WHERE id = %s",
            [now() - timedelta(seconds=1801), abandoned.id],
        )
        self.env.invalidate_all()
        taken = self.place()
        # The abandoned one is paid all the same: no place is left, so a person decides.
        self.pay(abandoned)
        self.assertEqual((abandoned.state, abandoned.review_state), ("paid", "held"))
        self.pay(taken)
        self.assertEqual((taken.state, taken.review_state), ("paid", "none"))

    def test_held_is_charged_and_waits(self):
        limit = self.limit(reaction="hold")
        self.sell()
        topup = self.sell()
        self.dispatch(3)
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.assertEqual(topup.review_reason, limit.sentence)
        self.assertFalse(self.sends(topup))
        self.as_user(topup, "manager").action_release()
        self.dispatch()
        self.assertEqual(topup.state, "completed")

    def test_archived_ones_do_not_count(self):
        self.limit().active = False
        self.sell()
        self.place()

    def test_words(self):
        self.assertEqual(
            self.limit(max_count=3, max_amount=200).sentence,
            "One phone number gets at most 3 top-ups and PGK 200.00 in all a day; more is refused.",
        )
        with self.assertRaises(ValidationError):
            self.limit(max_count=0)

    def test_rights(self):
        limit = self.limit()
        for role in ("viewer", "operator"):
            self.assertTrue(self.as_user(limit, role).sentence)
            with self.assertRaises(AccessError):
                self.as_user(limit, role).max_count = 5
        self.as_user(limit, "manager").max_count = 5
        with self.assertRaises(AccessError):
            self.as_user(limit, "manager", self.other_seller).read(["max_count"])

    def test_dry_run_changes_nothing_and_tells_whom(self):
        first, second = self.sell(), self.sell()
        self.sell(OTHER_NUMBER)
        self.place()
        limit = self.limit(active=False)
        action = self.as_user(limit, "viewer").action_try()
        trial = self.env["pg.topup.limit.trial"].browse(action["res_id"])
        self.assertEqual((trial.order_count, trial.hit_count, trial.hit_amount), (3, 1, 22))
        self.assertEqual(trial.topup_ids, second)
        self.assertEqual((first + second).mapped("review_state"), ["none", "none"])
        with self.assertRaises(AccessError):
            self.as_user(limit, "manager", self.other_seller).action_try()

    def test_dry_run_of_an_amount(self):
        """A refused one takes no place: 22 + (44 refused) + 22 within 50."""
        self.sell()
        big = self.sell(send_value=Decimal("10"))
        self.sell()
        limit = self.limit(max_count=0, max_amount=50)
        trial = self.env["pg.topup.limit.trial"].browse(limit.action_try()["res_id"])
        self.assertEqual(trial.topup_ids, big)
