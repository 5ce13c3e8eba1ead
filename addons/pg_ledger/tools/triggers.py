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
    RAISE EXCEPTION 'ledger: a row of % is never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

CHAIN_PLACE_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_check_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM fresh
       LEFT JOIN pg_ledger_entry entry
         ON entry.id = fresh.entry_id AND entry.company_id = fresh.company_id
      WHERE entry.id IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger: a link of the chain has no entry, or that of another company'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# Of the rows that one statement deleted, at once: the sequencer deletes thousands.
OUTBOX_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_check_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gone LEFT JOIN pg_ledger_chain link ON link.entry_id = gone.entry_id
                WHERE link.id IS NULL) THEN
        RAISE EXCEPTION 'ledger: an entry leaves the outbox only for its place in the chain'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

_FROZEN = """
DROP TRIGGER IF EXISTS {table}_frozen ON {table};
CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_frozen;
"""


def freeze(table):
    """Return the SQL that has a table take new rows only."""
    return REFUSE_FUNCTION + _FROZEN.format(table=table)


OUTBOX_GUARDS = (
    REFUSE_FUNCTION
    + OUTBOX_FUNCTION
    + """
DROP TRIGGER IF EXISTS pg_ledger_outbox_fixed ON pg_ledger_outbox;
CREATE TRIGGER pg_ledger_outbox_fixed BEFORE UPDATE OR TRUNCATE ON pg_ledger_outbox
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_outbox ENABLE ALWAYS TRIGGER pg_ledger_outbox_fixed;
DROP TRIGGER IF EXISTS pg_ledger_outbox_kept ON pg_ledger_outbox;
CREATE TRIGGER pg_ledger_outbox_kept AFTER DELETE ON pg_ledger_outbox
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_check_outbox();
ALTER TABLE pg_ledger_outbox ENABLE ALWAYS TRIGGER pg_ledger_outbox_kept;
DROP TRIGGER IF EXISTS pg_ledger_outbox_own ON pg_ledger_outbox;
CREATE TRIGGER pg_ledger_outbox_own BEFORE INSERT ON pg_ledger_outbox
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_outbox ENABLE ALWAYS TRIGGER pg_ledger_outbox_own;
ALTER TABLE pg_ledger_outbox
    DROP CONSTRAINT IF EXISTS pg_ledger_outbox_company_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_outbox_entry_id_fkey;
"""
)

CHAIN_GUARDS = (
    REFUSE_FUNCTION
    + CHAIN_FUNCTION
    + CHAIN_PLACE_FUNCTION
    + """
DROP TRIGGER IF EXISTS pg_ledger_chain_kept ON pg_ledger_chain;
CREATE TRIGGER pg_ledger_chain_kept BEFORE DELETE OR TRUNCATE ON pg_ledger_chain
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_kept;
DROP TRIGGER IF EXISTS pg_ledger_chain_fixed ON pg_ledger_chain;
CREATE TRIGGER pg_ledger_chain_fixed BEFORE UPDATE ON pg_ledger_chain FOR EACH ROW
    WHEN ((NEW.id, NEW.company_id, NEW.seq, NEW.entry_id, NEW.prev_hash, NEW.hash)
        IS DISTINCT FROM (OLD.id, OLD.company_id, OLD.seq, OLD.entry_id, OLD.prev_hash, OLD.hash))
    EXECUTE FUNCTION pg_ledger_check_chain();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_fixed;
DROP TRIGGER IF EXISTS pg_ledger_chain_placed ON pg_ledger_chain;
CREATE TRIGGER pg_ledger_chain_placed AFTER INSERT ON pg_ledger_chain
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_check_place();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_placed;
ALTER TABLE pg_ledger_chain
    DROP CONSTRAINT IF EXISTS pg_ledger_chain_company_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_chain_entry_id_fkey;
"""
)

SEAL_GUARDS = (
    REFUSE_FUNCTION
    + CHAIN_FUNCTION
    + """
DROP TRIGGER IF EXISTS pg_ledger_seal_kept ON pg_ledger_seal;
CREATE TRIGGER pg_ledger_seal_kept BEFORE DELETE OR TRUNCATE ON pg_ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_seal ENABLE ALWAYS TRIGGER pg_ledger_seal_kept;
DROP TRIGGER IF EXISTS pg_ledger_seal_fixed ON pg_ledger_seal;
CREATE TRIGGER pg_ledger_seal_fixed BEFORE UPDATE ON pg_ledger_seal FOR EACH ROW
    WHEN ((NEW.id, NEW.company_id, NEW.day, NEW.from_seq, NEW.to_seq, NEW.entry_count,
           NEW.head_hash, NEW.body, NEW.signature, NEW.public_key, NEW.create_date)
        IS DISTINCT FROM (OLD.id, OLD.company_id, OLD.day, OLD.from_seq, OLD.to_seq,
           OLD.entry_count, OLD.head_hash, OLD.body, OLD.signature, OLD.public_key,
           OLD.create_date))
    EXECUTE FUNCTION pg_ledger_check_chain();
ALTER TABLE pg_ledger_seal ENABLE ALWAYS TRIGGER pg_ledger_seal_fixed;
"""
)

DROP_GUARDS = """
DROP FUNCTION IF EXISTS pg_ledger_refuse_change() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_chain() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_outbox() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_place() CASCADE;
"""
