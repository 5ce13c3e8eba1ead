from odoo.tests import tagged

from .common import TopupCase

LINK = {"utm_source": "Facebook", "utm_medium": "social", "utm_campaign": "Easter"}


@tagged("post_install", "-at_install", "pg")
class TestSource(TopupCase):
    def source(self, record, prefix=""):
        return tuple(record[f"{prefix}{name}"] for name in LINK)

    def test_first_order_tells_where_a_customer_came_from(self):
        first = self.place(email="kila@example.com", source=LINK)
        later = self.place(email="kila@example.com", source={"utm_source": "poster"})
        self.assertEqual(self.source(first), tuple(LINK.values()))
        self.assertEqual(self.source(later), ("poster", False, False))
        self.assertEqual(first.partner_id, later.partner_id)
        self.assertEqual(self.source(first.partner_id, "pg_"), tuple(LINK.values()))

    def test_who_came_by_oneself_is_no_success_of_a_later_link(self):
        self.place(email="kila@example.com")
        later = self.place(email="kila@example.com", source=LINK)
        self.assertEqual(later.utm_source, "Facebook")
        self.assertEqual(self.source(later.partner_id, "pg_"), (False,) * 3)

    def test_whatever_stands_in_an_address(self):
        for value, kept in (
            ("  two \n words ", "two words"),
            ("x" * 500, "x" * 64),
            ("\x00\x07", False),
            (["a"], False),
            (None, False),
        ):
            topup = self.place(source={"utm_source": value, "id": 7})
            self.assertEqual(topup.utm_source, kept)

    def test_customers_by_source(self):
        self.place(email="kila@example.com", source=LINK)
        self.place(email="mele@example.com", source={"utm_source": "poster"})
        self.env.flush_all()
        Customer = self.as_user(self.env["pg.customer"], "viewer")
        groups = Customer._read_group([], ["utm_source"], ["topup_count:sum"])
        self.assertEqual(groups, [("Facebook", 1), ("poster", 1)])
        found = Customer.search([("utm_campaign", "ilike", "easter")])
        self.assertEqual(found.partner_id.email, "kila@example.com")
