from collections import defaultdict

from odoo.tests import tagged

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestLedger(TopupCase):
    def postings(self, topup):
        """Return {account: amount} of a top-up, as text."""
        sums = defaultdict(float)
        entries = self.env["pg.ledger.entry"].search([("subject", "=", topup.uuid)])
        for posting in entries.posting_ids:
            sums[posting.account] += posting.company_amount
        return {account: round(total, 4) for account, total in sums.items()}

    def test_delivered_sale(self):
        topup = self.sell()
        self.dispatch()
        sums = self.postings(topup)
        fee = sums.pop("fee:stripe_checkout", 0)
        self.assertEqual(
            sums,
            {
                "gateway:stripe_checkout": round(22.0 - fee, 4),
                "customer": 0.0,
                "sales": -22.0,
                "cost": 20.0,
                "supplier:dingconnect": -20.0,
            },
        )

    def test_refunded_sale_leaves_only_the_fee(self):
        topup = self.sell(REFUSED)
        self.dispatch()
        self.refund(topup)
        sums = self.postings(topup)
        fee = sums.pop("fee:stripe_checkout", 0)
        self.assertEqual(sums, {"gateway:stripe_checkout": round(-fee, 4), "customer": 0.0})

    def test_from_a_balance_down_to_the_topup(self):
        topup = self.sell()
        self.dispatch()
        Balance = self.as_user(self.env["pg.ledger.balance"], "viewer", topup.company_id)
        row = Balance.search([("account", "=", "sales")])
        postings = Balance.env["pg.ledger.posting"].search(row.action_open_postings()["domain"])
        self.assertEqual(postings.entry_id.mapped("subject"), [topup.uuid])
        for action in (postings.action_open_topup(), postings.entry_id.action_open_topup()):
            self.assertEqual((action["res_model"], action["res_id"]), ("pg.topup", topup.id))
