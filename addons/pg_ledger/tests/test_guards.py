from odoo.tests import tagged
from psycopg2.errors import CheckViolation, InsufficientPrivilege, RestrictViolation

from ..hooks import uninstall_hook
from ..worker.sequencer import sequence_company
from .common import LEGS, POSTING, GuardCase

_FORMER_KEYS = (
    ("pg_ledger_entry", "company_id", "res_company"),
    ("pg_ledger_entry", "company_currency_id", "res_currency"),
    ("pg_ledger_entry", "create_uid", "res_users"),
    ("pg_ledger_posting", "currency_id", "res_currency"),
)
_FORMER_GUARDS = """
CREATE FUNCTION pg_ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'former'; END $$;
CREATE CONSTRAINT TRIGGER pg_ledger_entry_balanced AFTER INSERT ON pg_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_ledger_check_entry();
CREATE FUNCTION pg_ledger_wait() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'former'; END $$;
CREATE TRIGGER pg_ledger_entry_waits AFTER INSERT ON pg_ledger_entry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_wait();
CREATE FUNCTION pg_ledger_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'former'; END $$;
CREATE TRIGGER pg_ledger_posting_counted AFTER INSERT ON pg_ledger_posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_check_posting();
CREATE FUNCTION pg_ledger_post() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'former'; END $$;
"""


@tagged("post_install", "-at_install", "pg")
class TestGuards(GuardCase):
    """What PostgreSQL itself refuses, whoever asks."""

    def chain(self):
        self.assertEqual(sequence_company(self.env.cr, self.seller.id), 1)

    def test_entries_and_postings_are_frozen(self):
        self.check_now()
        for table in ("pg_ledger_entry", "pg_ledger_posting"):
            for query in (
                f"UPDATE {table} SET kind = 'fee'",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
            ):
                with self.subTest(query=query):
                    self.refused(RestrictViolation, query)
        self.env.invalidate_all()
        self.assertEqual(self.entry.kind, "paid")
        self.assertEqual(len(self.entry.posting_ids), 2)

    def test_frozen_in_replica_mode_too(self):
        self.env.cr.execute("SET LOCAL session_replication_role = replica")
        self.refused(RestrictViolation, "UPDATE pg_ledger_entry SET kind = 'fee'")
        self.env.cr.execute("SET LOCAL session_replication_role = origin")

    def test_frozen_for_another_role_with_every_right_on_the_tables(self):
        tables = "pg_ledger_entry, pg_ledger_posting, pg_ledger_chain, pg_ledger_outbox"
        self.check_now()
        self.env.cr.execute("CREATE ROLE test_ledger_clerk NOLOGIN")
        self.env.cr.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO test_ledger_clerk")
        self.env.cr.execute("SET LOCAL ROLE test_ledger_clerk")
        for table in tables.split(", "):
            for query in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                with self.subTest(query=query):
                    self.refused(RestrictViolation, query)
            self.refused(InsufficientPrivilege, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        self.refused(RestrictViolation, "UPDATE pg_ledger_posting SET amount = 0")
        self.refused(InsufficientPrivilege, "SET session_replication_role = replica")
        self.env.cr.execute("RESET ROLE")

    def test_no_entry_leaves_the_outbox_without_its_place(self):
        self.check_now()
        for query in (
            "DELETE FROM pg_ledger_outbox",
            "UPDATE pg_ledger_outbox SET company_id = company_id",
            "TRUNCATE pg_ledger_outbox",
        ):
            with self.subTest(query=query):
                self.refused(RestrictViolation, query)
        waiting = "SELECT count(*) FROM pg_ledger_outbox WHERE entry_id = %s"
        self.env.cr.execute(waiting, [self.entry.id])
        self.assertEqual(self.env.cr.fetchone()[0], 1)
        self.chain()
        self.env.cr.execute(waiting, [self.entry.id])
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_nothing_else_waits_for_a_place(self):
        """Not an entry that has its place, nor one in another company, nor none at all."""
        self.check_now()
        self.chain()
        for entry_id, company in (
            (self.entry.id, self.seller),
            (self.entry.id, self.other_seller),
            (2**31 - 1, self.seller),
        ):
            with self.subTest(entry_id=entry_id, company=company.name):
                self.refused(
                    RestrictViolation,
                    "INSERT INTO pg_ledger_outbox (entry_id, company_id) VALUES (%s, %s)",
                    entry_id,
                    company.id,
                )
        self.assertFalse(
            self.env["pg.ledger.outbox"].search_count([("company_id", "=", self.seller.id)])
        )

    def test_a_link_has_an_entry_of_its_company(self):
        self.check_now()
        link = """INSERT INTO pg_ledger_chain (company_id, seq, entry_id, prev_hash, hash)
                  VALUES (%s, 1, %s, repeat('0', 64), repeat('a', 64))"""
        self.refused(CheckViolation, link, self.other_seller.id, self.entry.id)
        self.refused(CheckViolation, link, self.seller.id, 2**31 - 1)
        self.assertFalse(self.links() + self.links(self.other_seller))
        self.chain()
        self.assertEqual(self.links().entry_id, self.entry)

    def test_only_the_delivery_of_a_link_changes(self):
        self.chain()
        for query in (
            "UPDATE pg_ledger_chain SET seq = seq + 1",
            "UPDATE pg_ledger_chain SET hash = prev_hash",
            "DELETE FROM pg_ledger_chain",
            "TRUNCATE pg_ledger_chain CASCADE",
        ):
            with self.subTest(query=query):
                self.refused(RestrictViolation, query)
        self.env.cr.execute("UPDATE pg_ledger_chain SET mirrored_at = now()")
        self.assertEqual(self.env["pg.ledger.chain"]._redeliver(self.seller, [1]), 1)
        self.assertFalse(self.links().mirrored_at)

    def test_guards_go_with_the_module(self):
        count = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg\\_ledger\\_%'"
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 14)
        self.check_now()
        uninstall_hook(self.env)
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        self._init_models()
        self._init_models()
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 14)

    def _init_models(self):
        for model in ("anchor", "chain", "entry", "outbox", "posting", "seal"):
            self.env[f"pg.ledger.{model}"].init()

    def test_upgrade_of_a_ledger_with_entries_that_have_postings_only(self):
        """The version before had foreign keys, a deferred trigger, no anchors and no legs."""
        cr, old = self.env.cr, self.post(postings=self.legs("1", "EUR", "1.1"))
        uninstall_hook(self.env)
        cr.execute(f"ALTER TABLE pg_ledger_entry {', '.join('DROP ' + name for name in LEGS)}")
        cr.execute("DELETE FROM pg_ledger_anchor")
        for table, column, target in _FORMER_KEYS:
            cr.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column})"
                f" REFERENCES {target} ON DELETE RESTRICT"
            )
        cr.execute(_FORMER_GUARDS)
        self._init_models()
        self._init_models()
        cr.execute(
            """SELECT conname FROM pg_constraint WHERE contype IN ('f', 't') AND conrelid IN
               ('pg_ledger_entry'::regclass, 'pg_ledger_posting'::regclass)"""
        )
        self.assertEqual(cr.fetchall(), [("pg_ledger_entry_corrects_id_fkey",)])
        cr.execute(
            "SELECT count(*) FROM pg_proc WHERE proname IN ('pg_ledger_post', 'pg_ledger_wait')"
        )
        self.assertEqual(cr.fetchone()[0], 0)
        cr.execute(
            "SELECT currency_code FROM pg_ledger_anchor WHERE company_id = %s", [self.seller.id]
        )
        self.assertEqual({row[0] for row in cr.fetchall()}, {"USD", "EUR"})
        self.refused(RestrictViolation, POSTING, 3, 1, 1, old.posting_ids[0].id)
        self.refused(RestrictViolation, "UPDATE pg_ledger_entry SET kind = 'fee'")
        new = self.post()
        self.env.invalidate_all()
        self.assertEqual((len(old.posting_ids), len(new.posting_ids)), (2, 2))
        self.assertEqual(sequence_company(cr, self.seller.id), 3)
