from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

LOGGER = "odoo.addons.pg_payments.models.payment_transaction_poll"
DUE = "2020-01-01 00:00:00"


@tagged("post_install", "-at_install", "pg")
class TestPoll(StripeCase):
    """Payers who close the tab and news that never comes."""

    def test_tab_closed_after_paying(self):
        tx = self.create_open_tx()
        self.pay(tx)
        self.run_polls()
        self.assertEqual(tx.state, "draft", "It is not due yet")
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertEqual(tx.state, "done")
        self.assertFalse(tx.pg_next_poll_at)

    def test_slower_and_slower_to_the_end(self):
        tx = self.create_open_tx()
        pauses = []
        for _ in range(3):
            tx.pg_next_poll_at = DUE
            self.run_polls()
            pauses.append((tx.pg_next_poll_at - tx.write_date).total_seconds())
        self.assertEqual(tx.pg_poll_count, 3)
        self.assertLess(pauses[0], pauses[1])
        self.assertLess(pauses[1], pauses[2])
        self.pay(tx, "expire")
        tx.pg_next_poll_at = DUE
        self.run_polls()
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(tx.pg_next_poll_at)

    @mute_logger(LOGGER)
    def test_outage_of_one_does_not_stop_the_others(self):
        first, second = self.create_open_tx(), self.create_open_tx()
        self.pay(first)
        self.pay(second)
        first.pg_next_poll_at = DUE
        second.pg_next_poll_at = "2020-01-02 00:00:00"
        path = f"GET /v1/checkout/sessions/{first.pg_checkout_ref}"
        self.sandbox.add_fault(self.account, path, "http_500_html", times=3)
        self.run_polls()
        self.sandbox.clear_faults(self.account)
        self.assertEqual((first.state, second.state), ("draft", "done"))
        self.assertEqual(first.pg_poll_count, 1)
        self.assertGreater(first.pg_next_poll_at, first.create_date)

    def test_abandoned_page_is_closed_at_the_gateway(self):
        tx = self.create_open_tx()
        before = len(self.sandbox.calls(self.account))
        tx._pg_abandon()
        self.assertEqual(len(self.sandbox.calls(self.account)), before, "No call in the request")
        self.run_polls()
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(self.find_session(tx)["status"], "expired")

    def test_abandoned_page_that_was_paid_first_is_honoured(self):
        tx = self.create_open_tx()
        self.pay(tx)
        tx._pg_abandon()
        self.run_polls()
        self.assertEqual(tx.state, "done")
