import os
import uuid
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from pymongo.errors import WriteError

from ..tools.document import from_document, to_document
from ..worker import loop
from ..worker.mirror import _find_runs, deliver_batch
from ..worker.reading import read_links
from .common import MongoCase

NOWHERE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"
LOOP_LOG = "odoo.addons.pg_ledger.worker.loop"


@tagged("post_install", "-at_install", "pg")
class TestMirror(MongoCase):
    def test_documents_equal_the_entries(self):
        """I1: after the outbox drains both sides hold the same, field by field."""
        self.post(payload={"é": [1, None, True, "x"]})
        self.post(company=self.other_seller)
        wrong = self.post(postings=self.legs("0.1234"))
        self.post(kind="adjustment", postings=self.legs("-0.1234"), corrects=wrong)
        run = self.run_mirror()
        self.assertEqual((run.chained, run.delivered, run.refused, run.away), (4, 4, 0, False))
        self.assertEqual(self.events.count_documents({}), 4)
        for company in (self.seller, self.other_seller):
            for seq, prev, digest, mirrored, entry in read_links(self.env.cr, company.id, 0, 10):
                found = self.store.events.find_one({"_id": f"{company.id}:{seq:012d}"})
                self.assertTrue(mirrored)
                self.assertEqual((found["prev"], found["hash"]), (prev, digest))
                self.assertEqual(from_document(found), entry)

    def test_totals_are_equal_as_exact_decimals(self):
        """I4: MongoDB sums to the cent what PostgreSQL sums."""
        for amount in ("0.1", "0.2", "12.5", "99.9999"):
            self.post(postings=self.legs(amount))
        self.run_mirror()
        rows = self.events.aggregate(
            [
                {"$match": {"company_id": self.seller.id}},
                {"$unwind": "$postings"},
                {"$group": {"_id": "$postings.account", "sum": {"$sum": "$postings.amount"}}},
            ]
        )
        found = {row["_id"]: row["sum"].to_decimal() for row in rows}
        known = {
            balance.account: balance.amount
            for balance in self.env["pg.ledger.posting"]._balances(self.seller)
        }
        self.assertEqual(found, known)
        self.assertEqual(known["customer"], Decimal("-112.7999"))

    def test_redelivery_changes_nothing(self):
        """I7: a crash after the insert leads to the same documents, once."""
        self.post()
        self.post()
        self.run_mirror()
        before = list(self.events.find())
        self.assertEqual(self.env["pg.ledger.chain"]._redeliver(self.seller, [1, 2]), 2)
        run = self.run_mirror()
        self.assertEqual((run.delivered, run.refused), (2, 0))
        self.assertEqual(list(self.events.find()), before)
        self.assertTrue(all(self.links().mapped("mirrored_at")))
        self.assertEqual(self.run_mirror().idle, True)

    def test_another_document_in_the_place_is_a_conflict(self):
        self.post()
        self.post()
        self.run_mirror()
        place = {"_id": f"{self.seller.id}:000000000001"}
        self.events.update_one(place, {"$set": {"hash": "f" * 64}})
        self.env["pg.ledger.chain"]._redeliver(self.seller, [1, 2])
        run = self.run_mirror()
        self.assertEqual((run.delivered, run.refused), (1, 1))
        conflict = self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])
        self.assertEqual(
            (conflict.kind, conflict.seq, conflict.found_hash), ("different", 1, "f" * 64)
        )
        self.assertEqual(self.events.find_one({"seq": 1})["hash"], "f" * 64)
        self.assertEqual(self.store.meta["conflicts"].count_documents({"kind": "different"}), 1)
        self.assertTrue(self.run_mirror().idle)
        self.assertEqual(len(conflict.search([("company_id", "=", self.seller.id)])), 1)
        self.post()
        self.assertEqual(self.run_mirror().delivered, 1)

    def test_resolved_conflict_is_tried_again(self):
        self.post()
        blocker = {"_id": "blocker", "hash": "0"}
        self.events.with_options().database.command(
            "insert",
            "events",
            documents=[
                blocker | {"subject": self.Entry.search([], limit=1).subject, "subject_seq": 1}
            ],
            bypassDocumentValidation=True,
        )
        self.assertEqual(self.run_mirror().refused, 1)
        conflict = self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])
        admin_conflict = self.as_user(conflict, "admin")
        with self.assertRaises(UserError):
            admin_conflict.action_resolve()
        admin_conflict.reason = "A forged document was removed by the database administrator."
        self.events.delete_one({"_id": "blocker"})
        admin_conflict.action_resolve()
        self.assertEqual(conflict.resolved_by_id, self.users[self.seller, "admin"])
        self.assertEqual(self.run_mirror().delivered, 1)

    def test_mongodb_away_loses_nothing(self):
        self.post()
        with patch.dict(os.environ, {"PG_MONGO_URI": NOWHERE}), mute_logger(LOOP_LOG):
            run = self.run_mirror()
            self.assertTrue(run.away)
            self.assertEqual((run.chained, run.delivered), (1, 0))
        health = self.env["pg.ledger.mirror"].search([("company_id", "=", self.seller.id)])
        self.assertEqual((health.state, health.undelivered_count), ("away", 1))
        self.assertEqual(health.failures, 1)
        self.assertTrue(health.last_error)
        self.post()
        self.assertEqual(self.run_mirror().delivered, 0, "waits out the back-off")
        self.env.cr.execute("UPDATE pg_ledger_mirror SET retry_at = NULL")
        self.assertEqual(self.run_mirror().delivered, 2)
        health.invalidate_recordset()
        self.assertEqual((health.state, health.failures, health.head_seq), ("ok", 0, 2))

    def test_cron_is_quiet_without_an_address(self):
        self.post()
        with patch.dict(os.environ, {"PG_MONGO_URI": ""}), self.enter_registry_test_mode():
            self.env.ref("pg_ledger.cron_mirror").method_direct_trigger()
        self.assertEqual(self.links().mapped("seq"), [1])

    def test_mongodb_ahead_stops_the_company_only(self):
        self.post()
        self.run_mirror()
        newest = self.events.find_one({"company_id": self.seller.id})
        ahead = newest | {
            "_id": f"{self.seller.id}:000000000002",
            "seq": newest["seq"] + 1,
            "subject_seq": 99,
            "hash": "a" * 64,
        }
        self.store.events.insert_one(ahead | {"seq": type(newest["seq"])(2)})
        self.post()
        self.post(company=self.other_seller)
        run = self.run_mirror()
        self.assertEqual((run.chained, run.delivered), (1, 1))
        conflict = self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])
        self.assertEqual((conflict.kind, conflict.seq), ("ahead", 2))
        health = self.env["pg.ledger.mirror"].search([("company_id", "=", self.seller.id)])
        self.assertEqual((health.state, health.waiting_count), ("stopped", 1))
        self.assertEqual(self.events.count_documents({"company_id": self.seller.id}), 2)
        self.assertTrue(self.run_mirror().idle)
        self.assertEqual(conflict.search_count([("company_id", "=", self.seller.id)]), 1)

    def test_another_chain_in_mongodb_stops_the_company(self):
        self.post()
        self.run_mirror()
        self.events.update_one({"company_id": self.seller.id}, {"$set": {"hash": "b" * 64}})
        self.post()
        self.assertTrue(self.run_mirror().idle)
        conflict = self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])
        self.assertEqual(conflict.kind, "diverged")

    def test_validator_refuses_what_the_mirror_never_writes(self):
        self.post()
        self.run_mirror()
        good = self.events.find_one({})
        for change in (
            {"postings": [leg | {"amount": 12.5} for leg in good["postings"]]},
            {"hash": "ABC"},
            {"seq": 5},
            {"postings": []},
        ):
            forged = good | {"_id": f"{self.seller.id}:000000000009", "subject": uuid.uuid4().hex}
            with self.subTest(change=change), self.assertRaises(WriteError):
                self.store.events.insert_one(forged | change)
        self.assertEqual(self.events.count_documents({}), 1)

    def test_runs_of_positions(self):
        links = [(1, 1), (1, 2), (1, 4), (2, 5), (2, 6)]
        self.assertEqual(_find_runs(links), [[1, 1, 2], [1, 4, 4], [2, 5, 6]])
        self.assertEqual(_find_runs([]), [])

    def test_many_batches_in_one_window(self):
        """Several inserts under way; a refused document in the middle stops none of the others."""
        for _ in range(11):
            self.post()
        self.post(company=self.other_seller)
        with self.enter_registry_test_mode():
            loop._sequence(self.env.registry, loop.Run(), lambda: False)
        self.events.insert_one(self.store_document(5) | {"hash": "f" * 64})
        taken, refusals = deliver_batch(self.env, self.store, limit=12, size=2)
        self.assertEqual((taken, [refusal.index for refusal in refusals]), (12, [0]))
        waiting = self.links().filtered(lambda link: not link.mirrored_at)
        self.assertEqual(waiting.mapped("seq"), [5])
        self.assertEqual(self.events.count_documents({}), 12)

    def store_document(self, seq):
        """Return the document of a position as the mirror will send it."""
        seq, prev, digest, _mirrored, entry = read_links(self.env.cr, self.seller.id, seq - 1, 1)[0]
        return to_document(entry, seq, prev, digest)

    def test_indexes_exist(self):
        names = set(self.events.index_information())
        self.assertEqual(
            names,
            {
                "_id_",
                "company_id_1_seq_1",
                "subject_1_subject_seq_1",
                "company_id_1_occurred_at_-1",
                "company_id_1_kind_1_occurred_at_-1",
            },
        )
