from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DELIVERED, REFUSED, TopupCase

MAIL = "kila@example.com"


@tagged("post_install", "-at_install", "pg")
class TestMerge(TopupCase):
    """Two customers who are one person, by Odoo's own wizard."""

    def setUp(self):
        super().setUp()
        Partner = self.env["res.partner"]
        self.kept, self.gone = Partner.create(
            [
                {"name": "Kila", "company_id": self.seller.id, "email": MAIL},
                {"name": DELIVERED, "company_id": self.seller.id, "phone": DELIVERED},
            ]
        )

    def wizard(self, partners, role="manager", company=None):
        """Open the wizard as the button of the list of customers does."""
        self.env.flush_all()
        model = self.env["base.partner.merge.automatic.wizard"]
        if role:
            model = self.as_user(model, role, company)
        context = {"active_model": "res.partner", "active_ids": partners.ids}
        return model.with_context(**context).create({"dst_partner_id": partners[0].id})

    def merge(self, partners, **who):
        self.wizard(partners, **who).action_merge()
        self.env.invalidate_all()

    def lines(self):
        return self.env["pg.recipient"].search(
            [("partner_id", "in", (self.kept + self.gone).ids)], order="number"
        )

    def test_sales_book_credit_and_figures_are_added_up(self):
        self.seller.pg_failure_policy = "credit"
        self.gone.email = MAIL
        sales = self.sell(partner=self.kept) + self.sell(partner=self.gone)
        sales += self.sell(partner=self.gone) + self.sell(REFUSED, partner=self.gone, email=MAIL)
        for sale in sales:
            self.run_until(sale, "completed", "failed", "refunded")
        self.refund(sales[3])
        self.assertEqual(sales[3].state, "refunded")
        self.lines()[:1].name = "Mum"
        credit = self.gone._pg_credit_balance(self.seller)
        self.assertEqual(len(self.lines()), 2, "each has the number in the own book")
        self.assertGreater(credit, 0)

        self.merge(self.kept + self.gone)

        self.assertFalse(self.gone.exists())
        self.assertEqual(sales.partner_id, self.kept)
        self.assertEqual((self.kept.email, self.kept.phone), (MAIL, DELIVERED))
        line = self.lines()
        self.assertEqual((line.number, line.sent_count, line.name), (DELIVERED, 3, "Mum"))
        self.assertEqual(line.last_sent_at, max(sales[:3].mapped("completed_at")))
        self.assertEqual(self.kept._pg_credit_balance(self.seller), credit)
        figures = self.as_user(self.kept, "viewer")
        self.assertEqual(figures.pg_topup_count, 4)
        spent = sum(Decimal(str(amount)) for amount in sales[:3].mapped("amount"))
        self.assertEqual(Decimal(str(figures.pg_topup_spent)), spent)
        said = self.env["pg.audit.log"].search([("action", "=", "customer.merged")], limit=1)
        self.assertEqual((said.res_id, said.company_id), (self.kept.id, self.seller))
        self.assertEqual(said.user_id, self.users[self.seller, "manager"])

    def test_lines_of_three_customers_become_one(self):
        third = self.gone.copy({"company_id": self.seller.id})
        for partner in self.kept + self.gone + third:
            self.env["pg.recipient"]._add(self.seller, partner, DELIVERED)
        self.merge(self.kept + self.gone + third)
        self.assertEqual(len(self.lines()), 1)
        self.assertEqual((self.lines().partner_id, self.lines().is_favourite), (self.kept, True))

    def test_names_at_a_gateway(self):
        Name = self.env["pg.payment.customer"]
        for partner in self.kept + self.gone:
            Name.create(
                {
                    "partner_id": partner.id,
                    "provider_id": self.provider.id,
                    "reference": f"cus_{partner.id}",
                }
            )
        self.merge(self.kept + self.gone)
        left = Name.search([("provider_id", "=", self.provider.id)])
        self.assertEqual(left.mapped("reference"), [f"cus_{self.kept.id}"])

    def test_whoever_may_not(self):
        self.sell(partner=self.gone)
        both = self.kept + self.gone
        for role in ("viewer", "operator"):
            with self.assertRaises(AccessError):
                self.wizard(both, role)
        with self.assertRaises(AccessError):
            self.merge(both, role="admin", company=self.other_seller)
        with self.assertRaises(AccessError):
            wizard = self.wizard(both)
            wizard.group_by_email = True
            wizard.action_start_manual_process()
        self.assertEqual((len(both.exists()), self.gone.pg_topup_count), (2, 1))

    def test_only_customers_of_one_organisation(self):
        self.sell(partner=self.gone)
        stranger = self.env["res.partner"].create(
            {"name": "Mele", "company_id": self.other_seller.id}
        )
        with self.assertRaises(UserError):
            self.merge(stranger + self.gone, role=None)
        manager = self.users[self.seller, "manager"]
        manager.company_ids += self.other_seller
        wizard = self.wizard(stranger + self.gone)
        both = (self.seller + self.other_seller).ids
        with self.assertRaises(UserError):
            wizard.with_context(allowed_company_ids=both).action_merge()
        for other in (self.seller.partner_id, self.users[self.seller, "viewer"].partner_id):
            with self.assertRaises(UserError):
                self.merge(self.kept + other)
        self.kept.email, self.gone.email = MAIL, "other@example.com"
        with self.assertRaises(UserError):
            self.merge(self.kept + self.gone)
        self.assertEqual(len((stranger + self.kept + self.gone).exists()), 3)

    def test_door_in_the_list_of_customers(self):
        for partner in self.kept + self.gone:
            self.sell(partner=partner)
        self.env.flush_all()
        customers = self.as_user(self.env["pg.customer"], "manager").search([])
        with self.assertRaises(UserError):
            customers[:1].action_merge()
        context = customers.action_merge()["context"]
        self.assertEqual(set(context["active_ids"]), {self.kept.id, self.gone.id})
