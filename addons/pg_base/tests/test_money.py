from decimal import ROUND_CEILING, Decimal

from odoo.addons.pg_base.tools import money, redact
from odoo.tests import BaseCase, tagged


@tagged("post_install", "-at_install", "pg")
class TestMoney(BaseCase):
    def test_floats_keep_their_decimal_form(self):
        self.assertEqual(money.D(0.1) + money.D(0.2), Decimal("0.3"))
        self.assertEqual(money.D(1e-05), Decimal("0.00001"))

    def test_minor_units_there_and_back(self):
        for text, decimals, minor in (
            ("10.05", 2, 1005),
            ("0.01", 2, 1),
            ("231", 0, 231),
            ("1.234", 3, 1234),
            ("-7.70", 2, -770),
            (19.99, 2, 1999),
        ):
            self.assertEqual(money.to_minor(text, decimals), minor)
            self.assertEqual(money.from_minor(minor, decimals), money.D(text))

    def test_what_does_not_fit_is_refused(self):
        for amount, decimals in (("1.005", 2), ("0.5", 0), (10.001, 2)):
            with self.assertRaises(ValueError):
                money.to_minor(amount, decimals)

    def test_rounding_is_named(self):
        self.assertEqual(money.quantize("2.005", 2), Decimal("2.01"))
        self.assertEqual(money.quantize("2.001", 2, ROUND_CEILING), Decimal("2.01"))

    def test_masks(self):
        self.assertEqual(redact.mask_number("+67570001234"), "+675••••1234")
        self.assertEqual(redact.mask_number("123"), "••••")
        self.assertEqual(redact.mask_number(None), "")

    def test_numbers_in_a_text_are_masked(self):
        text = "Asked for +67570001234 and 67570001235; order 12345"
        self.assertEqual(
            redact.mask_numbers(text), "Asked for 6757••••1234 and 6757••••1235; order 12345"
        )
        self.assertEqual(redact.mask_numbers(None), "")
        self.assertEqual(redact.mask_email("ann@example.com"), "a••••@example.com")
        self.assertEqual(redact.allow({"a": 1, "key": 2}, ["a", "b"]), {"a": 1})
