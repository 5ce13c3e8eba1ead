from datetime import timedelta

from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_topup.clock import now
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestPricelist(TopupCase):
    """A customer with a price list pays its price in its currency; the books stay the seller's.

    A kina is 0.25 USD. 5 USD are sent: they cost 20 kina, are sold for 22, or for 5.50 USD.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Reseller", "email": "reseller@example.com", "company_id": cls.seller.id}
        )
        cls.provider.available_currency_ids = [Command.clear()]

    def give(self, currency, percent=0):
        """Give the customer a price list with a discount on everything."""
        item = {"compute_price": "percentage", "percent_price": percent}
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Resellers",
                "company_id": self.seller.id,
                "currency_id": currency.id,
                "item_ids": [Command.create(item)],
            }
        )
        pricelist.pg_customer_ids = self.customer
        return pricelist

    def set_rate(self, rate):
        """Let a kina buy so many dollars from today on."""
        self.env["res.currency.rate"].create(
            {
                "name": now().date(),
                "currency_id": self.usd.id,
                "company_id": self.seller.id,
                "rate": rate,
            }
        )

    def sums(self, topup):
        """Return {(account, currency): (amount, value in kina)} of a top-up in the ledger."""
        sums = {}
        entries = self.env["pg.ledger.entry"].search([("subject", "=", topup.uuid)])
        for posting in entries.posting_ids:
            key = (posting.account.split(":")[0], posting.currency_id.name)
            amount, value = sums.get(key, (D(0), D(0)))
            sums[key] = amount + D(posting.amount), value + D(posting.company_amount)
        return sums

    def test_a_discount_in_the_sellers_currency(self):
        pricelist = self.give(self.pgk, 5)
        topup = self.sell(partner=self.customer)
        self.dispatch()
        self.assertEqual(
            (topup.state, topup.amount, topup.currency_id), ("completed", 20.9, self.pgk)
        )
        self.assertEqual((topup.pricelist_id, topup.company_rate), (pricelist, 1.0))
        self.assertEqual((topup.company_amount, topup.company_cost), (20.9, 20.0))
        self.assertEqual(self.sums(topup)["sales", "PGK"], (D("-20.9"), D("-20.9")))

    def test_another_currency_from_order_to_books(self):
        self.offer.pg_tax_percent = 10
        self.give(self.usd)
        topup = self.sell(partner=self.customer)
        self.assertEqual(topup.payment_tx_id.currency_id, self.usd)
        self.assertEqual((topup.amount, topup.currency_id, topup.cost), (5.5, self.usd, 5.0))
        self.assertEqual((topup.company_rate, topup.company_amount), (4.0, 22.0))
        self.assertEqual((topup.company_tax, topup.company_cost), (2.0, 20.0))
        # What rates do until it is delivered is not the customer's matter, nor the books'.
        self.set_rate(0.2)
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        sums = self.sums(topup)
        self.assertEqual(sums["customer", "USD"], (D(0), D(0)))
        self.assertEqual(sums["sales", "USD"], (D("-5"), D("-20")))
        self.assertEqual(sums["tax", "USD"], (D("-0.5"), D("-2")))
        self.assertEqual(sums["cost", "USD"], (D(5), D(20)))
        self.assertEqual(sum(value for _amount, value in sums.values()), 0)
        figures = self.as_user(self.env["pg.topup"], "viewer").get_metrics([])
        self.assertEqual((figures["revenue"], figures["currency_id"]), (22.0, self.pgk.id))

    def test_what_is_given_back_is_worth_what_came(self):
        self.give(self.usd)
        topup = self.sell(REFUSED, partner=self.customer)
        self.set_rate(0.2)
        self.dispatch()
        self.refund(topup)
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.assertEqual(self.sums(topup)["customer", "USD"], (D(0), D(0)))

    def test_a_guest_with_the_same_address_pays_what_all_pay(self):
        self.give(self.usd, 5)
        topup = self.place(email="reseller@example.com")
        self.assertEqual((topup.partner_id, topup.pricelist_id.id), (self.customer, False))
        self.assertEqual((topup.amount, topup.currency_id), (22.0, self.pgk))

    def test_under_cost_is_refused_and_nothing_is_stored(self):
        self.give(self.usd, 10)
        before = self.env["pg.topup"].search_count([])
        with self.assertRaisesRegex(UserError, "not available"):
            self.place(partner=self.customer)
        self.assertEqual(self.env["pg.topup"].search_count([]), before)

    def test_an_old_pin_is_compared_in_one_currency(self):
        """The cost of 5 USD is pinned as 5 USD, today's is 20 kina: the same; then it rises."""
        self.give(self.usd)
        self.seller.pg_pin_cost_percent = 0
        topup = self.sell(partner=self.customer)
        topup.pin_expires_at = now() - timedelta(seconds=1)
        self.assertFalse(topup._check_pin())
        self.set_rate(0.24)
        self.assertTrue(topup._check_pin())

    def test_limits_count_in_the_sellers_currency(self):
        self.give(self.usd)
        limit = self.env["pg.topup.limit"].create(
            {"company_id": self.seller.id, "scope": "customer", "max_amount": 43}
        )
        self.place(partner=self.customer)
        with self.assertRaisesRegex(UserError, "reached"):
            self.place(partner=self.customer)
        limit.max_amount = 44
        self.assertEqual(self.place(partner=self.customer).state, "pending")
