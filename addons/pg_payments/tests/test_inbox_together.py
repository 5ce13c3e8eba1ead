from odoo.addons.pg_payments import inbox_cron
from odoo.addons.pg_payments.ports import GatewayEvent
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import StripeCase

QUESTIONS = "GET /v1/checkout/sessions/*"
EVENT_LOGGER = "odoo.addons.pg_payments.models.pg_payment_event"


@tagged("post_install", "-at_install", "pg")
class TestInboxTogether(StripeCase):
    """News of several payments in one database transaction; here a savepoint stands for it."""

    def keep_news(self, count):
        """Pay so many payments; return them and their news, two each, that nobody processed."""
        txs, events = self.env["payment.transaction"], self.env["pg.payment.event"]
        for _number in range(count):
            tx = self.create_open_tx()
            self.pay(tx)
            payment = self.find_session(tx)["payment_intent"]
            for name in ("first", "second"):
                news = GatewayEvent(
                    f"evt_{name}_{tx.id}",
                    "test",
                    "payment",
                    reference=tx.reference,
                    payment_id=payment,
                )
                events += events._take_in(self.provider, news)
            txs += tx
        self.env.flush_all()
        return txs, events

    def work_off(self):
        """Let the cron run once; return how often the gateway was asked."""
        before = self.count_calls(QUESTIONS)
        self.env["pg.payment.event"]._cron_retry()
        self.env.invalidate_all()
        return self.count_calls(QUESTIONS) - before

    def count_transactions(self, events):
        """Return how many database transactions have written these events."""
        self.env.cr.execute(
            "SELECT count(DISTINCT xmin::text) FROM pg_payment_event WHERE id = ANY(%s)",
            [events.ids],
        )
        return self.env.cr.fetchone()[0]

    def test_all_lanes_have_work_and_payments_share_it(self):
        txs, events = self.keep_news(6)
        self.assertEqual(self.work_off(), 6, "One question for each payment")
        self.assertEqual(events.mapped("state"), ["done"] * 12)
        self.assertEqual(txs.mapped("state"), ["done"] * 6)
        self.assertEqual(self.count_transactions(events), 3, "Two payments each, for four lanes")
        self.assertEqual(set(txs.mapped("gateway_version")), {2}, "Opened, and settled once")

    def test_news_of_what_is_booked_locks_and_asks_nothing(self):
        txs, _events = self.keep_news(2)
        self.work_off()
        versions, later = txs.mapped("gateway_version"), self.env["pg.payment.event"]
        for tx in txs:
            news = GatewayEvent(
                f"evt_late_{tx.id}",
                "test",
                "payment",
                reference=tx.reference,
                payment_id=tx.pg_payment_ref,
            )
            later += later._take_in(self.provider, news)
        self.env.flush_all()
        self.assertEqual(self.work_off(), 0)
        self.assertEqual(later.mapped("state"), ["done"] * 2)
        self.assertEqual(later.transaction_id, txs)
        self.assertEqual(txs.mapped("gateway_version"), versions, "Who sends it holds the lock")

    def test_news_of_another_payment_is_looked_at(self):
        txs, _events = self.keep_news(1)
        self.work_off()
        [version] = txs.mapped("gateway_version")
        news = GatewayEvent(
            "evt_other", "test", "payment", reference=txs.reference, payment_id="pi_other"
        )
        self.env["pg.payment.event"]._take_in(self.provider, news)
        self.env.flush_all()
        self.assertEqual(self.work_off(), 1, "Its own page")
        self.assertEqual(self.count_calls("GET /v1/payment_intents/*"), 1, "The other payment")

    @mute_logger(EVENT_LOGGER)
    def test_one_that_breaks_spoils_no_other(self):
        txs, events = self.keep_news(8)
        path = f"GET /v1/checkout/sessions/{txs[1].pg_checkout_ref}"
        self.sandbox.add_fault(self.account, path, "http_500", times=6)
        # Two events that fail, three calls of the SDK each; its neighbour was asked before it.
        self.assertEqual(self.work_off(), 2 * 3 + 2 + 6)
        self.assertEqual(events[2:4].mapped("state"), ["failed", "failed"])
        self.assertEqual(events[2:4].mapped("tries"), [1, 1])
        self.assertIn("Unknown", events[2].note)
        self.assertEqual(txs[1].state, "draft")
        others, their_events = txs - txs[1], events - events[2:4]
        self.assertEqual(others.mapped("state"), ["done"] * 7)
        self.assertEqual(their_events.mapped("state"), ["done"] * 14)
        self.sandbox.clear_faults(self.account)
        events[2:4].next_try_at = "2020-01-01 00:00:00"
        self.env.flush_all()
        self.assertEqual(self.work_off(), 1)
        self.assertEqual((txs[1].state, set(events.mapped("state"))), ("done", {"done"}))

    @mute_logger(EVENT_LOGGER)
    def test_a_fault_of_ours_is_kept_with_its_event(self):
        txs, events = self.keep_news(2)
        # Sealed by another key, as after a restore with the wrong one.
        self.env.cr.execute(
            "UPDATE payment_provider SET pg_secret_key = 'broken' WHERE id = %s", [self.provider.id]
        )
        self.provider.invalidate_recordset()
        self.work_off()
        self.assertEqual(events.mapped("state"), ["failed"] * 4)
        self.assertEqual(events.mapped("tries"), [1] * 4)
        self.assertEqual(txs.mapped("state"), ["draft"] * 2)

    def test_what_takes_long_takes_on_no_more(self):
        self.patch(inbox_cron, "TOGETHER_SECONDS", 0)
        txs, events = self.keep_news(6)
        self.assertEqual(self.work_off(), 6)
        self.assertEqual(set(events.mapped("state")) | set(txs.mapped("state")), {"done"})
        self.assertEqual(self.count_transactions(events), 12, "Each event by itself")
