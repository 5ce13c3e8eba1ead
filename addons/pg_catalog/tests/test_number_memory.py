from datetime import timedelta

from odoo import fields
from odoo.addons.pg_catalog.const import HINT_DAYS, MAX_LOOKUPS_WAITING
from odoo.addons.pg_catalog.ports import NumberLookup
from odoo.addons.pg_catalog.tools import numbering
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CatalogueCase

NUMBER = "+67575000000"  # taken by the patterns of both operators


@tagged("post_install", "-at_install", "pg")
class TestNumberMemory(CatalogueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Operator = cls.env["pg.operator"].search([("supplier_id", "=", cls.supplier.id)])
        cls.digicel = Operator.filtered(lambda op: op.code == "DCPG")
        cls.bmobile = Operator.filtered(lambda op: op.code == "BMPG")
        cls.digicel.sequence = 1  # the first guess of two equal ones
        cls.Hint, cls.Lookup = cls.env["pg.number.hint"], cls.env["pg.number.lookup"]

    def match(self, number=NUMBER, company=None):
        return self.env["pg.operator"]._match_number(company or self.seller, number)

    def order(self, number=NUMBER, company=None):
        return self.match(number, company).operators.mapped("code")

    def sell_both(self, company=None):
        self.offer("FIX10", company)
        self.offer("BM10", company)

    # === CORRECTIONS === #

    def test_a_correction_is_remembered_for_its_number_and_company(self):
        self.assertEqual(self.order(), ["DCPG", "BMPG"])
        self.assertFalse(self.match().is_certain)
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.bmobile)
        self.assertEqual(self.order(), ["BMPG", "DCPG"], "Both stay on offer.")
        self.assertTrue(self.match().is_certain)
        self.assertEqual(self.order("+67575000001"), ["DCPG", "BMPG"])
        self.assertEqual(self.order(company=self.other_seller), ["DCPG", "BMPG"])

    def test_the_last_word_counts(self):
        remember = self.env["pg.operator"]._remember_operator
        for operator in (self.bmobile, self.bmobile, self.digicel, self.bmobile):
            remember(self.seller, NUMBER, operator)
        hint = self.Hint.search([("company_id", "=", self.seller.id)])
        self.assertEqual((hint.operator_id, hint.count), (self.bmobile, 1))
        remember(self.seller, NUMBER, self.bmobile)
        self.assertEqual((len(hint), hint.count), (1, 2))

    def test_a_wrong_one_is_forgotten(self):
        Operator = self.env["pg.operator"]
        Operator._remember_operator(self.seller, NUMBER, self.bmobile)
        Operator._forget_operator(self.seller, NUMBER, self.digicel)
        self.assertEqual(self.order(), ["BMPG", "DCPG"])
        Operator._forget_operator(self.seller, NUMBER, self.bmobile)
        self.assertEqual(self.order(), ["DCPG", "BMPG"])

    def test_an_operator_that_the_pattern_denies_is_offered_first(self):
        """A ported number: bmobile's pattern does not take it."""
        ported = "+67570000000"
        self.assertEqual(self.order(ported), ["DCPG"])
        self.env["pg.operator"]._remember_operator(self.seller, ported, self.bmobile)
        self.assertEqual(self.order(ported), ["BMPG", "DCPG"])

    def test_three_neighbours_speak_for_a_number(self):
        for last in range(3):
            self.assertEqual(self.order("+67575009999"), ["DCPG", "BMPG"])
            self.env["pg.operator"]._remember_operator(
                self.seller, f"+6757500000{last}", self.bmobile
            )
        self.assertEqual(self.order("+67575009999"), ["BMPG", "DCPG"])
        self.assertFalse(self.match("+67575009999").is_certain)
        self.assertEqual(self.order("+67575109999"), ["DCPG", "BMPG"])

    def test_the_number_is_not_kept(self):
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.bmobile)
        self.env["pg.operator"]._remember_operator(self.other_seller, NUMBER, self.bmobile)
        hints = self.Hint.search([("operator_id", "=", self.bmobile.id)])
        self.assertEqual(len(set(hints.mapped("fingerprint"))), 2, "Not comparable either.")
        self.assertEqual(set(hints.mapped("prefix")), {"6757500"})
        self.assertNotIn(NUMBER[1:], str(hints.read()))

    def test_what_is_old_is_forgotten(self):
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.bmobile)
        hint = self.Hint.search([("company_id", "=", self.seller.id)])
        old = fields.Datetime.now() - timedelta(days=HINT_DAYS, minutes=1)
        hint.last_used_at = old
        self.assertEqual(self.order(), ["DCPG", "BMPG"])
        self.Hint._gc_hints()
        self.assertFalse(hint.exists())

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_who_may_see_what_is_remembered(self):
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.bmobile)
        mine = self.as_user(self.Hint, "admin").search([])
        self.assertEqual(len(mine), 1)
        self.assertFalse(self.as_user(self.Hint, "admin", self.other_seller).search([]))
        with self.assertRaises(AccessError):
            self.as_user(self.Hint, "manager").search([])
        with self.assertRaises(AccessError):
            mine.write({"operator_id": self.digicel.id})

    # === LOOK-UPS === #

    def lookup(self, number=NUMBER):
        fingerprint = self.Lookup._fingerprint(number[1:])
        return self.Lookup.search([("fingerprint", "=", fingerprint)])

    def answer(self, *codes, is_exact=True, number=NUMBER):
        self.match(number)
        self.lookup(number)._store_answer(NumberLookup(number[1:], "PG", codes, is_exact))

    def test_asked_only_when_it_would_help(self):
        self.match()
        self.assertFalse(self.lookup(), "Nothing is sold for it.")
        self.offer("FIX10")
        self.match()
        self.assertFalse(self.lookup(), "Only one of its operators is sold.")
        self.offer("BM10")
        self.match("+67570000000")
        self.assertFalse(self.lookup("+67570000000"), "Only one operator takes it.")
        self.match()
        self.match()
        wanted = self.lookup()
        self.assertEqual(wanted.mapped("state"), ["wanted"])
        self.assertEqual(wanted.sudo().number, NUMBER[1:])

    def test_not_asked_when_the_customer_has_said_it(self):
        self.sell_both()
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.digicel)
        self.match()
        self.assertFalse(self.lookup())

    def test_an_exact_answer_makes_it_certain(self):
        self.sell_both()
        self.answer("BMPG")
        found = self.match()
        self.assertEqual(found.operators.mapped("code"), ["BMPG", "DCPG"])
        self.assertTrue(found.is_certain)
        self.assertFalse(self.lookup().sudo().number, "The number itself is kept no longer.")
        self.assertTrue(self.lookup().is_exact)

    def test_several_or_nearest_answers_do_not(self):
        self.sell_both()
        self.answer("BMPG", "DCPG")
        self.assertFalse(self.match().is_certain)
        self.answer("BMPG", is_exact=False, number="+67575000001")
        found = self.match("+67575000001")
        self.assertEqual(found.operators.mapped("code"), ["BMPG", "DCPG"])
        self.assertFalse(found.is_certain)
        self.assertEqual(self.lookup().state, "known", "It is not asked again.")

    def test_the_customer_overrules_the_supplier(self):
        self.sell_both()
        self.answer("BMPG")
        self.env["pg.operator"]._remember_operator(self.seller, NUMBER, self.digicel)
        self.assertEqual(self.order(), ["DCPG", "BMPG"])

    def test_asked_again_after_its_time(self):
        self.sell_both()
        self.answer("BMPG")
        self.lookup().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.order(), ["DCPG", "BMPG"])
        self.assertEqual(self.lookup().state, "wanted")
        self.lookup().expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.Lookup._gc_lookups()
        self.assertFalse(self.lookup())

    def test_strangers_cannot_fill_the_queue(self):
        self.sell_both()
        now = fields.Datetime.now()
        self.Lookup.create(
            [
                {
                    "supplier_id": self.supplier.id,
                    "fingerprint": f"{number}",
                    "state": "wanted",
                    "expires_at": now + timedelta(hours=1),
                }
                for number in range(MAX_LOOKUPS_WAITING)
            ]
        )
        self.match()
        self.assertFalse(self.lookup())

    def test_pure_fingerprint(self):
        one = numbering.fingerprint("675", "secret", "a")
        self.assertEqual(len(one), 64)
        self.assertNotEqual(one, numbering.fingerprint("675", "secret", "b"))
        self.assertNotEqual(one, numbering.fingerprint("675", "other", "a"))
        self.assertEqual(numbering.prefix_of("67575001234", 4), "6757500")
        self.assertEqual(numbering.prefix_of("67575", 4), "6757")
