from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation, InsufficientPrivilege, RestrictViolation

from ..hooks import uninstall_hook
from .common import LedgerCase

_POSTING = """INSERT INTO pg_ledger_posting (entry_id, position, company_id, kind, occurred_at,
    account, amount, currency_id, currency_code, company_amount, company_currency_id)
    SELECT entry_id, %s, company_id, kind, occurred_at, account, %s, currency_id, currency_code,
    %s, company_currency_id FROM pg_ledger_posting WHERE id = %s"""


@tagged("post_install", "-at_install", "pg")
class TestGuards(LedgerCase):
    """What PostgreSQL itself refuses, whoever asks."""

    def setUp(self):
        super().setUp()
        self.entry = self.post()
        self.leg = self.entry.posting_ids[0]

    def refused(self, error, query, *params):
        """Run SQL that must fail, together with what the commit would check."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(error),
            self.env.cr.savepoint(flush=False),
        ):
            self.env.cr.execute(query, params or None)
            self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def chain(self):
        from ..worker.sequencer import sequence_company

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

    def test_every_entry_waits_for_its_place_even_one_that_was_inserted_past_the_function(self):
        self.check_now()
        columns = [name for name in self._columns("pg_ledger_entry") if name != "id"]
        fresh = {"uuid": "'raw'", "key": "'raw'", "subject": "'raw'"}
        values = ", ".join(fresh.get(name, name) for name in columns)
        self.env.cr.execute(
            f"""WITH entry AS (
                    INSERT INTO pg_ledger_entry ({", ".join(columns)})
                    SELECT {values} FROM pg_ledger_entry WHERE id = %s RETURNING id)
                INSERT INTO pg_ledger_posting (entry_id, position, company_id, kind, occurred_at,
                    account, amount, currency_id, currency_code, company_amount,
                    company_currency_id)
                SELECT entry.id, position, company_id, kind, occurred_at, account, amount,
                       currency_id, currency_code, company_amount, company_currency_id
                  FROM entry, pg_ledger_posting WHERE entry_id = %s RETURNING entry_id""",
            [self.entry.id, self.entry.id],
        )
        raw_id = self.env.cr.fetchone()[0]
        self.check_now()
        self.env.cr.execute("SELECT entry_id, company_id FROM pg_ledger_outbox ORDER BY entry_id")
        self.assertEqual(
            [row for row in self.env.cr.fetchall() if row[1] == self.seller.id],
            [(self.entry.id, self.seller.id), (raw_id, self.seller.id)],
        )

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

    def test_a_posting_is_its_entrys(self):
        """Its company, currency of the company, kind and time are proven, and that it has one."""
        self.check_now()
        values, rows = self._prepare()
        for column, value in (
            ("company_id", self.other_seller.id),
            ("company_currency_id", self.env.ref("base.EUR").id),
            ("kind", "fee"),
            ("occurred_at", "2020-01-01"),
        ):
            with (
                self.subTest(column=column),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(flush=False),
            ):
                self.env.cr.execute(
                    f"""CREATE OR REPLACE FUNCTION test_ledger_other() RETURNS trigger
                        LANGUAGE plpgsql AS $$ BEGIN NEW.{column} := '{value}'; RETURN NEW; END $$;
                        CREATE TRIGGER test_ledger_other BEFORE INSERT ON pg_ledger_posting
                        FOR EACH ROW EXECUTE FUNCTION test_ledger_other()"""
                )
                self.Entry._insert_entry(values, rows)
                self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.assertFalse(self.Entry.search_count([("key", "=", "raw")]))
        self.refused(
            CheckViolation, _POSTING.replace("SELECT entry_id", "SELECT 2147483647"), 1, 1, 1,
            self.leg.id,
        )  # fmt: skip

    def _columns(self, table):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        return [row[0] for row in self.env.cr.fetchall()]

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

    def test_unbalanced_entry_is_refused_at_commit(self):
        values, rows = self._prepare()
        for legs in (
            [("customer", "1.0000", "USD", "1.0000"), ("sales", "-0.9999", "USD", "-0.9999")],
            [("customer", "1.0000", "USD", "1.0000"), ("fx", "-1.0000", "EUR", "-1.0000")],
            [("customer", "1.0000", "EUR", "1.1000"), ("fx", "-1.0000", "EUR", "-1.2000")],
            rows[:1],
        ):
            self.env.ref("base.EUR").active = True
            with (
                self.subTest(legs=legs),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.assertIsNotNone(self.Entry._insert_entry(values, legs)[0])
                self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.assertFalse(self.Entry.search_count([("key", "=", "raw")]))
        self.Entry._insert_entry(values, rows)
        self.check_now()
        self.assertEqual(self.Entry.search_count([("key", "=", "raw")]), 1)

    def _prepare(self):
        subject = self.entry.subject
        values = self.Entry._prepare_entry(
            self.seller, "paid", "raw", subject, "T-RAW", None, None, None
        )
        return values, [
            ("customer", "1.0000", "USD", "1.0000"),
            ("sales", "-1.0000", "USD", "-1.0000"),
        ]

    def test_no_posting_is_added_later_even_when_it_balances(self):
        self.check_now()
        self.refused(CheckViolation, _POSTING, 3, 1, 1, self.leg.id)
        self.refused(IntegrityError, _POSTING, 2, 1, 1, self.leg.id)
        self.refused(IntegrityError, _POSTING, 0, 1, 1, self.leg.id)

    def test_inexact_and_empty_amounts_are_refused(self):
        self.refused(CheckViolation, _POSTING, 3, "1.00001", "1.00001", self.leg.id)
        self.refused(CheckViolation, _POSTING, 3, "0", "0", self.leg.id)
        self.refused(CheckViolation, _POSTING, 3, "1", "2", self.leg.id)

    def test_guards_go_with_the_module(self):
        count = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg\\_ledger\\_%'"
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 13)
        self.check_now()
        uninstall_hook(self.env)
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        for model in ("entry", "posting", "chain", "seal", "outbox"):
            self.env[f"pg.ledger.{model}"].init()
            self.env[f"pg.ledger.{model}"].init()
        self.env.cr.execute(count)
        self.assertEqual(self.env.cr.fetchone()[0], 13)
