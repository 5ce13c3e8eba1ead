from datetime import date
from decimal import Decimal as D

from odoo.addons.pg_catalog.tools.cost_watch import alert_of, raised_price
from odoo.addons.pg_catalog.tools.price_rules import (
    Rule,
    Sale,
    choose,
    in_order,
    make_price,
    mismatch,
    price_of,
)
from odoo.addons.pg_catalog.tools.pricelist import Item, apply_item
from odoo.tests import TransactionCase, tagged

DAY = date(2026, 7, 1)
SALE = Sale(cost=D("10"), day=DAY, country_id=1, operator_id=11, kind="topup")


@tagged("post_install", "-at_install", "pg")
class TestPriceRules(TransactionCase):
    def test_what_a_rule_is_for(self):
        """Every condition alone, on both sides of its border; and a rule without any."""
        yes, no = "", None
        for reason, values in (
            (yes, {}),
            (yes, {"country_ids": frozenset({1, 2})}),
            ("country", {"country_ids": frozenset({2})}),
            (yes, {"operator_ids": frozenset({11})}),
            ("operator", {"operator_ids": frozenset({12})}),
            (yes, {"kind": "topup"}),
            ("kind", {"kind": "data"}),
            (yes, {"amount_from": D("10")}),
            ("amount", {"amount_from": D("10.01")}),
            (yes, {"amount_to": D("10.01")}),
            ("amount", {"amount_to": D("10")}),
            (yes, {"amount_from": D("5"), "amount_to": D("15")}),
            (yes, {"date_from": DAY, "date_to": DAY}),
            ("date", {"date_from": date(2026, 7, 2)}),
            ("date", {"date_to": date(2026, 6, 30)}),
            (yes, {"date_from": no, "date_to": no}),
            ("date", {"date_to": date(2026, 6, 30), "kind": "data"}),
        ):
            with self.subTest(**values):
                self.assertEqual(mismatch(Rule(1, **values), SALE), reason)

    def test_adjacent_amounts_leave_no_gap_and_no_overlap(self):
        rules = [
            Rule(1, amount_to=D("10")),
            Rule(2, amount_from=D("10"), amount_to=D("20")),
            Rule(3, amount_from=D("20")),
        ]
        for cents in range(1, 3000, 7):
            sale = Sale(cost=D(cents) / 100, day=DAY)
            fitting = [rule.id for rule in rules if not mismatch(rule, sale)]
            self.assertEqual(fitting, [1 if cents < 1000 else 2 if cents < 2000 else 3])

    def test_which_rule_is_first(self):
        operator, country = frozenset({11}), frozenset({1})
        for winner, rules in (
            (1, [Rule(2, priority=20), Rule(1, priority=10)]),
            (2, [Rule(1, priority=20, operator_ids=operator), Rule(2, priority=10)]),
            (2, [Rule(1, country_ids=country), Rule(2, operator_ids=operator)]),
            (1, [Rule(1, country_ids=country), Rule(2, kind="topup")]),
            (2, [Rule(1, kind="topup"), Rule(2, country_ids=country, kind="topup")]),
            (2, [Rule(1), Rule(2, amount_to=D(99))]),
            (1, [Rule(2), Rule(1)]),
            (2, [Rule(1, priority=1, kind="data"), Rule(2, priority=99)]),
            (None, [Rule(1, kind="data")]),
            (None, []),
        ):
            with self.subTest(rules=rules):
                found = choose(in_order(rules), SALE)
                self.assertEqual(found and found.id, winner)

    def test_price_table(self):
        """cost, percent, fixed, rounding, decimals → price, exact to the minor unit."""
        for cost, percent, fixed, rounding, decimals, sell in (
            ("10", "0", "0", "minor", 2, "10.00"),
            ("10", "12.5", "0", "minor", 2, "11.25"),
            ("10", "12.5", "0.50", "minor", 2, "11.75"),
            ("10.001", "0", "0", "minor", 2, "10.01"),
            ("3.3333", "10", "0", "minor", 2, "3.67"),
            ("3.3333", "10", "0.20", "0.05", 2, "3.90"),
            ("11.79017", "15", "0.25", "x.99", 2, "13.99"),
            ("12.60", "10", "0.13", "x.99", 2, "13.99"),
            ("12.61", "10", "0.11", "x.99", 2, "13.99"),
            ("12.61", "10", "0.13", "x.99", 2, "14.99"),
            ("100.2", "10", "5", "minor", 0, "116"),
            ("100.2", "10", "5", "10", 0, "120"),
            ("0.0001", "33.3333", "0", "minor", 2, "0.01"),
            ("0.1", "200", "0", "minor", 2, "0.30"),
        ):
            with self.subTest(cost=cost, percent=percent, fixed=fixed, rounding=rounding):
                rule = Rule(1, percent=D(percent), fixed=D(fixed), rounding=rounding)
                sale = Sale(cost=D(cost), day=DAY)
                price = make_price(sale, rule, D(99), decimals)
                self.assertEqual(price.sell, D(sell))
                self.assertGreaterEqual(price.sell, price.cost)
                self.assertEqual(price.unrounded, price.cost + price.percent_part + price.fixed)

    def test_without_a_rule_the_usual_margin(self):
        price = price_of([Rule(1, kind="data", percent=D(50))], SALE, D("7.5"), 2)
        self.assertEqual((price.sell, price.rule), (D("10.75"), None))

    # === PRICE LISTS === #

    def test_pricelist_table(self):
        for expected, values in (
            ("9.99", {"compute": "fixed", "fixed_price": D("9.99")}),
            ("18", {"discount": D(10)}),
            ("22", {"discount": D(-10)}),
            ("18.5", {"compute": "formula", "discount": D(10), "surcharge": D("0.50")}),
            ("20", {"compute": "formula", "discount": D(5), "step": D(5)}),
            ("19.99", {"compute": "formula", "step": D(10), "surcharge": D("-0.01")}),
            ("21", {"compute": "formula", "discount": D(50), "min_margin": D(1)}),
            ("25", {"compute": "formula", "discount": D(-50), "max_margin": D(5)}),
            ("12.5", {"compute": "formula", "discount": D(35), "step": D("2.5")}),
        ):
            with self.subTest(**values):
                self.assertEqual(apply_item(Item(**values), D(20)), D(expected))

    # === COSTS === #

    def test_alert_table(self):
        for cost, sell, floor, alert in (
            ("10", "10", "0", ""),
            ("10", "9.99", "0", "under_cost"),
            ("10", "9.99", "5", "under_cost"),
            ("10", "10.49", "5", "low_margin"),
            ("10", "10.50", "5", ""),
            ("10", "99", "5", ""),
            ("0", "1", "0", ""),
        ):
            with self.subTest(cost=cost, sell=sell, floor=floor):
                self.assertEqual(alert_of(D(cost), D(sell), D(floor)), alert)

    def test_raised_price_table(self):
        for before, cost, sell, floor, raised in (
            ("10", "12", "11", "0", "13.20"),
            ("10", "12", "11", "20", "14.40"),
            (None, "12", "11", "5", "12.60"),
            (None, "12", "11", "0", "12.00"),
            ("12", "13", "11", "0", "13.00"),
            ("10", "10", "11", "0", "11.00"),
            ("10", "9", "11", "5", "11"),
        ):
            with self.subTest(before=before, cost=cost, floor=floor):
                found = raised_price(before and D(before), D(cost), D(sell), D(floor), 2)
                self.assertEqual(found, D(raised))
