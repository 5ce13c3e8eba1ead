from odoo.tests import tagged

from .common import DELIVERED, TopupCase

OTHER = "+67570123999"


@tagged("post_install", "-at_install", "pg")
class TestSearch(TopupCase):
    """A clerk finds a sale and a customer by what the caller says."""

    def setUp(self):
        super().setUp()
        self.topup = self.place(email="kila@example.com")
        self.other = self.place(OTHER)
        self.env.flush_all()

    def by_number(self, typed):
        Topup = self.as_user(self.env["pg.topup"], "operator")
        return Topup.search([("number_masked", "ilike", typed)])

    def test_number_as_people_write_it(self):
        for typed in (
            DELIVERED,
            "70123456",
            "7012 3456",
            "+675 7012-3456",
            "23456",
            "00675 70123456",
        ):
            self.assertEqual(self.by_number(typed), self.topup, typed)
        self.assertEqual(self.by_number("70123"), self.topup + self.other)
        for typed in ("12", "hello", "+679 7012345"):
            self.assertFalse(self.by_number(typed), typed)

    def test_customer_by_number_or_mail(self):
        Customer = self.as_user(self.env["pg.customer"], "viewer")
        self.other.partner_id.name = "Mele"
        for typed in ("7012 3999", OTHER, "23999"):
            found = Customer.search([("phone", "ilike", typed)])
            self.assertEqual(found.partner_id, self.other.partner_id, typed)
        # Kila never gave a number, but bought for this one.
        found = Customer.search([("phone", "ilike", "7012 3456")])
        self.assertEqual(found.partner_id, self.topup.partner_id)
        found = Customer.search([("partner_id", "ilike", "kila@")])
        self.assertEqual(found.partner_id, self.topup.partner_id)
        stranger = self.as_user(self.env["pg.customer"], "admin", self.other_seller)
        self.assertFalse(stranger.search([("phone", "ilike", OTHER)]))

    def test_the_customer_is_known_by_a_number_however_it_was_typed(self):
        clerk = self.env["res.partner"].create(
            {"name": "Mary", "company_id": self.seller.id, "phone": "+675 7012 3777"}
        )
        self.assertEqual(self.place("7012 3777").partner_id, clerk)

    def test_customers_are_found_by_an_index(self):
        self.env.cr.execute(
            """INSERT INTO res_partner (name, active, type, company_id, email_normalized,
                                        phone_sanitized)
               SELECT 'x', true, 'contact', %s, n || '@example.com', '+675' || (70000000 + n)
                 FROM generate_series(1, 20000) n""",
            [self.seller.id],
        )
        self.env.cr.execute("ANALYZE res_partner")
        for column, value, index in (
            ("email_normalized", "77@example.com", "res_partner_pg_email_index"),
            ("phone_sanitized", "+67570000077", "res_partner_pg_phone_index"),
        ):
            query = self.env["res.partner"]._search(
                [("company_id", "=", self.seller.id), (column, "=", value)], order="id", limit=1
            )
            sql = query.select()
            self.env.cr.execute(f"EXPLAIN {sql.code}", sql.params)
            plan = "\n".join(line for (line,) in self.env.cr.fetchall())
            self.assertIn(index, plan)
