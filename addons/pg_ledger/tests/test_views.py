from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger
from pymongo.errors import OperationFailure

from ..worker import command, loop, views
from .common import MongoCase
from .test_mirror import NOWHERE


@tagged("post_install", "-at_install", "pg")
class TestViews(MongoCase):
    """``ledger_views.transactions``, filling an empty MongoDB, and who may ask for either."""

    def setUp(self):
        super().setUp()
        self.store.transactions.delete_many({})
        self.paid = self.post(subject_ref="T-1")
        self.post(
            kind="refunded",
            subject=self.paid.subject,
            subject_ref="T-1",
            postings=self.legs("-12.50"),
        )
        self.post(company=self.other_seller)
        self.run_mirror()

    def state(self):
        return self.store.transactions.find_one({"_id": self.paid.subject})

    def mirror(self, role="admin"):
        mirror = self.env["pg.ledger.mirror"].search([("company_id", "=", self.seller.id)])
        return self.as_user(mirror, role)

    def test_current_state_of_each_subject(self):
        self.assertEqual(self.store.transactions.count_documents({}), 2)
        found = self.state()
        self.assertEqual((found["state"], found["version"], found["entries"]), ("refunded", 2, 2))
        self.assertEqual((found["seq"], found["hash"]), (2, self.links()[-1].hash))
        self.assertEqual(found["totals"]["paid"].to_decimal(), Decimal("12.5000"))
        self.assertEqual(
            [(row["account"], row["amount"].to_decimal()) for row in found["balances"]],
            [("customer", Decimal("0.0000")), ("gateway:stripe_checkout", Decimal("0.0000"))],
        )
        self.assertEqual(self.mirror().view_seq, 2)

    def test_an_older_write_never_wins(self):
        newest = self.state()
        older = views.read_documents(self.env.cr, self.seller.id, 0, 1)
        self.assertEqual([row["version"] for row in older], [1])
        views.replace_documents(self.store.transactions, older)
        self.assertEqual(self.state(), newest)
        views.replace_documents(self.store.transactions, [newest | {"version": 3}])
        self.assertEqual(self.state()["version"], 3)

    def test_made_anew_from_nothing(self):
        good = self.state()
        self.store.transactions.update_one({"_id": good["_id"]}, {"$set": {"version": 99}})
        self.store.transactions.insert_one({"_id": "forged", "company_id": self.seller.id})
        self.mirror().action_rebuild_views()
        self.run_mirror()
        self.assertEqual(self.state(), good)
        self.assertEqual(self.store.transactions.count_documents({}), 2)

    def test_its_failure_holds_nothing_up(self):
        self.post()
        error = OperationFailure("not allowed", 13)
        with (
            patch.object(type(self.env["pg.ledger.mirror"]), "_project", side_effect=error),
            mute_logger(loop.__name__),
        ):
            run = self.run_mirror()
        self.assertEqual((run.delivered, run.away), (1, False))
        self.assertIn("not allowed", self.mirror().view_error)
        self.run_mirror()
        self.assertFalse(self.mirror().view_error)
        self.assertEqual(self.mirror().view_seq, 3)

    def test_empty_mongodb_is_filled_again(self):
        for _ in range(5):
            self.post()
        self.run_mirror()
        before = list(self.events.find().sort("_id"))
        for name in ("ledger", "ledger_meta", "ledger_views"):
            self.admin.drop_database(f"{self.prefix}_{name}")
        self.mirror().action_refill()
        self.as_user(self.mirror(), "admin", self.seller)
        with patch.object(loop, "MIRROR_WINDOW", 3):
            self.assertEqual(self.run_mirror().delivered, 7)
        company_only = [d for d in before if d["company_id"] == self.seller.id]
        self.assertEqual(list(self.events.find().sort("_id")), company_only)
        self.assertIn("company_id_1_seq_1", self.events.index_information())
        self.assertEqual(self.verify().state, "clean")
        self.assertEqual(self.state()["version"], 2)
        self.assertFalse(self.mirror().is_refilling)

    def test_only_administrators_ask(self):
        for role in ("viewer", "operator", "manager"):
            for name in ("action_refill", "action_rebuild_views"):
                with self.subTest(role=role, name=name), self.assertRaises(AccessError):
                    getattr(self.mirror(role), name)()
        other = self.env["pg.ledger.mirror"].search([("company_id", "=", self.other_seller.id)])
        with self.assertRaises(AccessError):
            self.as_user(other, "admin").action_refill()
        self.assertFalse(other.refill_next or self.mirror().refill_next)

    # === ALARMS === #

    def alarms(self, role="admin"):
        return (
            self.mirror()
            .sudo()
            .activity_ids.filtered(
                lambda activity: activity.user_id == self.users[self.seller, role]
            )
        )

    def test_restored_postgresql_is_noticed_without_a_new_entry(self):
        """MongoDB is ahead, nothing waits: the next run stops the company and tells its admins."""
        newest = self.store.events.find_one({"company_id": self.seller.id, "seq": 2})
        self.store.events.insert_one(
            newest
            | {"_id": f"{self.seller.id}:000000000003", "seq": newest["seq"].__class__(3)}
            | {"subject_seq": 3, "hash": "a" * 64}
        )
        self.run_mirror()
        self.run_mirror()
        self.assertEqual(self.mirror().state, "stopped")
        self.assertEqual(self.alarms().mapped("summary"), ["The ledger has stopped"])
        self.assertFalse(self.alarms("manager"))
        conflict = self.env["pg.ledger.conflict"].search([("company_id", "=", self.seller.id)])
        self.assertEqual((conflict.kind, conflict.seq), ("ahead", 3))
        self.events.delete_one({"seq": 3})
        own = self.as_user(conflict, "admin")
        own.reason = "The document was a test's."
        own.action_resolve()
        self.assertFalse(self.alarms())

    def test_restored_mongodb_is_noticed_by_the_next_run(self):
        """MongoDB went back: told at once and verified, and over with a clean verification only."""
        quiet = mute_logger("odoo.addons.pg_ledger.models.pg_ledger_verify")
        self.enterContext(quiet)
        self.events.delete_one({"company_id": self.seller.id, "seq": 2})
        for _time in range(2):
            self.run_mirror()
        runs = self.env["pg.ledger.verify"].search([("state", "=", "queued")])
        self.assertEqual((runs.company_id, runs.scope), (self.seller, "whole"))
        self.assertEqual(self.alarms().mapped("summary"), ["MongoDB was set back"])
        self.assertTrue(self.mirror().behind_since)
        self.assertFalse(self.env["pg.ledger.conflict"].search([]))
        self.post()
        self.assertEqual(self.run_mirror().delivered, 1)
        self.assertTrue(self.mirror().behind_since)
        run = self.verify()
        self.assertIn(("missing", 2), self.named(run))
        self.as_user(run, "admin").action_redeliver_missing()
        self.assertEqual(self.run_mirror().delivered, 1)
        self.assertEqual(self.verify().state, "clean")
        self.assertFalse(self.alarms())
        self.assertFalse(self.mirror().behind_since)

    def test_a_ledger_that_is_filled_again_is_not_called_set_back(self):
        self.events.delete_many({"company_id": self.seller.id})
        self.as_user(self.mirror(), "admin").action_refill()
        self.run_mirror()
        self.assertFalse(self.alarms())
        self.assertEqual(self.events.count_documents({"company_id": self.seller.id}), 2)

    def test_forged_positions_do_not_stop_the_mirror(self):
        document = self.store.events.find_one({"company_id": self.seller.id, "seq": 2})
        for number, seq in enumerate(("x", 2.5, None), 50):
            self.events.database.command(
                "insert",
                "events",
                documents=[document | {"_id": f"f{number}", "seq": seq, "subject_seq": number}],
                bypassDocumentValidation=True,
            )
        self.post()
        self.assertEqual(self.run_mirror().delivered, 1)

    def test_health_shows_the_last_verification(self):
        self.assertFalse(self.mirror("viewer").last_verify_id)
        run = self.verify()
        self.env["pg.ledger.verify"]._queue(self.seller)
        health = self.mirror("viewer")
        health.invalidate_recordset()
        self.assertEqual((health.last_verify_id, health.last_verify_state), (run, "clean"))

    def test_lag_is_reported_until_it_is_over(self):
        self.post()
        self.env.cr.execute("UPDATE pg_ledger_mirror SET retry_at = now() + interval '1 day'")
        with patch("odoo.addons.pg_ledger.models.pg_ledger_mirror_alarm.LAG_ALARM_SECONDS", -1):
            self.env["pg.ledger.mirror"]._alarm_lag()
            self.env["pg.ledger.mirror"]._alarm_lag()
        self.assertEqual(len(self.alarms()), 1)
        self.env["pg.ledger.mirror"].invalidate_model()
        self.env["pg.ledger.mirror"]._alarm_lag()
        self.assertFalse(self.alarms())

    # === COMMAND === #

    def test_commands_of_an_operator(self):
        self.admin.drop_database(f"{self.prefix}_ledger")
        with self.enter_registry_test_mode():
            for company in (self.seller, self.other_seller):
                self.assertTrue(command.refill(self.env.registry, company.id))
                self.assertTrue(command.verify(self.env.registry, company.id))
            self.store.transactions.delete_many({})
            self.assertTrue(command.rebuild_views(self.env.registry, self.seller.id))
            self.assertEqual(self.store.transactions.count_documents({}), 1)
            self.events.delete_one({"company_id": self.seller.id})
            with mute_logger("odoo.addons.pg_ledger.models.pg_ledger_verify"):
                self.assertFalse(command.verify(self.env.registry, self.seller.id))
            self.assertTrue(command.verify(self.env.registry, self.other_seller.id))

    def test_command_ends_when_mongodb_is_away(self):
        with (
            patch.dict("os.environ", {"PG_MONGO_URI": NOWHERE}),
            mute_logger(loop.__name__),
            self.enter_registry_test_mode(),
        ):
            self.assertFalse(command.refill(self.env.registry))
        self.assertFalse(self.mirror().failures == 0)
