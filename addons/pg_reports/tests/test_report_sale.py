from odoo.addons.pg_topup.tests.common import REFUSED, TopupCase
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

MEASURES = ("amount", "amount_delivered", "amount_tax", "cost", "margin", "fee", "amount_refunded")


@tagged("post_install", "-at_install", "pg")
class TestReportSale(TopupCase):
    def setUp(self):
        super().setUp()
        self.offer.pg_tax_percent = 10
        self.unpaid = self.place()
        self.delivered = self.sell()
        self.refunded = self.sell(REFUSED)
        self.dispatch(2)
        self.refund(self.refunded)
        self.open = self.sell()
        self.env.flush_all()

    def rows(self):
        """Return the report's rows of the seller by top-up."""
        Report = self.env["pg.report.sale"]
        found = Report.search([("company_id", "=", self.seller.id)])
        return {row.topup_id: row for row in found}

    def ledger(self, account):
        """Return the seller's balance on accounts whose names begin so, in exact text form."""
        self.env.cr.execute(
            """SELECT COALESCE(sum(company_amount), 0)::text FROM pg_ledger_posting
                WHERE company_id = %s AND account LIKE %s""",
            (self.seller.id, account),
        )
        return float(self.env.cr.fetchone()[0])

    def test_one_row_a_topup(self):
        rows = self.rows()
        self.assertEqual(
            {topup: row.state for topup, row in rows.items()},
            {
                self.unpaid: "pending",
                self.delivered: "completed",
                self.refunded: "refunded",
                self.open: "paid",
            },
        )
        row = rows[self.delivered]
        self.assertEqual(
            [row[name] for name in MEASURES if name != "fee"], [22.0, 22.0, 2.0, 20.0, 0.0, 0.0]
        )
        self.assertEqual(row.operator_id, self.sku.operator_id)
        self.assertEqual(row.country_id.code, "PG")
        self.assertEqual((row.sku_kind, row.gateway), (self.sku.kind, "stripe_checkout"))
        self.assertEqual(
            (row.channel, row.business_date), ("storefront", row.topup_id.business_date)
        )
        self.assertEqual((row.paid_count, row.delivered_count, row.failed_count), (1, 1, 0))

    def test_what_is_not_delivered_has_no_margin(self):
        rows = self.rows()
        counts = ("paid_count", "delivered_count", "failed_count")
        expected = {
            self.unpaid: ([0] * 5 + [0], [0, 0, 0]),
            self.refunded: ([22.0, 0, 0, 0, 0, 22.0], [1, 0, 1]),
            self.open: ([22.0, 0, 0, 0, 0, 0], [1, 0, 0]),
        }
        for topup, (amounts, numbers) in expected.items():
            row = rows[topup]
            found = [row[name] for name in MEASURES if name != "fee"]
            self.assertEqual(found, amounts, topup.state)
            self.assertEqual([row[name] for name in counts], numbers, topup.state)

    def test_sums_are_the_ledgers(self):
        domain = [("company_id", "=", self.seller.id)]
        [sums] = self.env["pg.report.sale"]._read_group(
            domain, aggregates=[f"{name}:sum" for name in MEASURES]
        )
        paid, delivered, tax, cost, margin, fee, refunded = sums
        self.assertEqual((paid, delivered, tax, cost, margin, refunded), (66, 22, 2, 20, 0, 22))
        self.assertAlmostEqual(fee, self.ledger("fee:%"), 4)
        self.assertEqual(tax, -self.ledger("tax"))
        self.assertEqual(delivered - tax, -self.ledger("sales"))
        self.assertEqual(cost, self.ledger("cost"))
        self.assertEqual(paid - delivered - refunded, -self.ledger("customer"))

    def test_orders_in_other_currencies_count_in_the_sellers_own(self):
        """A customer with a price list pays 5.50 USD, at 4 kina each; then the rate moves."""
        customer = self.env["res.partner"].create({"name": "Abroad"})
        self.env["product.pricelist"].create(
            {
                "name": "USD",
                "company_id": self.seller.id,
                "currency_id": self.usd.id,
                "pg_customer_ids": [Command.set(customer.ids)],
            }
        )
        self.provider.available_currency_ids = False
        topup = self.sell(partner=customer)
        self.env["res.currency.rate"].create(
            {
                "name": topup.business_date,
                "currency_id": self.usd.id,
                "company_id": self.seller.id,
                "rate": 0.2,
            }
        )
        self.dispatch(2)
        row = self.rows()[topup]
        self.assertEqual((row.currency_id, row.state), (self.pgk, "completed"))
        self.assertEqual(
            [row[name] for name in MEASURES if name != "fee"], [22.0, 22.0, 2.0, 20.0, 0.0, 0.0]
        )
        domain = [("company_id", "=", self.seller.id)]
        [sums] = self.env["pg.report.sale"]._read_group(
            domain, aggregates=[f"{name}:sum" for name in MEASURES]
        )
        paid, delivered, tax, cost, _margin, fee, refunded = sums
        self.assertAlmostEqual(fee, self.ledger("fee:%"), 4)
        self.assertEqual(tax, -self.ledger("tax"))
        self.assertEqual(delivered - tax, -self.ledger("sales"))
        self.assertEqual(cost, self.ledger("cost"))
        self.assertEqual(paid - delivered - refunded, -self.ledger("customer"))

    def test_groups_of_the_views(self):
        Report = self.as_user(self.env["pg.report.sale"], "viewer")
        names = ("operator_id", "country_id", "offer_id", "sku_kind", "gateway", "channel")
        for group in (*names, "state", "company_id", "business_date:month", "business_date:day"):
            groups = Report.formatted_read_group(
                [], [group], ["amount:sum", "fee:sum", "delivered_count:sum"]
            )
            self.assertEqual(sum(line["delivered_count:sum"] for line in groups), 1, group)
            self.assertEqual(sum(line["amount:sum"] for line in groups), 66.0, group)

    def test_roles(self):
        for role in ("viewer", "operator", "manager", "admin"):
            Report = self.as_user(self.env["pg.report.sale"], role)
            other = self.as_user(self.env["pg.report.sale"], role, self.other_seller)
            self.assertEqual(Report.search_count([]), 4)
            self.assertEqual(other.search_count([]), 0)
            for right in ("create", "write", "unlink"):
                self.assertFalse(Report.has_access(right), (role, right))
        clerk = new_test_user(self.env, login="clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["pg.report.sale"].with_user(clerk).search_count([])

    def test_open_the_topup(self):
        row = self.as_user(self.rows()[self.delivered], "viewer")
        self.assertEqual(row.action_open_topup()["res_id"], self.delivered.id)
