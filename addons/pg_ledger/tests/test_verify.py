import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from bson.decimal128 import Decimal128
from bson.int64 import Int64
from odoo.addons.pg_base.tools import options
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.canonical import entry_hash
from ..tools.document import from_document
from .common import MongoCase

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "verify_ledger.py"


@tagged("post_install", "-at_install", "pg")
class TestVerify(MongoCase):
    """Each way to tamper with MongoDB is found and named with its position (I3, I8)."""

    def setUp(self):
        super().setUp()
        for _ in range(5):
            self.post()
        self.post(company=self.other_seller)
        self.assertEqual(self.run_mirror().delivered, 6)
        quiet = mute_logger("odoo.addons.pg_ledger.models.pg_ledger_verify")
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def at(self, seq):
        return {"_id": f"{self.seller.id}:{seq:012d}"}

    def put(self, document):
        """Store a forged document past the validator, as an intruder with all rights could."""
        self.events.database.command(
            "insert", "events", documents=[document], bypassDocumentValidation=True
        )

    def replace(self, seq, change):
        """Change a stored document past the validator."""
        self.events.database.command(
            "update",
            "events",
            updates=[{"q": self.at(seq), "u": {"$set": change}}],
            bypassDocumentValidation=True,
        )

    def test_clean(self):
        run = self.verify()
        self.assertEqual((run.state, run.checked_count, run.finding_count), ("clean", 5, 0))
        self.assertEqual(run.last_hash, self.links()[-1].hash)
        self.assertEqual(run.progress, 100)

    def forge(self, document, **change):
        """Return a document whose hash fits what it says."""
        forged = document | change
        digest = entry_hash(from_document(forged), forged["seq"], forged["prev"])
        return forged | {"hash": digest}

    def test_missing_is_named_and_delivered_again(self):
        self.events.delete_one(self.at(3))
        run = self.verify()
        self.assertEqual(self.named(run), [("missing", 3), ("total", 0), ("total", 0)])
        with self.assertRaises(AccessError):
            self.as_user(run, "manager").action_redeliver_missing()
        self.as_user(run, "admin").action_redeliver_missing()
        self.assertEqual(self.run_mirror().delivered, 1)
        self.assertEqual(self.verify().state, "clean")
        self.assertFalse(self.conflicts())

    def test_last_missing(self):
        self.events.delete_one(self.at(5))
        self.assertIn(("missing", 5), self.named(self.verify()))

    def test_all_missing_is_one_finding(self):
        self.events.delete_many({"company_id": self.seller.id})
        run = self.verify()
        missing = run.finding_ids.filtered(lambda finding: finding.kind == "missing")
        self.assertEqual((missing.seq, missing.last_seq), (1, 5))
        self.assertEqual(run.finding_count, 5 + 2)
        self.assertEqual(self.verify(self.other_seller).state, "clean")
        self.as_user(run, "admin").action_redeliver_missing()
        self.assertEqual(self.run_mirror().delivered, 5)
        self.assertEqual(self.verify().state, "clean")

    def test_changed_amount(self):
        self.replace(2, {"postings.0.amount": Decimal128("99.0000")})
        run = self.verify()
        self.assertEqual(self.named(run), [("changed", 2), ("total", 0)])
        details = " ".join(run.finding_ids.mapped("detail"))
        self.assertIn("Differs in postings", details)
        self.assertIn("62.5000 (company value 62.5000) in PostgreSQL, 149.0000", details)

    def test_changed_to_a_double(self):
        self.replace(2, {"postings.0.amount": 12.5})
        self.assertEqual(self.named(self.verify()), [("changed", 2)])

    def test_changed_to_what_cannot_be_read(self):
        for change in (
            {"postings": 5},
            {"occurred_at": None},
            {"occurred_at": Int64(2**62)},
            {"payload": None},
            {"prev": 1},
            {"company_currency": "\0"},
        ):
            with self.subTest(change=change):
                good = self.store.events.find_one(self.at(2))
                self.replace(2, change)
                self.assertIn(("changed", 2), self.named(self.verify()))
                self.replace(2, good)

    def test_order_of_fields(self):
        document = self.store.events.find_one(self.at(2))
        self.events.delete_one(self.at(2))
        self.put({"_id": document["_id"]} | dict(reversed(document.items())))
        found = self.verify().finding_ids
        self.assertEqual((found.seq, "order of its fields" in found.detail), (2, True))

    def test_forged_in_place(self):
        """Changed together with its hash, by somebody who knows the form."""
        document = self.store.events.find_one(self.at(5))
        forged = self.forge(document, subject_ref="T-FORGED")
        self.replace(5, {"subject_ref": "T-FORGED", "hash": forged["hash"]})
        self.assertEqual(self.named(self.verify()), [("forged", 5)])

    def test_changed_hash(self):
        self.replace(2, {"hash": "c" * 64})
        self.assertEqual(self.named(self.verify()), [("changed", 2)])

    def test_added_field(self):
        self.replace(2, {"note": "forged"})
        self.assertEqual(self.named(self.verify()), [("changed", 2)])

    def test_changed_position(self):
        """A document that was moved is found where its _id says it belongs, once."""
        for number in (Int64(4), Int64(99), "2", 2.5, None, float("nan"), Int64(-1)):
            with self.subTest(number=number):
                self.replace(2, {"seq": number})
                self.assertIn(("changed", 2), self.named(self.verify()))
                self.assertNotIn("extra", {kind for kind, _seq in self.named(self.verify())})
        self.replace(2, {"seq": Int64(2)})
        self.assertEqual(self.verify().state, "clean")

    def test_extra_at_the_end(self):
        document = self.store.events.find_one(self.at(5))
        self.put(document | self.at(6) | {"seq": Int64(6), "subject_seq": 50})
        self.assertEqual(self.named(self.verify()), [("extra", 6)])

    def test_forged_at_the_end(self):
        last = self.store.events.find_one(self.at(5))
        change = {"seq": Int64(6), "subject_seq": 50, "prev": last["hash"], **self.at(6)}
        self.put(self.forge(last, **change))
        self.assertEqual(self.named(self.verify()), [("forged", 6)])

    def test_extra_in_the_middle(self):
        forged = self.store.events.find_one(self.at(3))
        self.put(forged | {"_id": "x", "subject_seq": 50})
        self.assertIn(("extra", 3), self.named(self.verify()))

    def test_forged_under_no_company_or_position(self):
        forged = self.store.events.find_one(self.at(3))
        self.put(forged | {"_id": "y", "company_id": 999999, "subject_seq": 50})
        self.put(forged | {"_id": "z", "seq": "3", "subject_seq": 51})
        self.put(forged | {"_id": "n", "seq": None, "subject_seq": 52})
        self.assertEqual(self.named(self.verify()), [("extra", 0)] * 3)

    def test_reordered(self):
        second = self.store.events.find_one(self.at(2))
        third = self.store.events.find_one(self.at(3))
        self.events.delete_many({"_id": {"$in": [second["_id"], third["_id"]]}})
        self.put(third | {"_id": second["_id"], "seq": second["seq"]})
        self.put(second | {"_id": third["_id"], "seq": third["seq"]})
        self.assertEqual(self.named(self.verify()), [("reordered", 2), ("reordered", 3)])

    def test_tampered_document_is_quarantined_until_a_person_decides(self):
        good = self.store.events.find_one(self.at(2))
        self.replace(2, {"subject_ref": "T-LIE"})
        self.verify()
        self.verify()
        conflict = self.conflicts()
        self.assertEqual((conflict.kind, conflict.seq, conflict.state), ("changed", 2, "open"))
        self.assertEqual(conflict.entry_id, self.links()[1].entry_id)
        self.assertEqual(self.events.find_one(self.at(2))["subject_ref"], "T-LIE")
        kept = self.store.meta["conflicts"].find_one({"kind": "changed", "seq": 2})
        self.assertEqual(kept["found"]["subject_ref"], "T-LIE")
        admin_conflict = self.as_user(conflict, "admin")
        with self.assertRaises(UserError):
            admin_conflict.action_resolve()
        admin_conflict.reason = "Put right by the database administrator, see ticket 12."
        admin_conflict.action_resolve()
        self.assertEqual(self.run_mirror().refused, 0, "its hash still stands there")
        self.verify()
        self.assertEqual(self.conflicts().mapped("state"), ["open", "resolved"])
        self.replace(2, good)
        self.assertEqual(self.verify().state, "clean")

    def conflicts(self):
        return self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])

    def test_tail_covers_what_is_new(self):
        with patch("odoo.addons.pg_ledger.models.pg_ledger_verify.TAIL_OVERLAP", 1):
            self.verify()
            for _ in range(3):
                self.post()
            self.run_mirror()
            run = self.verify(scope="tail")
            self.assertEqual((run.state, run.from_seq, run.checked_count), ("clean", 4, 4))
            self.events.delete_one(self.at(2))
            self.replace(8, {"key": "x"})
            run = self.verify(scope="tail")
        self.assertEqual((run.from_seq, self.named(run)), (7, [("changed", 8)]))

    def test_many_batches_and_spans(self):
        for _ in range(8):
            self.post()
        self.run_mirror()
        with (
            patch("odoo.addons.pg_ledger.worker.verify.VERIFY_BATCH", 3),
            patch("odoo.addons.pg_ledger.worker.totals.SPAN", 4),
        ):
            run = self.verify()
            self.assertEqual((run.state, run.checked_count, run.total_count), ("clean", 13, 2))
            self.events.delete_many({"_id": {"$in": [self.at(n)["_id"] for n in (3, 4, 9)]}})
            self.replace(12, {"kind": "fee"})
            found = self.named(self.verify())
        self.assertEqual(
            [f for f in found if f[1]], [("changed", 12), ("missing", 3), ("missing", 9)]
        )

    def test_waiting_links_are_not_missing(self):
        self.post()
        with self.enter_registry_test_mode():
            from ..worker import loop

            loop._sequence(self.env.registry, loop.Run(), lambda: False)
        run = self.verify()
        self.assertEqual((run.state, run.head_seq, run.checked_count), ("clean", 6, 5))

    def test_tampered_postgresql(self):
        """Somebody switched the guards off: the chain and MongoDB are the witnesses."""
        self.check_now()
        self.env.cr.execute("ALTER TABLE pg_ledger_entry DISABLE TRIGGER pg_ledger_entry_frozen")
        self.env.cr.execute(
            "UPDATE pg_ledger_entry SET subject_ref = 'T-LIE' WHERE id = %s",
            [self.links()[1].entry_id.id],
        )
        self.env.cr.execute(
            "ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_frozen"
        )
        self.assertEqual(self.named(self.verify()), [("bad_source", 2)])

    def run_script(self):
        """Run the stand-alone verifier on this class's database."""
        if not SCRIPT.exists():
            self.skipTest("tools/verify_ledger.py is not beside the addons")
        uri = options.get("pg_mongo_uri")
        command = [sys.executable, str(SCRIPT), uri, "--database", f"{self.prefix}_ledger"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    def test_entry_that_was_taken_out_of_the_outbox(self):
        """With the guards switched off an entry can vanish from the chain, not from sight."""
        lost = self.post()
        self.check_now()
        trigger = "TRIGGER pg_ledger_outbox_kept"
        self.env.cr.execute(f"ALTER TABLE pg_ledger_outbox DISABLE {trigger}")
        self.env.cr.execute("DELETE FROM pg_ledger_outbox WHERE entry_id = %s", [lost.id])
        self.env.cr.execute(f"ALTER TABLE pg_ledger_outbox ENABLE ALWAYS {trigger}")
        run = self.verify()
        self.assertEqual(self.named(run), [("bad_source", 0)])
        self.assertIn(lost.key, run.finding_ids.detail)

    def test_script_without_odoo(self):
        status, output = self.run_script()
        self.assertEqual(status, 0, output)
        self.assertIn("6 documents, 0 findings", output)
        self.assertIn(self.links()[-1].hash, output)
        self.events.delete_one(self.at(2))
        self.replace(4, {"payload": {"x": 1.0}})
        self.put(self.store.events.find_one(self.at(5)) | {"_id": "x", "subject_seq": 50})
        status, output = self.run_script()
        self.assertEqual(status, 1, output)
        lines = [line.split()[:5] for line in output.splitlines()]
        company = str(self.seller.id)
        for kind, seq in (("gap", "3"), ("bad_hash", "4"), ("extra", "5")):
            self.assertIn([kind, "company", company, "position", seq], lines)
        self.assertIn("6 documents, 3 findings", output)

    def test_button_queues_for_the_own_company_only(self):
        before = self.env["pg.ledger.verify"].search([])
        Verify = self.as_user(self.env["pg.ledger.verify"], "viewer")
        Verify.action_queue(self.seller + self.other_seller)
        Verify.action_queue()
        runs = self.env["pg.ledger.verify"].search([]) - before
        self.assertEqual(runs.company_id, self.seller)
        self.assertEqual((len(runs), runs.state), (1, "queued"))

    def test_question_what_to_verify(self):
        before = self.env["pg.ledger.verify"].search([])
        Ask = self.as_user(self.env["pg.ledger.verify.ask"], "viewer")
        action = Ask.create({"scope": "tail"}).action_verify()
        run = self.env["pg.ledger.verify"].search([]) - before
        self.assertEqual((run.company_id, run.scope), (self.seller, "tail"))
        self.assertEqual(action["res_id"], run.id)
        with self.assertRaises(UserError):
            Ask.create({"company_ids": False}).action_verify()
        with self.assertRaises(AccessError):
            Ask.create({"company_ids": self.other_seller.ids})
        self.assertEqual(self.env["pg.ledger.verify"].search([]) - before, run)
