from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..worker import command
from ..worker.reading import read_links
from .common import MongoCase

CHAIN = "pg_ledger_chain_kept"
FROZEN = {
    "pg_ledger_chain": CHAIN,
    "pg_ledger_posting": "pg_ledger_posting_frozen",
    "pg_ledger_entry": "pg_ledger_entry_frozen",
}


@tagged("post_install", "-at_install", "pg")
class TestRecovery(MongoCase):
    """PostgreSQL restored to an older point: nothing is overwritten, nothing comes back unseen."""

    def setUp(self):
        super().setUp()
        first = self.post(subject_ref="T-1", payload={"é": [1, None]})
        for _ in range(4):
            self.post()
        self.post(
            kind="adjustment", subject=first.subject, postings=self.legs("-1.0000"), corrects=first
        )
        self.run_mirror()
        self.before = read_links(self.env.cr, self.seller.id, 0, 10)
        self.documents = list(self.events.find().sort("_id"))

    def restore_older(self, last):
        """Take the newest entries out of PostgreSQL, as a restored dump has them not."""
        self.check_now()
        cr = self.env.cr
        cr.execute(
            "SELECT entry_id FROM pg_ledger_chain WHERE company_id = %s AND seq > %s",
            [self.seller.id, last],
        )
        ids = [row[0] for row in cr.fetchall()]
        for table, trigger in FROZEN.items():
            column = "id" if table == "pg_ledger_entry" else "entry_id"
            cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            cr.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])
            cr.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        self.env.invalidate_all()
        self.run_mirror()
        return self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])

    def review(self, conflict):
        """Ask for the review as an administrator, and let the cron read."""
        action = self.as_user(conflict, "admin").action_recover()
        with self.enter_registry_test_mode():
            self.env["pg.ledger.recovery"]._read(self.env.registry, action["res_id"])
        recovery = self.env["pg.ledger.recovery"].browse(action["res_id"])
        recovery.invalidate_recordset()
        return self.as_user(recovery, "admin")

    def test_lost_entries_come_back_as_they_were(self):
        conflict = self.restore_older(3)
        self.assertEqual((conflict.kind, conflict.seq), ("ahead", 6))
        recovery = self.review(conflict)
        self.assertEqual((recovery.sound_count, recovery.fault_count), (3, 0))
        self.assertEqual(recovery.line_ids.mapped("seq"), [4, 5, 6])
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3], "nothing comes back by itself")
        with self.assertRaises(UserError):
            recovery.action_accept()
        recovery.reason = "The backup of Tuesday was older, see ticket 12."
        recovery.action_accept()
        self.check_now()
        self.assertEqual(read_links(self.env.cr, self.seller.id, 0, 10), self.before)
        self.assertEqual(conflict.state, "resolved")
        self.assertEqual(recovery.decided_by_id, self.users[self.seller, "admin"])
        with self.assertRaises(UserError):
            recovery.action_accept()
        self.post()
        self.assertEqual(self.run_mirror().delivered, 1)
        self.assertEqual(self.verify().state, "clean")
        self.assertEqual(list(self.events.find().sort("_id"))[:6], self.documents)

    def test_command_makes_the_review_and_puts_nothing_back(self):
        self.restore_older(3)
        with self.enter_registry_test_mode():
            for _time in range(2):
                self.assertTrue(command.recover(self.env.registry, self.seller.id))
            self.assertTrue(command.recover(self.env.registry, self.other_seller.id))
        review = self.env["pg.ledger.recovery"].search([])
        self.assertEqual((review.company_id, review.state), (self.seller, "review"))
        self.assertEqual((review.sound_count, review.fault_count), (3, 0))
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3])

    def test_what_the_chain_does_not_prove_stays_out(self):
        conflict = self.restore_older(3)
        place = {"_id": f"{self.seller.id}:000000000005"}
        self.events.update_one(place, {"$set": {"subject_ref": "T-LIE"}})
        recovery = self.review(conflict)
        self.assertEqual((recovery.sound_count, recovery.fault_count), (1, 2))
        self.assertIn("not that of its content", recovery.line_ids[1].fault)
        self.assertIn("follows position 5", recovery.line_ids[2].fault)
        recovery.reason = "The first is good."
        recovery.action_accept()
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3, 4])
        self.assertEqual(conflict.state, "open")

    def test_an_event_posted_again_since_is_named(self):
        conflict = self.restore_older(3)
        self.post(key=self.documents[3]["key"])
        recovery = self.review(conflict)
        self.assertEqual((recovery.sound_count, recovery.fault_count), (0, 3))
        self.assertIn("posted this event again", recovery.line_ids[0].fault)
        recovery.reason = "x"
        with self.assertRaises(UserError):
            recovery.action_accept()

    def test_a_ledger_that_went_on_is_not_written_into(self):
        conflict = self.restore_older(3)
        recovery = self.review(conflict)
        own = self.as_user(conflict, "admin")
        own.reason = "By mistake."
        self.env["pg.ledger.conflict"].browse(conflict.id).state = "resolved"
        self.env.flush_all()
        self.post()
        from ..worker.sequencer import sequence_company

        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 1)
        recovery.reason = "Too late."
        with self.assertRaises(UserError):
            recovery.action_accept()
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3, 4])
        with mute_logger("odoo.addons.pg_ledger.worker.loop"):
            self.run_mirror()
        self.assertEqual(list(self.events.find().sort("_id")), self.documents)

    def test_refused_changes_nothing(self):
        conflict = self.restore_older(3)
        recovery = self.review(conflict)
        recovery.reason = "Another backup is newer."
        recovery.action_refuse()
        self.assertEqual((recovery.state, conflict.state), ("refused", "open"))
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3])

    def test_only_administrators_of_the_company_decide(self):
        conflict = self.restore_older(3)
        recovery = self.review(conflict)
        for role in ("viewer", "operator", "manager"):
            with self.subTest(role=role):
                self.assertEqual(self.as_user(recovery, role).sound_count, 3)
                for refused in (
                    lambda role=role: self.as_user(conflict, role).action_recover(),
                    lambda role=role: self.as_user(recovery, role).action_accept(),
                    lambda role=role: self.as_user(recovery, role).write({"reason": "x"}),
                ):
                    with self.assertRaises(AccessError):
                        refused()
        stranger = self.users[self.other_seller, "admin"]
        for record in (recovery, recovery.line_ids[0]):
            with self.assertRaises(AccessError):
                record.with_user(stranger).with_company(self.other_seller).read()
        with self.assertRaises(UserError):
            recovery.write({"state": "done"})
        self.assertEqual(self.links().mapped("seq"), [1, 2, 3])
