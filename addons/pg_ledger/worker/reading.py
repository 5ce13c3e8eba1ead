"""Reading entries and the chain out of PostgreSQL, exact amounts as text."""

from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..const import STOPPING_KINDS

_ENTRIES = """
SELECT entry.id, entry.company_id, entry.uuid AS entry_uuid, entry.subject, entry.subject_ref,
       entry.subject_seq, entry.kind, entry.key, entry.company_currency_code AS company_currency,
       (EXTRACT(EPOCH FROM entry.occurred_at) * 1000)::bigint AS occurred_ms,
       corrected.uuid AS corrects, entry.payload, legs.postings
  FROM pg_ledger_entry entry
  LEFT JOIN pg_ledger_entry corrected ON corrected.id = entry.corrects_id
 CROSS JOIN LATERAL (
       SELECT json_agg(json_build_array(account, round(amount, 4)::text, currency_code,
                                        round(company_amount, 4)::text) ORDER BY position)
           AS postings
         FROM pg_ledger_posting posting WHERE posting.entry_id = entry.id) legs
 WHERE entry.id = ANY(%s)
"""


def use_read_committed(cr):
    """Make every statement of the coming transaction see what others committed before it.

    Odoo's cursors keep one snapshot per transaction; a worker that waits for a lock would go on
    with what it saw before the lock. Call it before the first statement. A test's cursor stands
    inside a transaction already and is left as it is.
    """
    if isinstance(cr, Cursor):
        cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def read_entries(cr, entry_ids):
    """Read entries as the canonical form takes them.

    :param list entry_ids: ids of ``pg.ledger.entry``
    :return: entry by id
    :rtype: dict[int, dict]
    """
    cr.execute(SQL(_ENTRIES, list(entry_ids)))
    return {row["id"]: row for row in cr.dictfetchall()}


def read_links(cr, company_id, after, limit):
    """Read the next links of a chain, oldest first, each with its entry.

    :return: ``(seq, prev, hash, mirrored, entry)``
    :rtype: list[tuple]
    """
    cr.execute(
        SQL(
            """SELECT seq, prev_hash, hash, mirrored_at IS NOT NULL, entry_id FROM pg_ledger_chain
                WHERE company_id = %s AND seq > %s ORDER BY seq LIMIT %s""",
            company_id,
            after,
            limit,
        )
    )
    links = cr.fetchall()
    entries = read_entries(cr, [link[4] for link in links])
    return [(*link[:4], entries[link[4]]) for link in links]


def read_head(cr, company_id):
    """Return ``(seq, hash)`` of the newest link, ``None`` when there is none."""
    cr.execute(
        SQL(
            "SELECT seq, hash FROM pg_ledger_chain WHERE company_id = %s ORDER BY seq DESC LIMIT 1",
            company_id,
        )
    )
    return cr.fetchone()


def read_hash(cr, company_id, seq):
    """Return the hash of one position, ``None`` when there is none."""
    cr.execute(
        SQL("SELECT hash FROM pg_ledger_chain WHERE company_id = %s AND seq = %s", company_id, seq)
    )
    row = cr.fetchone()
    return row and row[0]


def is_stopped(cr, company_id):
    """Tell whether an open conflict stops the sequencer and the mirror of a company."""
    cr.execute(
        SQL(
            """SELECT EXISTS (SELECT 1 FROM pg_ledger_conflict WHERE company_id = %s
                AND state = 'open' AND kind = ANY(%s))""",
            company_id,
            list(STOPPING_KINDS),
        )
    )
    return cr.fetchone()[0]
