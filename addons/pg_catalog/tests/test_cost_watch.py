from dataclasses import replace
from decimal import Decimal

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestCostWatch(CatalogueCase):
    """A new cost that harms an offer: flagged, told once, paused or repriced as chosen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users[cls.seller, "manager"].email = "manager@example.com"
        cls.fixed = cls.offer("FIX10", list_price=11)

    def new_cost(self, send="3.00", code="FIX10"):
        """Let a sync bring a new price."""
        send = Decimal(send)
        skus = [
            replace(item, send_min=send, send_max=send) if item.code == code else item
            for item in self.feed.skus
        ]
        self.supplier._apply_feed(replace(self.feed, skus=skus))

    def follow_rules(self):
        """Let the hourly cron run."""
        with self.enter_registry_test_mode():
            self.env.ref("pg_catalog.cron_follow_rules").method_direct_trigger()

    def mails(self):
        return self.env["mail.mail"].search([("subject", "like", "New costs concern")])

    def activities(self, offer=None):
        activity_type = self.env.ref("pg_catalog.activity_cost")
        return (offer or self.fixed).activity_ids.filtered(
            lambda activity: activity.activity_type_id == activity_type
        )

    def test_pause(self):
        self.seller.pg_cost_reaction = "pause"
        self.new_cost()
        self.assertEqual(
            (self.fixed.pg_alert, self.fixed.sale_ok, self.fixed.list_price),
            ("under_cost", False, 11.0),
        )
        self.assertEqual(
            self.activities().mapped("summary"), ["Costs PGK 12.00 now, sold at 11.00: paused"]
        )
        self.assertEqual(self.activities().user_id, self.users[self.seller, "manager"])
        self.assertEqual(len(self.mails()), 1)
        self.assertIn("manager@example.com", self.mails().email_to)
        self.assertEqual(self.mails().state, "outgoing")
        self.assertIn(self.fixed.name, self.mails().body_html)
        self.assertIn("prepaid-offers-attention", self.mails().body_html)

    def test_reprice_keeps_the_margin(self):
        self.seller.pg_cost_reaction = "reprice"
        self.new_cost()
        self.assertEqual(
            (self.fixed.pg_alert, self.fixed.sale_ok, self.fixed.list_price),
            ("repriced", True, 13.2),
        )
        self.assertEqual(self.fixed.pg_price_mode, "own")
        self.assertIn("raised from 11.00 to 13.20", self.activities().summary)
        self.new_cost("3.50")
        self.assertEqual(self.fixed.list_price, 15.4)
        self.assertEqual((len(self.activities()), len(self.mails())), (1, 2))
        self.assertIn("to 15.40", self.activities().summary)

    def test_a_raised_price_stays_flagged_until_somebody_has_seen_it(self):
        self.seller.pg_cost_reaction = "reprice"
        self.new_cost()
        self.follow_rules()
        self.assertEqual((self.fixed.pg_alert, len(self.activities())), ("repriced", 1))
        self.as_user(self.fixed, "manager").action_pg_dismiss()
        self.assertFalse(self.fixed.pg_alert or self.activities())

    def test_what_is_put_on_sale_again_at_a_fair_cost_is_not_flagged(self):
        self.seller.pg_cost_reaction = "pause"
        self.new_cost()
        self.new_cost("2.50")
        self.assertEqual((self.fixed.pg_alert, self.fixed.sale_ok), ("under_cost", False))
        self.as_user(self.fixed, "manager").action_pg_resume()
        self.assertFalse(self.fixed.pg_alert or self.activities())

    def test_rules_that_leave_too_little(self):
        """A fixed part is worth less of a higher cost: 1.00 is 5 % of 20.00, 4.17 % of 24.00."""
        self.env["pg.price.rule"].create(
            {"name": "One kina", "company_id": self.seller.id, "fixed": 1}
        )
        self.seller.pg_margin_floor = 4.5
        for reaction, is_on_sale in (("reprice", True), ("tell", True), ("pause", False)):
            with self.subTest(reaction=reaction):
                self.seller.pg_cost_reaction = reaction
                offer = self.offer("FIX20")
                self.assertEqual((offer.list_price, offer.pg_alert), (21.0, False))
                mails = len(self.mails())
                self.new_cost("6", "FIX20")
                self.follow_rules()
                self.assertEqual(
                    (offer.list_price, offer.pg_price_mode, offer.pg_alert, offer.sale_ok),
                    (25.0, "rules", "low_margin", is_on_sale),
                )
                self.assertEqual((len(self.activities(offer)), len(self.mails())), (1, mails + 1))
                self.new_cost("5", "FIX20")
                offer.active = False

    def test_only_tell(self):
        self.seller.pg_cost_reaction = "tell"
        self.new_cost()
        self.assertEqual((self.fixed.pg_alert, self.fixed.sale_ok), ("under_cost", True))
        self.assertEqual((len(self.activities()), len(self.mails())), (1, 1))

    def test_low_margin_by_the_sellers_threshold(self):
        self.seller.write({"pg_cost_reaction": "tell", "pg_margin_floor": 5})
        self.new_cost("2.60")
        self.assertFalse(self.fixed.pg_alert, "5.77 % are left.")
        self.assertFalse(self.mails())
        self.new_cost("2.65")
        self.assertEqual(self.fixed.pg_alert, "low_margin")

    def test_one_harm_is_told_once(self):
        self.seller.pg_cost_reaction = "tell"
        self.new_cost()
        self.new_cost("3.10")
        self.follow_rules()
        self.assertEqual((len(self.activities()), len(self.mails())), (1, 1))
        self.new_cost("2.50")
        self.assertFalse(self.fixed.pg_alert, "It is worth its cost again.")
        self.assertFalse(self.activities(), "Nobody needs to look any more.")
        self.new_cost("3.00")
        self.assertEqual(len(self.mails()), 2)

    def test_one_mail_for_many_offers(self):
        self.offer("BM10", list_price=12)
        skus = [
            replace(item, send_min=item.send_min * 2, send_max=item.send_max * 2)
            for item in self.feed.skus
        ]
        self.supplier._apply_feed(replace(self.feed, skus=skus))
        self.assertEqual(self.mails().subject, "New costs concern 2 of your offers")

    def test_each_seller_is_told_of_own_offers_only(self):
        theirs = self.offer("FIX10", self.other_seller, list_price=20)
        self.new_cost()
        self.assertFalse(theirs.pg_alert)
        self.assertEqual(len(self.mails()), 1)
        self.assertNotIn(self.other_seller.name, self.mails().body_html)

    def test_what_is_not_harmed(self):
        follows = self.offer("FIX20")
        margin = self.offer("RANGE", pg_margin_percent=10)
        self.fixed.action_pg_pause()
        self.new_cost()
        self.new_cost("9", "FIX20")
        self.assertFalse((self.fixed + follows + margin).filtered("pg_alert"))
        self.assertFalse(self.mails())
        self.assertEqual(follows.list_price, 39.6)

    def test_a_new_price_takes_the_flag_off(self):
        self.seller.pg_cost_reaction = "tell"
        self.new_cost()
        self.fixed.list_price = 13
        self.assertFalse(self.fixed.pg_alert or self.activities())

    def test_dismiss(self):
        self.seller.pg_cost_reaction = "tell"
        self.new_cost()
        with self.assertRaises(AccessError):
            self.as_user(self.fixed, "viewer").action_pg_dismiss()
        self.assertEqual(self.fixed.pg_alert, "under_cost")
        self.as_user(self.fixed, "manager").action_pg_dismiss()
        self.assertFalse(self.fixed.pg_alert or self.activities())
        self.new_cost("3.05")
        self.assertEqual((self.fixed.pg_alert, len(self.mails())), (False, 1))

    def test_the_sellers_own_people_come_first(self):
        """The platform's administrator may enter every seller and was there before all."""
        platform = new_test_user(
            self.env,
            login="platform",
            groups="pg_base.group_platform_admin",
            company_id=self.seller.id,
            company_ids=[Command.set((self.seller + self.other_seller).ids)],
        )
        other = self.users[self.other_seller, "manager"]
        other.company_ids += self.seller
        own = self.users[self.seller, "manager"] + self.users[self.seller, "admin"]
        for expected in (*own.sorted("id"), other, platform):
            with self.subTest(expected=expected.login):
                self.assertEqual(self.seller._pg_get_offer_user(), expected)
            expected.active = False

    def test_the_chosen_person_is_told(self):
        self.seller.pg_offer_user_id = self.users[self.seller, "admin"]
        self.users[self.seller, "admin"].email = "admin@example.com"
        self.new_cost()
        self.assertEqual(self.activities().user_id, self.users[self.seller, "admin"])
        self.assertIn("admin@example.com", self.mails().email_to)
