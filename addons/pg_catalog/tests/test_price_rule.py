from datetime import date

from odoo.addons.pg_catalog.models import res_company
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestPriceRule(CatalogueCase):
    @classmethod
    def rule(cls, **values):
        """Return a new rule of the seller."""
        return cls.env["pg.price.rule"].create(
            {"name": "Rule", "company_id": cls.seller.id, **values}
        )

    # === FOLLOWING === #

    def test_an_offer_without_a_price_follows_the_rules(self):
        rule = self.rule(percent=20, fixed=0.5, rounding="x.99")
        offer = self.offer("FIX10")
        self.assertEqual((offer.pg_price_mode, offer.list_price), ("rules", 12.99))
        self.assertEqual(offer.pg_price_rule_id, rule)
        self.assertEqual(rule.offer_count, 1)
        self.assertEqual(rule.formula, "cost + 20 % + PGK 0.50, up to the next .99")
        self.assertEqual(str(offer._pg_quote().sell_price), "12.99")

    def test_rules_reprice_the_offers_that_follow_and_no_other(self):
        follows = self.offer("FIX10")
        own = self.offer("FIX20", list_price=23)
        theirs = self.offer("FIX10", self.other_seller)
        rule = self.rule(percent=30)
        prices = (follows + own + theirs).mapped("list_price")
        self.assertEqual(prices, [13.0, 23.0, 11.0])
        rule.percent = 40
        self.assertEqual(follows.list_price, 14.0)
        rule.active = False
        self.assertEqual((follows.list_price, follows.pg_price_rule_id.id), (11.0, False))
        rule.active = True
        self.assertEqual(follows.list_price, 14.0)
        rule.unlink()
        self.assertEqual(follows.list_price, 11.0)
        self.seller.pg_usual_margin = 15
        self.assertEqual((follows.list_price, own.list_price), (11.5, 23.0))

    def test_the_offers_price_is_written_only_when_it_changes(self):
        offer = self.offer("FIX10")
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid::text FROM product_template WHERE id = %s", [offer.id])
        before = self.env.cr.fetchall()
        self.rule(percent=50, kind="data")
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid::text FROM product_template WHERE id = %s", [offer.id])
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_naming_a_price_or_a_margin_makes_it_own(self):
        self.rule(percent=30)
        offer = self.offer("FIX10")
        for values, price in (
            ({"list_price": 15}, 15.0),
            ({"pg_margin_percent": 25}, 12.5),
            ({"list_price": 15, "pg_margin_percent": 50.0001}, 15.0),
        ):
            with self.subTest(**values):
                offer.write({"pg_price_mode": "rules"})
                self.assertEqual((offer.pg_price_mode, offer.list_price), ("rules", 13.0))
                offer.write(values)
                self.assertEqual((offer.pg_price_mode, offer.list_price), ("own", price))
                self.assertFalse(offer.pg_price_rule_id)
        offer.write({"pg_price_mode": "rules", "list_price": 99})
        self.assertEqual(offer.list_price, 13.0, "Rules make the price, not the one beside them.")

    def test_form_shows_whose_price_it_is(self):
        self.rule(percent=30)
        offer = self.offer("FIX10", list_price=15)
        with Form(offer, "pg_catalog.pg_offer_view_form") as form:
            form.pg_price_mode = "rules"
            self.assertEqual(form.list_price, 13.0)
            form.list_price = 14
            self.assertEqual(form.pg_price_mode, "own")
            form.pg_price_mode = "rules"
            self.assertEqual(form.list_price, 13.0)
        self.assertEqual((offer.pg_price_mode, offer.list_price), ("rules", 13.0))

    def test_a_margin_that_only_follows_a_typed_price_leaves_it(self):
        """3.00 at 5.00 shows 66.6667 %; taken for typed it would make 5.01."""
        self.env.cr.execute("UPDATE pg_sku SET send_min = 0.75 WHERE code = 'FIX10'")
        self.env.invalidate_all()
        offer = self.offer("FIX10", list_price=4)
        with Form(offer, "pg_catalog.pg_offer_view_form") as form:
            form.list_price = 5
            self.assertEqual((form.list_price, form.pg_margin_percent), (5.0, 66.6667))
        self.assertEqual(offer.list_price, 5.0)

    def test_range_is_priced_amount_by_amount(self):
        self.rule(name="Small", percent=50, amount_to=20)
        big = self.rule(name="Big", percent=10, amount_from=20)
        offer = self.offer("RANGE")
        self.assertEqual((offer.list_price, offer.pg_margin_percent), (6.0, 50.0))
        for send, sell in ((1, "6.00"), ("4.99", "29.94"), (5, "22.00"), (75, "330.00")):
            with self.subTest(send=send):
                self.assertEqual(str(offer._pg_quote(send_value=send).sell_price), sell)
        big.percent = 20
        self.assertEqual(str(offer._pg_quote(send_value=5).sell_price), "24.00")

    def test_rates_and_dates_by_the_cron(self):
        self.rule(percent=30, date_from="2030-01-01", date_to="2030-01-31")
        offer, own = self.offer("FIX10"), self.offer("RANGE", pg_margin_percent=10)
        self.set_rate(self.seller, "0.20", date.today())
        self.env.invalidate_all()
        with self.enter_registry_test_mode():
            self.env.ref("pg_catalog.cron_follow_rules").method_direct_trigger()
        self.assertEqual((offer.list_price, own.list_price), (13.75, 5.5))

    def test_new_costs_are_followed(self):
        offer = self.offer("FIX10")
        self.env.cr.execute("UPDATE pg_sku SET send_min = 3 WHERE code = 'FIX10'")
        self.env.invalidate_all()
        offer._pg_follow_sku()
        self.assertEqual(offer.list_price, 13.2)

    def test_many_offers_are_repriced_in_the_background(self):
        offer = self.offer("FIX10")
        self.patch(res_company, "REPRICE_AT_ONCE", 0)
        cron = self.env.ref("pg_catalog.cron_follow_rules")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.rule(percent=30)
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1
        )
        self.assertEqual(offer.list_price, 11.0)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(offer.list_price, 13.0)

    # === CONSTRAINTS === #

    @mute_logger("odoo.sql_db")
    def test_rules_that_make_no_sense(self):
        for values in (
            {"percent": -1},
            {"fixed": -0.01},
            {"amount_from": 10, "amount_to": 10},
            {"amount_from": -1},
            {"date_from": "2026-02-01", "date_to": "2026-01-31"},
        ):
            with self.subTest(**values), self.assertRaises(IntegrityError), self.cr.savepoint():
                self.rule(**values)
        self.rule(amount_from=10)
        self.rule(amount_to=10, date_to="2026-01-31")

    @mute_logger("odoo.sql_db")
    def test_no_negative_margin_of_a_seller(self):
        for name in ("pg_usual_margin", "pg_margin_floor"):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.seller[name] = -1
                self.env.flush_all()

    def test_resuming_under_cost_is_refused(self):
        offer = self.offer("FIX10", list_price=12)
        offer.action_pg_pause()
        self.set_rate(self.seller, "0.20", "2021-01-01")
        self.env.invalidate_all()
        with self.refused(UserError, "under cost: it costs 12.50 PGK"):
            offer.action_pg_resume()

    # === ACCESS === #

    def test_each_role(self):
        mine = self.rule(percent=20)
        theirs = self.env["pg.price.rule"].create(
            {"name": "Theirs", "company_id": self.other_seller.id, "percent": 1}
        )
        Rule = self.env["pg.price.rule"]
        for role in ("viewer", "operator", "manager", "admin"):
            with self.subTest(role=role):
                self.assertEqual(self.as_user(Rule, role).search([]), mine)
                with self.assertRaises(AccessError):
                    self.as_user(theirs, role).read(["percent"])
                with self.assertRaises(AccessError):
                    self.as_user(theirs, role).percent = 2
        for role in ("viewer", "operator"):
            with self.subTest(role=role):
                for refused in (
                    lambda role=role: self.as_user(mine, role).write({"percent": 5}),
                    lambda role=role: self.as_user(mine, role).unlink(),
                    lambda role=role: self.as_user(Rule, role).create({"name": "No"}),
                    lambda role=role: self.as_user(self.env["pg.offer.bulk"], role).create({}),
                    lambda role=role: self.as_user(self.env["pg.offer.preferences"], role).create(
                        {}
                    ),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        for role in ("manager", "admin"):
            with self.subTest(role=role):
                self.as_user(mine, role).percent = 25
                created = self.as_user(Rule, role).create({"name": "New", "percent": 5})
                self.assertEqual(created.company_id, self.seller)
                created.unlink()
                with self.assertRaises(AccessError):
                    self.as_user(Rule, role).create(
                        {"name": "Into theirs", "company_id": self.other_seller.id}
                    )
        self.assertEqual((mine.percent, theirs.percent), (25, 1))
        self.assertEqual(Rule.search_count([("company_id", "=", self.seller.id)]), 1)

    def test_preferences_of_the_own_organisation_only(self):
        Preferences = self.as_user(self.env["pg.offer.preferences"], "manager")
        with Form(Preferences) as form:
            form.pg_usual_margin = 17
            form.pg_cost_reaction = "reprice"
        form.record.action_save()
        self.assertEqual(
            (self.seller.pg_usual_margin, self.seller.pg_cost_reaction), (17, "reprice")
        )
        self.assertEqual(self.other_seller.pg_usual_margin, 10)
