from decimal import Decimal

from odoo.addons.pg_api.exceptions import ApiError
from odoo.addons.pg_api.tools import parse
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install", "pg")
class TestParse(TransactionCase):
    def refused(self, status, function, *args):
        with self.assertRaises(ApiError) as caught:
            function(*args)
        self.assertEqual(caught.exception.status, status, args)

    def test_json(self):
        self.assertEqual(parse.json_object(b'{"a": 1.10}'), {"a": Decimal("1.10")})
        bad = (
            b"", b"{", b"[]", b'"a"', b"1", b"null", b'{"a": NaN}', b'{"a": Infinity}',
            b'{"a": 1, "a": 2}', b'{"a": "\xff"}', b"[" * 60000, b'{"a":' * 10000,
            b"\xef\xbb\xbf{}", b'{"a": 1e9999999999999999999}',
        )  # fmt: skip
        for body in bad:
            self.refused(400, parse.json_object, body)

    def test_amount(self):
        for value in ("5", "5.00", 5, Decimal("5.0"), "0.01", "999999999999"):
            self.assertEqual(parse.amount("a", value), Decimal(str(value)))
        bad = ("", "0", 0, "-1", -1, True, None, [], "1e3", Decimal("1E+3"), "NaN", "5,00", " 5",
               "1_000", "٥", "1234567890123", "0.0000001", 1.5)  # fmt: skip
        for value in bad:
            self.refused(422, parse.amount, "a", value)

    def test_record_id(self):
        self.assertEqual([parse.record_id("a", value) for value in (1, "7", 2**31 - 1)][1], 7)
        for value in (0, -1, True, False, None, "", "x", "-1", 2**31, 1.5, Decimal(1), "٧", [1]):
            self.refused(422, parse.record_id, "a", value)

    def test_text(self):
        self.assertEqual(parse.text("a", "Ünï", 3), "Ünï")
        for value in ("", "abcd", "a\0", "a\nb", "\ud800", None, 1, ["a"]):
            self.refused(422, parse.text, "a", value, 3)

    def test_order(self):
        order = parse.topup_order({"offer_id": 1, "number": "+675"})
        self.assertEqual(order, parse.TopupOrder(1, "+675"))
        for values in ({}, {"offer_id": 1}, {"number": "1"}, {"offer_id": "x", "number": "1"}):
            self.refused(422, parse.topup_order, values)
        self.refused(422, parse.topup_order, {"offer_id": 1, "number": "1", "state": "paid"})

    def test_key(self):
        self.assertEqual(parse.idempotency_key("a-b_c:1"), "a-b_c:1")
        for value in (None, "", "a b", "ü", "a" * 61, "a\n"):
            self.refused(400, parse.idempotency_key, value)
