"""An entry and its postings inside PostgreSQL: one INSERT, held by constraints.

An entry is inserted with its legs, four arrays. A CHECK holds them: two at least, sums of zero per
currency and in company value. The entry's trigger writes them out as postings and puts the entry
into the outbox; nobody else inserts a posting. What balances therefore balances for every writer,
in the statement that writes it.

Every statement in here is planned anew in every transaction: Odoo resets a connection before it
uses it again, which drops all plans. So there are as few as can be; CHECK and WHEN cost no plan.
"""

from .triggers import freeze

#: Values by name; gives the id, or no row when key or number are taken.
INSERT_ENTRY = """
INSERT INTO pg_ledger_entry (
    uuid, company_id, company_currency_id, company_currency_code, kind, key, subject, subject_ref,
    subject_seq,
    occurred_at, payload, corrects_id, posting_count, create_uid, create_date,
    leg_accounts, leg_amounts, leg_currencies, leg_values)
VALUES (
    %(uuid)s, %(company)s, %(company_currency)s, %(company_currency_code)s, %(kind)s, %(key)s,
    %(subject)s, %(subject_ref)s,
    COALESCE((SELECT subject_seq FROM pg_ledger_entry WHERE subject = %(subject)s
               ORDER BY subject_seq DESC LIMIT 1), 0) + 1,
    %(occurred_at)s, %(payload)s, %(corrects)s, %(count)s, %(uid)s, now() AT TIME ZONE 'UTC',
    %(accounts)s::text[], %(amounts)s::numeric[], %(currencies)s::text[], %(values)s::numeric[])
ON CONFLICT DO NOTHING RETURNING id
"""

# Up to four legs in the company's currency are added up by the expression itself. The function is
# not in SQL: the planner would read it to inline it. Entries of before have no legs, only postings,
# and take no more of them: hence NOT VALID.
_LEGS = """
ALTER TABLE pg_ledger_entry
    ADD COLUMN IF NOT EXISTS leg_accounts text[], ADD COLUMN IF NOT EXISTS leg_amounts numeric[],
    ADD COLUMN IF NOT EXISTS leg_currencies text[], ADD COLUMN IF NOT EXISTS leg_values numeric[];

CREATE OR REPLACE FUNCTION pg_ledger_balances(
    p_currencies text[], p_amounts numeric[], p_values numeric[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT sum(value) FROM unnest(p_values) value) = 0
        AND NOT EXISTS (SELECT FROM unnest(p_currencies, p_amounts) leg (currency, amount)
                         GROUP BY currency HAVING (sum(amount) = 0) IS NOT TRUE);
END $$;

ALTER TABLE pg_ledger_entry
    DROP CONSTRAINT IF EXISTS pg_ledger_entry_balanced,
    ADD CONSTRAINT pg_ledger_entry_balanced CHECK ((
        posting_count >= 2 AND cardinality(leg_accounts) = posting_count
        AND cardinality(leg_amounts) = posting_count
        AND cardinality(leg_currencies) = posting_count
        AND cardinality(leg_values) = posting_count
        AND CASE WHEN posting_count <= 4 AND company_currency_code = ALL (leg_currencies)
                 THEN leg_amounts = leg_values AND array_lower(leg_values, 1) = 1
                      AND leg_values[1] + leg_values[2] + COALESCE(leg_values[3], 0)
                          + COALESCE(leg_values[4], 0) = 0
                 ELSE pg_ledger_balances(leg_currencies, leg_amounts, leg_values) END
    ) IS TRUE) NOT VALID;
"""


def _with_schema(sql):
    """Return SQL that puts the schema in front of each table that a function uses.

    A session's temporary table would be found before the one that is meant.
    """
    return f"DO $do$ BEGIN EXECUTE format($sql${sql}$sql$, current_schema()); END $do$;\n"


# Company, currency and user of an entry have no foreign keys: each costs the sale a plan. Anchors
# have them, are never deleted, and no entry or posting is made without one.
_ANCHOR = _with_schema("""
CREATE OR REPLACE FUNCTION pg_ledger_anchor(p_company int, p_user int, p_code varchar,
                                            p_currency int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    found_id int;
BEGIN
    FOR attempt IN 1..2 LOOP
        SELECT currency_id INTO found_id FROM %1$I.pg_ledger_anchor
         WHERE company_id = p_company AND user_id = p_user AND currency_code = p_code;
        EXIT WHEN FOUND OR attempt = 2;
        INSERT INTO %1$I.pg_ledger_anchor (company_id, user_id, currency_code, currency_id)
        SELECT p_company, p_user, name, id FROM %1$I.res_currency
         WHERE name = p_code AND id = COALESCE(p_currency, id) ON CONFLICT DO NOTHING;
    END LOOP;
    IF (found_id = COALESCE(p_currency, found_id)) IS NOT TRUE THEN
        RAISE EXCEPTION 'ledger: there is no such currency: %% (%%)', p_code, p_currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN found_id;
END $$;
""")

_UNFOLD = _with_schema("""
CREATE OR REPLACE FUNCTION pg_ledger_unfold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO %1$I.pg_ledger_outbox (entry_id, company_id)
    SELECT NEW.id, company_id FROM %1$I.pg_ledger_anchor
     WHERE company_id = NEW.company_id AND user_id = NEW.create_uid
       AND currency_code = NEW.company_currency_code AND currency_id = NEW.company_currency_id;
    IF NOT FOUND THEN
        PERFORM %1$I.pg_ledger_anchor(NEW.company_id, NEW.create_uid, NEW.company_currency_code,
                                 NEW.company_currency_id);
        INSERT INTO %1$I.pg_ledger_outbox (entry_id, company_id) VALUES (NEW.id, NEW.company_id);
    END IF;
    INSERT INTO %1$I.pg_ledger_posting (
        entry_id, position, company_id, kind, occurred_at, account, amount, currency_id,
        currency_code, company_amount, company_currency_id)
    SELECT NEW.id, leg.position, NEW.company_id, NEW.kind, NEW.occurred_at, leg.account, leg.amount,
           CASE WHEN leg.currency = NEW.company_currency_code THEN NEW.company_currency_id
                ELSE %1$I.pg_ledger_anchor(NEW.company_id, NEW.create_uid, leg.currency, NULL) END,
           leg.currency, leg.value, NEW.company_currency_id
      FROM unnest(NEW.leg_accounts, NEW.leg_amounts, NEW.leg_currencies, NEW.leg_values)
           WITH ORDINALITY AS leg (account, amount, currency, value, position);
    RETURN NULL;
END $$;
""")

# For roles that do not own the table: they cannot switch a guard off, but they could insert from a
# trigger of their own on a table of their own.
_PROVE = _with_schema("""
CREATE OR REPLACE FUNCTION pg_ledger_check_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM fresh LEFT JOIN %1$I.pg_ledger_entry entry
         ON entry.id = fresh.entry_id AND ROW(
                fresh.company_id, fresh.kind, fresh.occurred_at, fresh.company_currency_id,
                fresh.account, fresh.amount, fresh.currency_code, fresh.company_amount)
            = ROW(entry.company_id, entry.kind, entry.occurred_at, entry.company_currency_id,
                entry.leg_accounts[fresh.position], entry.leg_amounts[fresh.position],
                entry.leg_currencies[fresh.position], entry.leg_values[fresh.position])
      WHERE entry.id IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger: a posting that is no leg of an entry'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
""")

# What an earlier version had instead.
_DROP_OLD = """
DROP FUNCTION IF EXISTS pg_ledger_post;
DROP FUNCTION IF EXISTS pg_ledger_check_entry() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_posting() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_wait() CASCADE;
"""

# Once, when the tables of an earlier version have their foreign keys still. Before the keys go,
# each of their targets has its anchor; one transaction, and the tables are locked until its end.
_MOVE_KEYS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'pg_ledger_entry_create_uid_fkey') THEN
        LOCK TABLE pg_ledger_entry, pg_ledger_posting IN ACCESS EXCLUSIVE MODE;
        INSERT INTO pg_ledger_anchor (company_id, user_id, currency_code, currency_id)
        SELECT DISTINCT company_id, create_uid, company_currency_code, company_currency_id
          FROM pg_ledger_entry
         UNION
        SELECT DISTINCT posting.company_id, entry.create_uid, posting.currency_code,
               posting.currency_id
          FROM pg_ledger_posting posting JOIN pg_ledger_entry entry ON entry.id = posting.entry_id
         WHERE posting.currency_id <> posting.company_currency_id
        ON CONFLICT DO NOTHING;
    END IF;
END $$;
ALTER TABLE pg_ledger_entry
    DROP CONSTRAINT IF EXISTS pg_ledger_entry_company_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_entry_company_currency_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_entry_create_uid_fkey;
ALTER TABLE pg_ledger_posting
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_entry_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_company_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_company_currency_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_currency_id_fkey;
"""

ANCHOR_GUARDS = freeze("pg_ledger_anchor")

ENTRY_GUARDS = (
    freeze("pg_ledger_entry")
    + _DROP_OLD
    + _LEGS
    + _ANCHOR
    + _UNFOLD
    + """
DROP TRIGGER IF EXISTS pg_ledger_entry_unfolds ON pg_ledger_entry;
CREATE TRIGGER pg_ledger_entry_unfolds AFTER INSERT ON pg_ledger_entry
    FOR EACH ROW EXECUTE FUNCTION pg_ledger_unfold();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_unfolds;
"""
)

POSTING_GUARDS = (
    freeze("pg_ledger_posting")
    + _PROVE
    + """
DROP TRIGGER IF EXISTS pg_ledger_posting_own ON pg_ledger_posting;
CREATE TRIGGER pg_ledger_posting_own BEFORE INSERT ON pg_ledger_posting
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_posting ENABLE ALWAYS TRIGGER pg_ledger_posting_own;
DROP TRIGGER IF EXISTS pg_ledger_posting_proven ON pg_ledger_posting;
DO $$ BEGIN
    EXECUTE format(
        'CREATE TRIGGER pg_ledger_posting_proven AFTER INSERT ON pg_ledger_posting
         REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT WHEN (current_user <> %L)
         EXECUTE FUNCTION pg_ledger_check_leg()',
        (SELECT pg_get_userbyid(relowner) FROM pg_class
          WHERE oid = 'pg_ledger_posting'::regclass));
END $$;
ALTER TABLE pg_ledger_posting ENABLE ALWAYS TRIGGER pg_ledger_posting_proven;
"""
    + _MOVE_KEYS
)

DROP_LEGS = (
    _DROP_OLD
    + """
DROP FUNCTION IF EXISTS pg_ledger_unfold() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_anchor;
DROP FUNCTION IF EXISTS pg_ledger_check_leg() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_balances CASCADE;
"""
)
