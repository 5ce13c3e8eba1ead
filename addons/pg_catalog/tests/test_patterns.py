import time

from odoo.addons.pg_catalog.tools.patterns import UnsafePattern, compile_pattern, matches
from odoo.tests import TransactionCase, tagged

# Patterns that suppliers really use.
REAL = [
    (r"^509([0-9]{8})$", "50912345678"),
    (r"^1(8(?:09|29|49|88|00)[0-9]{7})$", "18091234567"),
    (r"^(55[0-9]{2})?9?[0-9]{8}$", "5511912345678"),
    (r"^2340?([0-9]{10})$", "2348012345678"),
    (r"^675(7[0-9]{7}|8[0-9]{7})$", "67570000000"),
    (r"^685([0-9]{5,7})$", "6857200000"),
]
UNSAFE = [
    r"^([0-9]+)+$",
    r"^(\d*)*$",
    r"^(\d|\d\d)+$",
    r"^(?:(\d+)x?)+$",
    r"^(\d{1,20}){1,20}$",
    r"^(\d+){30}$",
    r"^(\d)\1$",
    r"^(?=\d+$)\d*",
    r"^\d*\d*\d*\d*\d*\d*x$",
    r"^(675",
    r"^[0-9]{1,99999}$",
    "7" * 301,
]


@tagged("post_install", "-at_install", "pg")
class TestPatterns(TransactionCase):
    def test_real_patterns_are_taken(self):
        for pattern, digits in REAL:
            with self.subTest(pattern=pattern):
                self.assertTrue(matches(pattern, digits))
                self.assertFalse(matches(pattern, "44" + digits))

    def test_unsafe_patterns_are_refused(self):
        for pattern in UNSAFE:
            with self.subTest(pattern=pattern), self.assertRaises(UnsafePattern):
                compile_pattern(pattern)

    def test_only_short_digits_are_looked_at(self):
        self.assertFalse(matches("^[0-9]*$", "1" * 21))
        self.assertFalse(matches("^[0-9+]*$", "+675"))
        self.assertFalse(matches("", "675"))
        self.assertFalse(matches(r"^(\d+)+$", "675"))

    def test_worst_taken_pattern_is_fast(self):
        started = time.monotonic()
        self.assertFalse(matches(r"^[0-9]*[0-9]*[0-9]*[0-9]*x$", "1" * 20))
        self.assertLess(time.monotonic() - started, 1)
