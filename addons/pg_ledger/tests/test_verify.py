import subprocess
import sys
from pathlib import Path

from bson.decimal128 import Decimal128
from bson.int64 import Int64
from odoo.addons.pg_base.tools import options
from odoo.exceptions import AccessError
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

    def test_missing_is_named_and_delivered_again(self):
        self.events.delete_one(self.at(3))
        run = self.verify()
        self.assertEqual(self.named(run), [("gap", 4), ("missing", 3)])
        with self.assertRaises(AccessError):
            self.as_user(run, "manager").action_redeliver_missing()
        self.as_user(run, "admin").action_redeliver_missing()
        self.assertEqual(self.run_mirror().delivered, 1)
        self.assertEqual(self.verify().state, "clean")

    def test_last_missing(self):
        self.events.delete_one(self.at(5))
        self.assertEqual(self.named(self.verify()), [("missing", 5)])

    def test_all_missing(self):
        self.events.delete_many({"company_id": self.seller.id})
        self.assertEqual(self.named(self.verify()), [("missing", seq) for seq in range(1, 6)])
        self.assertEqual(self.verify(self.other_seller).state, "clean")

    def test_changed_amount(self):
        self.replace(2, {"postings.0.amount": Decimal128("99.0000")})
        self.assertEqual(self.named(self.verify()), [("bad_hash", 2), ("different", 2)])

    def test_changed_to_a_double(self):
        self.replace(2, {"postings.0.amount": 12.5})
        self.assertEqual(self.named(self.verify()), [("bad_hash", 2)])

    def test_changed_with_its_hash(self):
        document = self.store.events.find_one(self.at(5)) | {"subject_ref": "T-FORGED"}
        digest = entry_hash(from_document(document), 5, document["prev"])
        self.replace(5, {"subject_ref": "T-FORGED", "hash": digest})
        self.assertEqual(self.named(self.verify()), [("different", 5)])

    def test_changed_hash_breaks_the_link_after_it(self):
        self.replace(2, {"hash": "c" * 64})
        self.assertEqual(
            self.named(self.verify()), [("bad_hash", 2), ("broken_link", 3), ("different", 2)]
        )

    def test_added_field(self):
        self.replace(2, {"note": "forged"})
        self.assertEqual(self.named(self.verify()), [("bad_hash", 2)])

    def test_forged_at_the_end(self):
        forged = self.store.events.find_one(self.at(5))
        self.put(forged | self.at(6) | {"seq": Int64(6), "subject_seq": 50})
        self.assertEqual(self.named(self.verify()), [("extra", 6)])

    def test_forged_double(self):
        forged = self.store.events.find_one(self.at(3))
        self.put(forged | {"_id": "x", "subject_seq": 50})
        kinds = {kind for kind, _seq in self.named(self.verify())}
        self.assertIn("extra", kinds)

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
        found = self.named(self.verify())
        for expected in (("bad_hash", 2), ("bad_hash", 3), ("different", 2), ("different", 3)):
            self.assertIn(expected, found)

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
        self.assertEqual(self.named(self.verify()), [("bad_source", 2), ("different", 2)])

    def run_script(self):
        """Run the stand-alone verifier on this class's database."""
        if not SCRIPT.exists():
            self.skipTest("tools/verify_ledger.py is not beside the addons")
        uri = options.get("pg_mongo_uri")
        command = [sys.executable, str(SCRIPT), uri, "--database", f"{self.prefix}_ledger"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

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
