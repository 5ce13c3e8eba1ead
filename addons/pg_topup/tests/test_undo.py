from datetime import timedelta

from odoo.addons.pg_topup.clock import now
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestUndo(TopupCase):
    def setUp(self):
        super().setUp()
        self.seller.pg_undo_seconds = 30

    def test_waits_for_the_window_then_sends(self):
        topup = self.sell()
        self.assertTrue(28 <= topup._get_undo_seconds() <= 30)
        self.assertEqual(topup._get_public_status()["undo_seconds"], topup._get_undo_seconds())
        self.dispatch()
        self.assertEqual((topup.state, topup.attempt_ids.ids), ("paid", []))
        topup.undo_until = now()
        self.make_due(topup)
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(topup._get_public_status()["undo_seconds"], 0)

    def test_undone_is_refunded_and_never_sent(self):
        topup = self.sell()
        self.assertEqual(self.env["pg.topup"]._undo(topup.access_token), topup)
        self.assertEqual((topup.state, topup.is_undone), ("failed", True))
        self.assertEqual(topup._get_public_status()["title"], "Taken back")
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertEqual(sorted(self.kinds(topup)), ["fee", "paid", "refunded"])
        self.assertFalse(self.sends(topup))

    def test_a_second_click_changes_nothing(self):
        topup = self.sell()
        self.env["pg.topup"]._undo(topup.access_token)
        events = len(topup.event_ids)
        self.assertEqual(self.env["pg.topup"]._undo(topup.access_token), topup)
        self.assertEqual(len(topup.event_ids), events)

    def test_too_late(self):
        topup = self.sell()
        topup.undo_until = now() - timedelta(seconds=1)
        with self.assertRaises(UserError):
            self.env["pg.topup"]._undo(topup.access_token)
        self.assertEqual((topup.state, topup.refund_state), ("paid", "none"))

    def test_not_once_it_was_claimed(self):
        topup = self.sell()
        self.make_due(topup)
        self.assertEqual(len(self.claim(1)), 1)
        with self.assertRaises(UserError):
            self.env["pg.topup"]._undo(topup.access_token)
        self.assertEqual((topup.state, topup.refund_state), ("processing", "none"))

    def test_not_before_it_is_paid_nor_with_another_token(self):
        topup = self.place()
        for token in (topup.access_token, "x" * 32, "", None, [topup.access_token]):
            with self.assertRaises(UserError):
                self.env["pg.topup"]._undo(token)
        self.assertEqual(topup.state, "pending")

    def test_no_window_no_undo(self):
        self.seller.pg_undo_seconds = 0
        topup = self.sell()
        with self.assertRaises(UserError):
            self.env["pg.topup"]._undo(topup.access_token)
        self.dispatch()
        self.assertEqual(topup.state, "completed")

    @mute_logger("odoo.sql_db")
    def test_window_is_a_minute_at_most(self):
        for seconds in (-1, 61):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.seller.pg_undo_seconds = seconds
                self.env.flush_all()
