from decimal import Decimal as D

from odoo.addons.pg_catalog.const import ROUNDINGS
from odoo.addons.pg_catalog.tools.rounding import MODES, round_price
from odoo.tests import TransactionCase, tagged

# amount: what each mode makes of it in a currency of two decimals.
TABLE = {
    "0": "0.00 0.00 0.00 0.00 0.00 0 0 0 0.95 0.99",
    "0.01": "0.01 0.05 0.10 0.25 0.50 1 5 10 0.95 0.99",
    "0.05": "0.05 0.05 0.10 0.25 0.50 1 5 10 0.95 0.99",
    "0.950": "0.95 0.95 1.00 1.00 1.00 1 5 10 0.95 0.99",
    "0.951": "0.96 1.00 1.00 1.00 1.00 1 5 10 1.95 0.99",
    "0.99": "0.99 1.00 1.00 1.00 1.00 1 5 10 1.95 0.99",
    "0.991": "1.00 1.00 1.00 1.00 1.00 1 5 10 1.95 1.99",
    "1": "1.00 1.00 1.00 1.00 1.00 1 5 10 1.95 1.99",
    "4.4444": "4.45 4.45 4.50 4.50 4.50 5 5 10 4.95 4.99",
    "5": "5.00 5.00 5.00 5.00 5.00 5 5 10 5.95 5.99",
    "9.9901": "10.00 10.00 10.00 10.00 10.00 10 10 10 10.95 10.99",
    "10.0001": "10.01 10.05 10.10 10.25 10.50 11 15 20 10.95 10.99",
    "12.25": "12.25 12.25 12.30 12.25 12.50 13 15 20 12.95 12.99",
    "1234567.891": (
        "1234567.90 1234567.90 1234567.90 1234568 1234568 1234568 1234570 1234570"
        " 1234567.95 1234567.99"
    ),
}
# In a currency without decimals what is finer than a unit is a whole unit.
WHOLE_TABLE = {
    "0": "0 0 0 0 0 0 0 0 0 0",
    "0.2": "1 1 1 1 1 1 5 10 1 1",
    "117": "117 117 117 117 117 117 120 120 117 117",
    "117.01": "118 118 118 118 118 118 120 120 118 118",
}


@tagged("post_install", "-at_install", "pg")
class TestRounding(TransactionCase):
    def test_every_mode_is_offered(self):
        self.assertEqual([key for key, _label in ROUNDINGS], list(MODES))

    def test_table(self):
        for decimals, table in ((2, TABLE), (0, WHOLE_TABLE)):
            for amount, row in table.items():
                for mode, expected in zip(MODES, row.split(), strict=True):
                    with self.subTest(amount=amount, mode=mode, decimals=decimals):
                        found = round_price(D(amount), mode, decimals)
                        self.assertEqual(found, D(expected))
                        self.assertEqual(-found.as_tuple().exponent, decimals)

    def test_three_decimals(self):
        self.assertEqual(str(round_price(D("1.0001"), "minor", 3)), "1.001")
        self.assertEqual(str(round_price(D("1.0001"), "x.99", 3)), "1.990")

    def test_never_lower_and_never_a_step_too_high(self):
        for mode, grid in MODES.items():
            step = grid[0] if grid else D("0.01")
            for thousandths in range(0, 25000, 37):
                amount = D(thousandths) / 1000
                price = round_price(amount, mode, 2)
                self.assertGreaterEqual(price, amount)
                self.assertLess(price - amount, step + D("0.99"))
                self.assertEqual(round_price(price, mode, 2), price, "It stays where it is.")

    def test_unknown_mode(self):
        with self.assertRaises(KeyError):
            round_price(D(1), "down", 2)
