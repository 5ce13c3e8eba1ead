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
#
# Every statement in here is planned anew in every transaction: Odoo resets a connection before it
# uses it again, which drops all plans. So each check is one statement, words for a refusal are
# looked up only then, and what a check proves is no foreign key as well.
BALANCE_FUNCTIONS = """
CREATE OR REPLACE FUNCTION pg_ledger_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_text text;
BEGIN
    PERFORM 1 FROM (
        SELECT count(*) AS number, max(position) AS last, sum(amount) AS amount,
               sum(company_amount) AS value,
               bool_and(company_id = NEW.company_id AND kind = NEW.kind
                        AND occurred_at = NEW.occurred_at
                        AND company_currency_id = NEW.company_currency_id) AS same
          FROM pg_ledger_posting WHERE entry_id = NEW.id GROUP BY currency_code) leg
    HAVING (sum(number) = NEW.posting_count AND max(last) = NEW.posting_count
            AND NEW.posting_count >= 2 AND sum(value) = 0 AND bool_and(same AND amount = 0))
           IS NOT TRUE;
    IF FOUND THEN
        SELECT string_agg(account || ' ' || amount || ' ' || currency_code, ', ' ORDER BY position)
          INTO found_text FROM pg_ledger_posting WHERE entry_id = NEW.id;
        RAISE EXCEPTION 'ledger: entry % does not balance, or has not the % postings it announces',
            NEW.id, NEW.posting_count
            USING ERRCODE = 'check_violation', DETAIL = COALESCE(found_text, 'It has none.');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION pg_ledger_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM fresh
       LEFT JOIN pg_ledger_entry entry
         ON entry.id = fresh.entry_id AND fresh.position <= entry.posting_count
      WHERE entry.id IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger: a posting has no entry, or one that takes no more postings'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# The database itself has an entry wait for its place in the chain, and takes no other row there.
WAIT_FUNCTION = """
CREATE OR REPLACE FUNCTION pg_ledger_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pg_ledger_outbox (entry_id, company_id) SELECT id, company_id FROM fresh;
    RETURN NULL;
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

ENTRY_GUARDS = (
    REFUSE_FUNCTION
    + BALANCE_FUNCTIONS
    + WAIT_FUNCTION
    + """
DROP TRIGGER IF EXISTS pg_ledger_entry_frozen ON pg_ledger_entry;
CREATE TRIGGER pg_ledger_entry_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON pg_ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_refuse_change();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_frozen;
DROP TRIGGER IF EXISTS pg_ledger_entry_balanced ON pg_ledger_entry;
CREATE CONSTRAINT TRIGGER pg_ledger_entry_balanced AFTER INSERT ON pg_ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_ledger_check_entry();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_balanced;
DROP TRIGGER IF EXISTS pg_ledger_entry_waits ON pg_ledger_entry;
CREATE TRIGGER pg_ledger_entry_waits AFTER INSERT ON pg_ledger_entry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_wait();
ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_waits;
"""
)

_ADD_POSTINGS = """
        INSERT INTO pg_ledger_posting (
            entry_id, position, company_id, kind, occurred_at, account, amount, currency_id,
            currency_code, company_amount, company_currency_id)
        SELECT entry_id, leg.position, p_company, p_kind, p_occurred_at, leg.account, leg.amount,
               %s, leg.currency, leg.company_amount, p_company_currency
          FROM unnest(p_accounts, p_amounts, p_currencies, p_values)
               WITH ORDINALITY AS leg (account, amount, currency, company_amount, position)"""

# One call instead of three statements. Small statements: the whole in one costs more to plan. A
# currency is looked up only when it is another than the company's.
POST_FUNCTION = f"""
CREATE OR REPLACE FUNCTION pg_ledger_post(
    p_uuid varchar, p_company int, p_company_currency int, p_company_code varchar, p_kind varchar,
    p_key varchar, p_subject varchar, p_subject_ref varchar, p_occurred_at timestamp,
    p_payload text, p_corrects int, p_uid int, p_accounts text[], p_amounts numeric[],
    p_currencies text[], p_values numeric[], OUT entry_id int, OUT posting_count int)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_variable
DECLARE
    last_seq int;
BEGIN
    SELECT subject_seq INTO last_seq FROM pg_ledger_entry
     WHERE subject = p_subject ORDER BY subject_seq DESC LIMIT 1;
    INSERT INTO pg_ledger_entry AS e (
        uuid, company_id, company_currency_id, company_currency_code, kind, key, subject,
        subject_ref, subject_seq, occurred_at, payload, corrects_id, posting_count, create_uid,
        create_date)
    VALUES (
        p_uuid, p_company, p_company_currency, p_company_code, p_kind, p_key, p_subject,
        p_subject_ref, COALESCE(last_seq, 0) + 1, p_occurred_at, p_payload, p_corrects,
        cardinality(p_accounts), p_uid, now() AT TIME ZONE 'UTC')
    ON CONFLICT DO NOTHING
    RETURNING e.id INTO entry_id;
    IF entry_id IS NULL THEN
        RETURN;
    END IF;
    IF p_company_code = ALL (p_currencies) THEN{_ADD_POSTINGS % "p_company_currency"};
    ELSE{_ADD_POSTINGS % "currency.id"}
          JOIN res_currency currency ON currency.name = leg.currency;
    END IF;
    GET DIAGNOSTICS posting_count = ROW_COUNT;
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
CREATE TRIGGER pg_ledger_posting_counted AFTER INSERT ON pg_ledger_posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION pg_ledger_check_posting();
ALTER TABLE pg_ledger_posting ENABLE ALWAYS TRIGGER pg_ledger_posting_counted;
ALTER TABLE pg_ledger_posting
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_entry_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_company_id_fkey,
    DROP CONSTRAINT IF EXISTS pg_ledger_posting_company_currency_id_fkey;
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
DROP FUNCTION IF EXISTS pg_ledger_post;
DROP FUNCTION IF EXISTS pg_ledger_refuse_change() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_chain() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_outbox() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_entry() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_posting() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_wait() CASCADE;
DROP FUNCTION IF EXISTS pg_ledger_check_place() CASCADE;
"""
