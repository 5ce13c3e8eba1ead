import time
from decimal import Decimal

from odoo.addons.pg_base.tools.money import D
from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install", "pg")
class TestFee(StripeCase):
    """Fee, net and rate as the gateway settles them, at once or later."""

    def assertFee(self, tx):
        self.assertEqual(tx.gateway_fee_currency_id.name, "AUD")
        (settled,) = [
            row
            for row in self.sandbox._items(self.account, "balance_transactions")
            if row["source"] == self._find_charge(tx)["id"]
        ]
        self.assertEqual(D(tx.gateway_fee), Decimal(settled["fee"]).scaleb(-2))
        self.assertEqual(D(tx.gateway_net), Decimal(settled["net"]).scaleb(-2))
        self.assertAlmostEqual(tx.gateway_rate, float(settled["exchange_rate"]), places=9)
        self.assertGreater(tx.gateway_fee, 0)

    def _find_charge(self, tx):
        charges = self.sandbox.charges(self.account)
        return next(c for c in charges if c["payment_intent"] == tx.pg_payment_ref)

    def test_known_at_once(self):
        tx = self.create_paid_tx(amount=100.0)
        self.assertFee(tx)
        self.assertEqual(tx.gateway_receipt, self._find_charge(tx)["id"])
        self.assertFalse(tx.pg_next_poll_at)

    def test_null_then_filled_by_webhook(self):
        self.sandbox.update(self.account, settle_seconds=1)
        self.addCleanup(self.sandbox.update, self.account, settle_seconds=0)
        tx = self.create_paid_tx(amount=100.0)
        self.assertFalse(tx.gateway_fee_currency_id)
        self.assertTrue(tx.pg_next_poll_at)
        event = self._wait_for("charge.updated", tx)
        self.post_event(event)
        self.assertFee(tx)
        self.assertFalse(tx.pg_next_poll_at)

    def test_null_then_filled_by_poll(self):
        self.sandbox.update(self.account, settle_seconds=1)
        self.addCleanup(self.sandbox.update, self.account, settle_seconds=0)
        tx = self.create_paid_tx(amount=100.0)
        self._wait_for("charge.updated", tx)
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertFee(tx)

    def _wait_for(self, kind, tx):
        for _ in range(60):
            try:
                return self.find_event(kind, tx)
            except AssertionError:
                time.sleep(0.1)
        return self.find_event(kind, tx)

    def test_same_currency_has_no_rate(self):
        account = self.sandbox.create_account("stripe", currency="PGK")
        self.addCleanup(self.sandbox.delete_account, account)
        self.provider.pg_secret_key = account["secret_key"]
        tx = self.create_paid_tx(amount=100.0)
        self.assertEqual((tx.gateway_fee_currency_id, tx.gateway_rate), (self.pgk, 1.0))
