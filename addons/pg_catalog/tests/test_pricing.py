from decimal import Decimal as D

from odoo.addons.pg_catalog.tools import pricing
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install", "pg")
class TestPricing(TransactionCase):
    def test_cost_of(self):
        for send, fee, rate, cost in (
            ("2.50", "0", "4", "10.00"),
            ("10", "2", "1", "12"),
            ("2.86", "0.15", "3.917", "11.79017"),
        ):
            with self.subTest(send=send):
                self.assertEqual(pricing.cost_of(D(send), D(fee), D(rate)), D(cost))

    def test_sell_from_margin_rounds_up(self):
        for cost, margin, decimals, sell in (
            ("10", "10", 2, "11.00"),
            ("10.001", "0", 2, "10.01"),
            ("11.44", "10", 2, "12.59"),
            ("0.1", "200", 2, "0.30"),
            ("100.2", "0", 0, "101"),
            ("1.0001", "0", 3, "1.001"),
        ):
            with self.subTest(cost=cost, margin=margin, decimals=decimals):
                self.assertEqual(pricing.sell_from_margin(D(cost), D(margin), decimals), D(sell))

    def test_margin_from_sell(self):
        for cost, sell, margin in (
            ("10", "11", "10"),
            ("3", "4", "33.3333"),
            ("10", "10", "0"),
            ("10", "9", "-10"),
            ("0", "9", "0"),
        ):
            with self.subTest(cost=cost, sell=sell):
                self.assertEqual(pricing.margin_from_sell(D(cost), D(sell)), D(margin))

    def test_margin_and_price_agree(self):
        """A price that a margin made is never under the price of the margin it shows."""
        for cents in range(1, 2000, 7):
            cost = D(cents) / 100
            for margin in ("0", "7.5", "12.3456", "100"):
                sell = pricing.sell_from_margin(cost, D(margin), 2)
                self.assertGreaterEqual(sell, cost)
                self.assertGreaterEqual(pricing.margin_from_sell(cost, sell), D(margin))

    def test_included_tax(self):
        for sell, percent, decimals, tax in (
            ("11", "10", 2, "1.00"),
            ("10", "10", 2, "0.91"),
            ("10", "0", 2, "0.00"),
            ("1150", "15", 0, "150"),
        ):
            with self.subTest(sell=sell, percent=percent):
                self.assertEqual(pricing.included_tax(D(sell), D(percent), decimals), D(tax))

    def test_range_is_linear_and_never_promises_more(self):
        bounds = [D(v) for v in ("1.00", "75.00", "3.50", "262.50")]
        for send, receive in (("1", "3.50"), ("75", "262.50"), ("10", "35.00"), ("38", "133.00")):
            with self.subTest(send=send):
                self.assertEqual(pricing.receive_for_send(D(send), *bounds), D(receive))
        for receive, send in (("3.50", "1.00"), ("50", "14.29"), ("262.50", "75.00")):
            with self.subTest(receive=receive):
                self.assertEqual(pricing.send_for_receive(D(receive), *bounds), D(send))
        for cents in range(350, 26251, 97):
            wanted = D(cents) / 100
            sent = pricing.send_for_receive(wanted, *bounds)
            self.assertGreaterEqual(pricing.receive_for_send(sent, *bounds), wanted)

    def test_one_point_range(self):
        self.assertEqual(pricing.interpolate(D(5), D(5), D(5), D(9), D(9)), D(9))
