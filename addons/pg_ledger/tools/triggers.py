"""The guards of the ledger inside PostgreSQL.

``ENABLE ALWAYS``: they also fire for a session with ``session_replication_role = replica``.
"""

REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger: % of % is refused, the ledger is only appended to',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

CHAIN_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_check_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.company_id, NEW.seq, NEW.entry_id, NEW.prev_hash, NEW.hash)
        IS DISTINCT FROM (OLD.id, OLD.company_id, OLD.seq, OLD.entry_id, OLD.prev_hash, OLD.hash)
    THEN
        RAISE EXCEPTION 'ledger: a link of the chain is never changed'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# The posting_count of an entry is fixed with it, positions are unique and run from 1: no posting
# can be added to an entry afterwards, not even two that balance.
BALANCE_FUNCTIONS = """
CREATE OR REPLACE FUNCTION pg_ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legs record;
    wrong text;
BEGIN
    SELECT count(*) AS number, max(position) AS last, sum(company_amount) AS total,
           bool_and(company_id = NEW.company_id AND occurred_at = NEW.occurred_at
                    AND kind = NEW.kind) AS same
      INTO legs FROM pg_ledger_posting WHERE entry_id = NEW.id;
    IF legs.number < 2 OR legs.number <> NEW.posting_count OR legs.last <> NEW.posting_count THEN
        RAISE EXCEPTION 'ledger: entry % has % postings, % are announced, two is the least',
            NEW.id, legs.number, NEW.posting_count USING ERRCODE = 'check_violation';
    END IF;
    IF legs.total <> 0 OR NOT legs.same THEN
        RAISE EXCEPTION 'ledger: entry % does not balance in the company currency (%)',
            NEW.id, legs.total USING ERRCODE = 'check_violation';
    END IF;
    SELECT currency_code INTO wrong FROM pg_ledger_posting WHERE entry_id = NEW.id
     GROUP BY currency_code HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger: entry % does not balance in %', NEW.id, wrong
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION pg_ledger_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position > (SELECT posting_count FROM pg_ledger_entry WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'ledger: entry % takes no more postings', NEW.entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

ENTRY_GUARDS = (
    REFUSE_FUNCTION
    + BALANCE_FUNCTIONS
    + """
DROP TRIGGER IF EXISTS pg_ledger_entry_frozen ON pg_ledger_entry;
CREATE TRIGGER pg_ledger_entry_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON pg_ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_frozen;
DROP TRIGGER IF EXISTS pg_ledger_entry_balanced ON pg_ledger_entry;
CREATE CONSTRAINT TRIGGER pg_ledger_entry_balanced AFTER INSERT ON pg_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_ledger_check_entry();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_balanced;
"""
)

POSTING_GUARDS = (
    REFUSE_FUNCTION
    + BALANCE_FUNCTIONS
    + """
DROP TRIGGER IF EXISTS pg_ledger_posting_frozen ON pg_ledger_posting;
CREATE TRIGGER pg_ledger_posting_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON pg_ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_posting ENABLE ALWAYS TRIGGER pg_ledger_posting_frozen;
DROP TRIGGER IF EXISTS pg_ledger_posting_counted ON pg_ledger_posting;
CREATE CONSTRAINT TRIGGER pg_ledger_posting_counted AFTER INSERT ON pg_ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_ledger_check_posting();
ALTER TABLE pg_ledger_posting ENABLE ALWAYS TRIGGER pg_ledger_posting_counted;
"""
)

CHAIN_GUARDS = (
    REFUSE_FUNCTION
    + CHAIN_FUNCTION
    + """
DROP TRIGGER IF EXISTS pg_ledger_chain_kept ON pg_ledger_chain;
CREATE TRIGGER pg_ledger_chain_kept BEFORE DELETE OR TRUNCATE ON pg_ledger_chain
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_kept;
DROP TRIGGER IF EXISTS pg_ledger_chain_fixed ON pg_ledger_chain;
CREATE TRIGGER pg_ledger_chain_fixed BEFORE UPDATE ON pg_ledger_chain
    FOR EACH ROW EXECUTE FUNCTION pg_ledger_check_chain();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_fixed;
"""
)

DROP_GUARDS = """
DROP FUNCTION IF EXISTS pg_ledger_refuse_change() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_chain() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_entry() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_posting() CASCADE;
"""
