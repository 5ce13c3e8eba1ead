import uuid
from datetime import datetime
from decimal import Decimal

from freezegun import freeze_time
from odoo.addons.pg_topup import const
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DELIVERED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestOrder(TopupCase):
    def count(self):
        return self.env["pg.topup"].search_count([])

    def test_price_is_made_on_the_server_and_pinned(self):
        topup = self.place(send_value=Decimal("5"))
        quote = self.offer.with_company(self.seller)._pg_quote(send_value=Decimal("5"))
        self.assertEqual(topup.state, "pending")
        self.assertEqual(topup.number, DELIVERED)
        self.assertEqual(topup.amount, float(quote.sell_price))
        self.assertEqual(topup.cost, 20.0, "5 USD at 4 PGK")
        self.assertEqual(topup.amount, 22.0, "10 % on it")
        self.assertEqual(topup.margin, 2.0)
        self.assertEqual(topup.currency_id, self.pgk)
        self.assertEqual(topup.send_currency_id, self.usd)
        self.assertRegex(topup.name, r"^T-[2-9A-Z]{4}-[2-9A-Z]{4}$")

    def test_same_key_same_order_is_one_topup(self):
        key = uuid.uuid4().hex
        first, before = self.place(client_key=key), self.count()
        for _click in range(3):
            self.assertEqual(self.place(client_key=key), first)
        self.assertEqual(self.count(), before)

    def test_number_written_otherwise_is_the_same_order(self):
        key = uuid.uuid4().hex
        first = self.place("+675 7012 3456", client_key=key)
        self.assertEqual(self.place("7012 3456", client_key=key), first)

    def test_same_key_other_order_is_refused(self):
        key = uuid.uuid4().hex
        self.place(client_key=key)
        before = self.count()
        for other in ({"number": "+67570123457"}, {"send_value": Decimal("6")}):
            with self.assertRaises(UserError):
                self.place(client_key=key, **other)
        self.assertEqual(self.count(), before)

    def test_same_key_at_another_seller_is_another_order(self):
        key = uuid.uuid4().hex
        first = self.place(client_key=key)
        second = self.place(client_key=key, company=self.other_seller, offer=self.other_offer)
        self.assertNotEqual(first, second)

    def test_what_is_refused_stores_nothing(self):
        before = self.count(), self.env["res.partner"].search_count([])
        bad = (
            {"number": "123"},
            {"number": "not a number"},
            {"number": "+67970000000"},
            {"number": "9" * 5000},
            {"offer": self.other_offer},
            {"offer": self.env["product.template"].browse(999999999)},
            {"send_value": Decimal("0.01")},
            {"send_value": Decimal("100000")},
            {"client_key": "k" * 65},
            {"email": "no address"},
            {"email": "a" * 300 + "@example.com"},
        )
        for values in bad:
            with self.subTest(values), self.assertRaises(UserError):
                self.place(**values)
        after = self.count(), self.env["res.partner"].search_count([])
        self.assertEqual(after, before)

    def test_business_day_is_the_sellers(self):
        """23:30 in London is the next day in Port Moresby; it stays when the zone changes."""
        self.seller.pg_tz = "Pacific/Port_Moresby"
        with freeze_time("2026-03-01 22:30:00"):
            topup = self.place()
        self.assertEqual(topup.business_date, datetime(2026, 3, 2).date())
        self.seller.pg_tz = "Pacific/Honolulu"
        self.assertEqual(topup.business_date, datetime(2026, 3, 2).date())

    def test_customer_is_found_again_within_one_seller(self):
        first = self.place(email="Ann@Example.com")
        second = self.place("+67570123457", email="ann@example.com")
        other = self.place(
            email="ann@example.com", company=self.other_seller, offer=self.other_offer
        )
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertNotEqual(first.partner_id, other.partner_id)
        self.assertEqual(other.partner_id.company_id, self.other_seller)

    def test_repeated_order_is_answered_after_its_offer_was_paused(self):
        key = uuid.uuid4().hex
        first = self.place(client_key=key)
        self.offer.active = False
        self.assertEqual(self.place(client_key=key), first)
        with self.assertRaises(UserError):
            self.place()

    def test_kinds_that_need_more_than_a_number_are_refused(self):
        voucher = self.env["pg.sku"].search(
            [("supplier_id", "=", self.supplier.id), ("kind", "not in", const.SOLD_KINDS)], limit=1
        )
        offer = self.env["product.template"].create(
            {
                "name": "Voucher",
                "type": "service",
                "company_id": self.seller.id,
                "pg_sku_id": voucher.id,
                "pg_margin_percent": 10,
            }
        )
        before = self.count()
        with self.assertRaises(UserError):
            self.place(offer=offer, send_value=None)
        self.assertEqual(self.count(), before)
