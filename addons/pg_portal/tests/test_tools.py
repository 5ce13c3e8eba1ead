from decimal import Decimal

from odoo.tests import TransactionCase, tagged

from ..tools import colour, params, sealed


@tagged("post_install", "-at_install", "pg")
class TestTools(TransactionCase):
    def test_text_stays_readable_on_any_brand_colour(self):
        for brand in ("#0b6e4f", "#ffffff", "#000000", "#f5b301", "#ff0000", "#7f7f7f", "#00ffff"):
            with self.subTest(brand=brand):
                made = colour.palette(brand)
                self.assertEqual(made["brand"], brand)
                self.assertGreaterEqual(colour.contrast(made["brand-ink"], brand), colour.AA)
                self.assertGreaterEqual(colour.contrast(made["brand-strong"], "#ffffff"), colour.AA)
                self.assertGreaterEqual(
                    colour.contrast(made["brand-strong"], made["brand-soft"]), colour.AA
                )

    def test_odd_colour_gives_the_default(self):
        for odd in (None, "", "red", "#fff", "#12345g", "url(x)"):
            self.assertEqual(colour.palette(odd)["brand"], colour.DEFAULT)

    def test_amounts_as_people_type_them(self):
        for typed, value in (
            ("25", "25"),
            (" 25.50 ", "25.50"),
            ("25,5", "25.5"),
            ("1,250", "1250"),
            ("1 250.75", "1250.75"),
        ):
            self.assertEqual(params.amount(typed), Decimal(value))
        for typed in ("", "-1", "1e5", "NaN", "Infinity", "1.2.3", "abc", "9" * 20, "٣", None):
            self.assertIsNone(params.amount(typed), typed)

    def test_ids(self):
        self.assertEqual(params.record_id("42"), 42)
        for odd in ("", "0", "-1", "1.5", "9" * 10, "²", "٣", None, 5):
            self.assertIsNone(params.record_id(odd), odd)

    def test_text_is_cut_and_cleaned(self):
        self.assertEqual(params.text(" a\x00b\n ", 10), "ab")
        self.assertEqual(len(params.text("x" * 500, 10)), 11)
        self.assertEqual(params.text(None), "")

    def test_sealed_number(self):
        env, one = self.env(su=True), self.env.company
        other = self.env["res.company"].create({"name": "Other"})
        token = sealed.seal(env, one, "+67570123456")
        self.assertNotIn("70123456", token)
        self.assertEqual(sealed.unseal(env, one, token), "+67570123456")
        self.assertIsNone(sealed.unseal(env, other, token))
        self.assertIsNone(sealed.unseal(env, one, token[:-3]))
        self.assertNotEqual(sealed.seal(env, one, "+67570123456"), token)
