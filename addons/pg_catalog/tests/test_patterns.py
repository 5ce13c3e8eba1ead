import random
import re
import time

from odoo.addons.pg_catalog.tools.automaton import Automaton
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
    (r"^88016[0-9]{8}$", "8801612345678"),
    (r"(^504([0-9]{8})$)", "50412345678"),
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
    "^" + "(|.)" * 60 + "x$",
    "^" + r"(\d|\d)" * 40 + "$",
    r"^\b675\d*$",
    r"^(675",
    r"^[0-9]{1,99999}$",
    r"^((\d{60}){60}){60}$",
    "7" * 1001,
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
        self.assertFalse(matches("^[0-9]*$", "٦٧٥"))
        self.assertFalse(matches("", "675"))
        self.assertFalse(matches(r"^(\d+)+$", "675"))

    def test_what_would_hang_a_matcher_takes_milliseconds(self):
        """Even the patterns that are refused by their shape: the automaton follows all at once."""
        evil = [r"^([0-9]+)+x$", r"^(\d|\d\d)+x$", r"^(\d*)*x$", "^" + "(|.)" * 60 + "x$"]
        started = time.monotonic()
        for pattern in evil:
            self.assertFalse(Automaton(re._parser.parse(pattern)).fullmatch("1" * 20))
        self.assertLess(time.monotonic() - started, 0.5)

    def test_agrees_with_the_library(self):
        """Random small patterns: the same answer as ``re`` for random numbers."""
        chance = random.Random(7)
        compared = 0
        for _round in range(600):
            pattern = "".join(self._piece(chance) for _n in range(chance.randint(1, 5)))
            tree = re._parser.parse(pattern)
            for _number in range(5):
                digits = "".join(chance.choice("0123") for _n in range(chance.randint(1, 6)))
                with self.subTest(pattern=pattern, digits=digits):
                    expected = bool(re.fullmatch(pattern, digits))
                    self.assertEqual(Automaton(tree).fullmatch(digits), expected)
                    compared += 1
        self.assertEqual(compared, 3000)

    def _piece(self, chance):
        atom = chance.choice(
            ["0", "1", "[0-2]", "[^1]", r"\d", ".", "(?:1|22)", "(0|)", "(12)", "^", "$", "(2?3)"]
        )
        if atom in "^$":
            return atom
        return atom + chance.choice(["", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "*?"])
