from datetime import timedelta
from decimal import Decimal

from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.exceptions import RepeatedOrder
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestRepeat(TopupCase):
    def assert_asked(self, previous, **values):
        count = self.env["pg.topup"].search_count([])
        with self.assertRaises(RepeatedOrder) as caught:
            self.place(confirmed=False, **values)
        self.assertEqual(caught.exception.previous, previous)
        self.assertEqual(self.env["pg.topup"].search_count([]), count, "Nothing is placed")

    def test_the_same_again_is_asked_for_then_placed(self):
        first = self.sell()
        self.assert_asked(first)
        self.dispatch()
        self.assertEqual(first.state, "completed")
        self.assert_asked(first)
        second = self.place(confirmed=True)
        self.assertNotEqual(second, first)

    def test_the_same_key_is_the_same_order_not_a_repetition(self):
        first = self.sell(client_key="once")
        self.assertEqual(self.place(client_key="once", confirmed=False), first)

    def test_what_differs_or_was_not_paid_is_no_repetition(self):
        self.place(confirmed=False)
        first = self.sell(confirmed=False)
        self.place("+67570123457", confirmed=False)
        self.place(send_value=Decimal("6"), confirmed=False)
        self.place(company=self.other_seller, offer=self.other_offer, confirmed=False)
        self.assert_asked(first)

    def test_what_failed_may_be_ordered_anew(self):
        self.sell()._fail("Refused.")
        self.place(confirmed=False)

    def test_only_within_the_sellers_minutes(self):
        first = self.sell()
        self.seller.pg_repeat_minutes = 0
        self.place(confirmed=False)
        self.seller.pg_repeat_minutes = 10
        self.assert_asked(first)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pg_topup SET create_date = %s WHERE id = %s",
            [now() - timedelta(minutes=11), first.id],
        )
        self.env.invalidate_all()
        self.place(confirmed=False)
