from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError
from psycopg2.errors import (
    CheckViolation,
    ForeignKeyViolation,
    NotNullViolation,
    RestrictViolation,
)

from .common import LEGS, POSTING, GuardCase

# As if the entries had a third leg, found before the real ones.
_SHADOW_ENTRY = """
CREATE TEMP TABLE pg_ledger_entry ON COMMIT DROP AS
SELECT id, company_id, kind, occurred_at, company_currency_id,
       '{a,b,gateway:stripe_checkout}'::text[] leg_accounts, '{1,1,1}'::numeric[] leg_amounts,
       '{USD,USD,USD}'::text[] leg_currencies, '{1,1,1}'::numeric[] leg_values
  FROM public.pg_ledger_entry"""


@tagged("post_install", "-at_install", "pg")
class TestLegs(GuardCase):
    """What PostgreSQL takes as an entry, and that its postings come from it alone."""

    def insert_raw(self, **columns):
        """Insert a copy of the entry by plain SQL, some columns as these SQL expressions.

        :return: its id
        """
        fresh = {"uuid": "'raw'", "key": "'raw'", "subject": "'raw'"} | columns
        names = [name for name in self._columns("pg_ledger_entry") if name != "id"]
        self.env.cr.execute(
            f"""INSERT INTO pg_ledger_entry ({", ".join(names)})
                SELECT {", ".join(fresh.get(name, name) for name in names)}
                  FROM pg_ledger_entry WHERE id = %s RETURNING id""",
            [self.entry.id],
        )
        return self.env.cr.fetchone()[0]

    def raw_refused(self, error, **columns):
        """Have such an entry refused in its own statement, and with all that it brings."""
        with (
            self.subTest(columns=columns),
            mute_logger("odoo.sql_db"),
            self.assertRaises(error),
            self.env.cr.savepoint(flush=False),
        ):
            self.insert_raw(**columns)
        self.env.cr.execute("SELECT count(*) FROM pg_ledger_entry WHERE key = 'raw'")
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_every_entry_waits_and_has_its_postings_even_one_of_plain_sql(self):
        raw_id = self.insert_raw()
        self.env.cr.execute("SELECT entry_id, company_id FROM pg_ledger_outbox ORDER BY entry_id")
        self.assertEqual(
            [row for row in self.env.cr.fetchall() if row[1] == self.seller.id],
            [(self.entry.id, self.seller.id), (raw_id, self.seller.id)],
        )
        raw = self.Entry.browse(raw_id)
        seen = ("position", "account", "amount", "company_amount", "currency_id", "kind")
        self.assertEqual(
            [leg.read(seen)[0] | {"id": 0} for leg in raw.posting_ids],
            [leg.read(seen)[0] | {"id": 0} for leg in self.entry.posting_ids],
        )
        self.assertEqual(len(raw.posting_ids), 2)

    def test_nobody_else_inserts_a_posting(self):
        """Neither to an entry, nor to none; not even what balances."""
        for position in (0, 1, 2, 3):
            self.refused(RestrictViolation, POSTING, position, 1, 1, self.leg.id)
        nowhere = POSTING.replace("SELECT entry_id", "SELECT 2147483647")
        self.refused(RestrictViolation, nowhere, 1, 1, 1, self.leg.id)
        self.env.cr.execute("SELECT count(*) FROM pg_ledger_posting WHERE entry_id = 2147483647")
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        self.env.invalidate_all()
        self.assertEqual(len(self.entry.posting_ids), 2)

    def test_a_role_that_owns_nothing_inserts_none_by_a_trigger_of_its_own(self):
        cr = self.env.cr
        cr.execute("CREATE ROLE test_ledger_clerk NOLOGIN")
        cr.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO test_ledger_clerk")
        cr.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO test_ledger_clerk")
        cr.execute("SET LOCAL ROLE test_ledger_clerk")
        cr.execute("CREATE TEMP TABLE test_ledger_own (way text) ON COMMIT DROP")
        insert = POSTING % ("3", "1", "1", self.leg.id)
        cr.execute(
            f"""CREATE FUNCTION pg_temp.test_ledger_own() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN {insert}; RETURN NULL; END $$;
                CREATE TRIGGER own AFTER INSERT ON test_ledger_own FOR EACH ROW
                EXECUTE FUNCTION pg_temp.test_ledger_own()"""
        )
        for shadow in ("", _SHADOW_ENTRY):
            cr.execute(f"SELECT 1; {shadow}")
            self.refused(CheckViolation, "INSERT INTO test_ledger_own VALUES ('round the back')")
        cr.execute("DROP TABLE pg_temp.pg_ledger_entry")
        for table in ("posting", "outbox"):
            cr.execute(f"CREATE TEMP TABLE pg_ledger_{table} (LIKE public.pg_ledger_{table})")
        raw_id = self.insert_raw()
        cr.execute("DROP TABLE pg_temp.pg_ledger_posting, pg_temp.pg_ledger_outbox")
        cr.execute("RESET ROLE")
        self.assertEqual(len(self.entry.posting_ids), 2)
        raw = self.Entry.browse(raw_id)
        self.assertEqual((len(raw.posting_ids), raw.mirror_state), (2, "waiting"))
        self.assertEqual(self.env["pg.ledger.outbox"].search_count([("entry_id", "=", raw_id)]), 1)

    def test_unbalanced_entry_is_refused(self):
        values, rows = self._prepare()
        self.env.ref("base.EUR").active = True
        five = [("customer", f"{n}.0000", "USD", f"{n}.0000") for n in (1, 2, 3, 4, -9)]
        for legs in (
            [("customer", "1.0000", "USD", "1.0000"), ("sales", "-0.9999", "USD", "-0.9999")],
            [("customer", "1.0000", "USD", "1.0000"), ("fx", "-1.0000", "EUR", "-1.0000")],
            [("customer", "1.0000", "EUR", "1.1000"), ("fx", "-1.0000", "EUR", "-1.2000")],
            [("customer", "1.0000", "USD", "2.0000"), ("fx", "-1.0000", "USD", "-2.0000")],
            [("customer", "NaN", "USD", "NaN"), ("fx", "NaN", "USD", "NaN")],
            rows[:1],
            five,
            five[:4],
        ):
            with (
                self.subTest(legs=legs),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.Entry._insert_entry(values, legs)
        self.assertFalse(self.Entry.search_count([("key", "=", "raw")]))
        five.append(("sales", "-1.0000", "USD", "-1.0000"))
        for number, legs in enumerate((rows, five, [*rows, *rows])):
            self.assertTrue(
                self.Entry._insert_entry(
                    values | {"key": f"raw{number}", "uuid": f"{number}"}, legs
                )
            )
        self.assertEqual(self.Entry.search_count([("key", "like", "raw_")]), 3)

    def _prepare(self):
        subject = self.entry.subject
        values = self.Entry._prepare_entry(
            self.seller, "paid", "raw", subject, "T-RAW", None, None, None
        )
        return values, [
            ("customer", "1.0000", "USD", "1.0000"),
            ("sales", "-1.0000", "USD", "-1.0000"),
        ]

    def test_entry_of_plain_sql_that_does_not_balance_or_has_no_postings_is_refused(self):
        for columns in (
            {"leg_amounts": "'{12.5,-12.4}'", "leg_values": "'{12.5,-12.4}'"},
            {"leg_amounts": "'{12.5,-12.4}'"},
            {"leg_values": "'{12.5,-12.4}'"},
            {"leg_amounts": "'[0:2]={1,-2,2}'", "leg_values": "'[0:2]={1,-2,2}'",
             "leg_accounts": "'{a,b,c}'", "leg_currencies": "'{USD,USD,USD}'",
             "posting_count": "3"},
            {"leg_amounts": "'{{1,-1}}'", "leg_values": "'{{1,-1}}'"},
            {"leg_currencies": "'{USD,EUR}'"},
            {"posting_count": "3"},
            {"posting_count": "0", **dict.fromkeys(LEGS, "'{}'")},
            {"posting_count": "1", "leg_amounts": "'{0}'", "leg_values": "'{0}'",
             "leg_accounts": "'{a}'", "leg_currencies": "'{USD}'"},
            dict.fromkeys(LEGS, "NULL"),
            *({name: "NULL"} for name in LEGS),
            *({name: f"{name}[:1]"} for name in LEGS),
        ):  # fmt: skip
            self.raw_refused(CheckViolation, **columns)
        self.raw_refused(NotNullViolation, posting_count="NULL")
        self.raw_refused(NotNullViolation, leg_accounts="'{a,NULL}'")

    def test_company_user_and_currency_are_known_and_stay(self):
        """An entry has no foreign keys on them: its anchor has."""
        eur = self.env.ref("base.EUR")
        for columns, error in (
            ({"company_id": "2147483647"}, ForeignKeyViolation),
            ({"create_uid": "2147483647"}, ForeignKeyViolation),
            ({"company_currency_id": "2147483647"}, CheckViolation),
            ({"company_currency_id": str(eur.id)}, CheckViolation),
            ({"company_currency_code": "'XQQ'"}, CheckViolation),
            ({"leg_currencies": "'{XQQ,XQQ}'"}, CheckViolation),
        ):
            self.raw_refused(error, **columns)
        self.insert_raw(leg_currencies="'{EUR,EUR}'")
        anchors = self.env["pg.ledger.anchor"].search([("company_id", "=", self.seller.id)])
        self.assertEqual(
            anchors.mapped(lambda anchor: (anchor.user_id, anchor.currency_id.name)),
            [(self.env.user, "USD"), (self.env.user, "EUR")],
        )
        for table, row in (
            ("res_company", self.seller),
            ("res_users", self.env.user),
            ("res_currency", eur),
        ):
            query = f"DELETE FROM {table} WHERE id = {row.id}"
            with self.subTest(query=query):
                self.env.cr.execute(
                    "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'r' AND"
                    " conrelid = 'pg_ledger_anchor'::regclass AND confrelid = %s::regclass",
                    [table],
                )
                self.assertTrue(self.env.cr.fetchone())
                self.refused(IntegrityError, query)
        for query in (
            "UPDATE pg_ledger_anchor SET currency_code = 'EUR'",
            "DELETE FROM pg_ledger_anchor",
            "TRUNCATE pg_ledger_anchor",
        ):
            with self.subTest(query=query):
                self.refused(RestrictViolation, query)

    def test_inexact_and_empty_amounts_and_odd_accounts_are_refused(self):
        self.raw_refused(
            CheckViolation, leg_amounts="'{1.00001,-1.00001}'", leg_values="'{1.00001,-1.00001}'"
        )
        self.raw_refused(CheckViolation, leg_amounts="'{0,0}'", leg_values="'{0,0}'")
        self.raw_refused(CheckViolation, leg_accounts="'{customer,No}'")

    def _columns(self, table):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        return [row[0] for row in self.env.cr.fetchall()]
