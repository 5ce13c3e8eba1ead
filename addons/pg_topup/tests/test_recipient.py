from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DELIVERED, REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestRecipient(TopupCase):
    def setUp(self):
        super().setUp()
        self.book = self.env["pg.recipient"]
        self.partner = self.env["res.partner"].create(
            {"name": "Mary", "company_id": self.seller.id}
        )

    def lines(self):
        return self.book.search([("partner_id", "=", self.partner.id)])

    def test_delivery_is_remembered_once_per_number(self):
        first = self.sell(partner=self.partner)
        second = self.sell(partner=self.partner)
        refused = self.sell(REFUSED, partner=self.partner)
        for topup in first + second + refused:
            self.run_until(topup, "completed", "failed")
        line = self.lines()
        self.assertEqual(len(line), 1)
        self.assertEqual((line.number, line.sent_count), (DELIVERED, 2))
        self.assertFalse(line.is_favourite)
        self.assertEqual(line.operator_id, first.operator_id)
        self.assertEqual(line.last_offer_id, self.offer)

    def test_added_named_and_refused(self):
        line = self.book._add(self.seller, self.partner, "7012 3456", " Mum ")
        self.assertEqual((line.number, line.name, line.is_favourite), (DELIVERED, "Mum", True))
        self.assertEqual(self.book._add(self.seller, self.partner, DELIVERED, "Mama"), line)
        self.assertEqual(line.name, "Mama")
        with self.assertRaises(UserError):
            self.book._add(self.seller, self.partner, "12")
        self.assertEqual(len(self.lines()), 1)

    def test_roles(self):
        line = self.book._add(self.seller, self.partner, DELIVERED, "Mum")
        self.assertEqual(self.as_user(line, "viewer").name, "Mum")
        with self.assertRaises(AccessError):
            self.as_user(line, "viewer").name = "X"
        self.as_user(line, "operator").name = "Aunt"
        with self.assertRaises(AccessError):
            self.as_user(line, "admin", self.other_seller).read(["name"])
        self.assertEqual(line.name, "Aunt")

    def test_figures_of_a_customer(self):
        topup = self.sell(partner=self.partner)
        refused = self.sell(REFUSED, partner=self.partner)
        for sale in topup + refused:
            self.run_until(sale, "completed", "failed")
        self.env.flush_all()
        mine = self.as_user(self.env["pg.customer"], "viewer").search(
            [("partner_id", "=", self.partner.id)]
        )
        self.assertEqual(
            (mine.topup_count, mine.delivered_count, mine.failed_count, mine.success), (2, 1, 1, 50)
        )
        self.assertAlmostEqual(mine.spent, topup.amount)
        other = self.as_user(self.env["pg.customer"], "admin", self.other_seller)
        self.assertEqual(other.search_count([("partner_id", "=", self.partner.id)]), 0)
        partner = self.as_user(self.partner, "viewer")
        self.assertEqual(partner.pg_topup_count, 2)
        self.assertAlmostEqual(partner.pg_topup_spent, topup.amount)
        self.assertEqual(
            partner.action_pg_topups()["domain"], [("partner_id", "=", self.partner.id)]
        )
