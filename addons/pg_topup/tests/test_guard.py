from odoo.addons.pg_topup.clock import now
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestGuard(TopupCase):
    """What cannot be delivered is not charged."""

    def assert_refused(self, text, **values):
        count = self.env["pg.topup"].search_count([])
        with self.assertRaisesRegex(UserError, text):
            self.place(**values)
        self.assertEqual(self.env["pg.topup"].search_count([]), count, "Nothing is placed")

    def test_operator_that_is_down(self):
        operator = self.offer.pg_operator_id
        operator.status = "down"
        self.assert_refused("does not accept top-ups")
        for status in ("up", False):
            operator.status = status
            self.place()

    def test_known_order_is_found_though_the_operator_is_down_now(self):
        topup = self.place(client_key="once")
        self.offer.pg_operator_id.status = "down"
        self.assertEqual(self.place(client_key="once"), topup)

    def test_number_of_another_operator(self):
        self.offer.pg_operator_id.pattern = "^6757[9]\\d{6}$"
        self.assert_refused("is no number of")
        self.env["pg.operator"]._remember_operator(
            self.seller, "+67570123456", self.offer.pg_operator_id
        )
        self.place()

    def set_balance(self, amount, currency=None, read_at=None):
        self.supplier.write(
            {
                "balance": amount,
                "currency_id": (currency or self.usd).id,
                "balance_at": read_at or now(),
            }
        )
        self.env.flush_all()

    def test_float_covers_it_beside_what_is_in_flight(self):
        """5 each: two fit into 12, a third does not; a delivered one has left the account."""
        self.set_balance(12)
        self.sell()
        self.sell()
        with self.assertLogs("odoo.addons.pg_topup", "WARNING"):
            self.assert_refused("not available at the moment")
        self.dispatch(2)
        with self.assertLogs("odoo.addons.pg_topup", "WARNING"):
            self.assert_refused("not available at the moment")
        self.set_balance(7)
        self.place()

    def test_unpaid_orders_take_nothing_and_failed_ones_give_it_back(self):
        self.set_balance(9)
        self.place()
        topup = self.sell()
        with self.assertLogs("odoo.addons.pg_topup", "WARNING"):
            self.assert_refused("not available at the moment")
        topup._fail("Refused.")
        self.place()

    def test_unknown_balance_refuses_nobody(self):
        self.set_balance(1, read_at="2020-01-01 00:00:00")
        self.place()
        self.set_balance(1, currency=self.pgk)
        self.place()
        self.supplier.balance_at = False
        self.place()
