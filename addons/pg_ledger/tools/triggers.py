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
    IF NOT EXISTS (SELECT 1 FROM pg_ledger_outbox WHERE entry_id = NEW.id)
        AND NOT EXISTS (SELECT 1 FROM pg_ledger_chain WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'ledger: entry % neither waits for a place in the chain nor has one', NEW.id
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

# A function keeps its plan for the connection: a third of the time of the same statement sent anew.
POST_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_post(
    p_uuid varchar, p_company int, p_company_currency int, p_company_code varchar, p_kind varchar,
    p_key varchar, p_subject varchar, p_subject_ref varchar, p_occurred_at timestamp,
    p_payload text, p_corrects int, p_uid int, p_accounts text[], p_amounts numeric[],
    p_currencies text[], p_values numeric[], OUT entry_id int, OUT posting_count int)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    WITH entry AS (
        INSERT INTO pg_ledger_entry AS e (
            uuid, company_id, company_currency_id, company_currency_code, kind, key, subject,
            subject_ref, subject_seq, occurred_at, payload, corrects_id, posting_count, create_uid,
            create_date)
        VALUES (
            p_uuid, p_company, p_company_currency, p_company_code, p_kind, p_key, p_subject,
            p_subject_ref,
            1 + COALESCE((SELECT max(subject_seq) FROM pg_ledger_entry
                           WHERE subject = p_subject), 0),
            p_occurred_at, p_payload, p_corrects, cardinality(p_accounts), p_uid,
            now() AT TIME ZONE 'UTC')
        ON CONFLICT DO NOTHING
        RETURNING e.id
    ), waiting AS (
        INSERT INTO pg_ledger_outbox (entry_id, company_id) SELECT entry.id, p_company FROM entry
    ), posting AS (
        INSERT INTO pg_ledger_posting (
            entry_id, position, company_id, kind, occurred_at, account, amount, currency_id,
            currency_code, company_amount, company_currency_id)
        SELECT entry.id, leg.position, p_company, p_kind, p_occurred_at, leg.account, leg.amount,
               currency.id, leg.currency, leg.company_amount, p_company_currency
          FROM entry
         CROSS JOIN unnest(p_accounts, p_amounts, p_currencies, p_values)
               WITH ORDINALITY AS leg (account, amount, currency, company_amount, position)
          JOIN res_currency currency ON currency.name = leg.currency
        RETURNING 1
    )
    SELECT (SELECT entry.id FROM entry), (SELECT count(*) FROM posting)
      INTO entry_id, posting_count;
END $$;
"""

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
CREATE TRIGGER pg_ledger_chain_fixed BEFORE UPDATE ON pg_ledger_chain FOR EACH ROW
    WHEN ((NEW.id, NEW.company_id, NEW.seq, NEW.entry_id, NEW.prev_hash, NEW.hash)
        IS DISTINCT FROM (OLD.id, OLD.company_id, OLD.seq, OLD.entry_id, OLD.prev_hash, OLD.hash))
    EXECUTE FUNCTION pg_ledger_check_chain();
ALTER TABLE pg_ledger_chain ENABLE ALWAYS TRIGGER pg_ledger_chain_fixed;
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
DROP FUNCTION IF EXISTS pg_ledger_post;
DROP FUNCTION IF EXISTS pg_ledger_refuse_change() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_chain() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_outbox() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_entry() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_posting() CASCADE;
"""
