"""Gives every entry its place in the chain of its company, after the entry's commit."""

from odoo.tools import SQL

from ..const import SEQUENCER_BATCH, SEQUENCER_LOCK
from ..tools.canonical import GENESIS, entry_hash
from .reading import is_stopped, read_entries, read_head

_APPEND = """
INSERT INTO pg_ledger_chain (company_id, seq, entry_id, prev_hash, hash)
SELECT %s, %s + place, entry_id, prev, hash
  FROM unnest(%s::int[], %s::varchar[], %s::varchar[])
       WITH ORDINALITY AS link (entry_id, prev, hash, place)
"""


def read_waiting_companies(cr):
    """Return the ids of the companies that have entries without a place."""
    cr.execute("SELECT DISTINCT company_id FROM pg_ledger_outbox ORDER BY company_id")
    return [row[0] for row in cr.fetchall()]


def sequence_company(cr, company_id, limit=SEQUENCER_BATCH):
    """Chain the oldest waiting entries of one company, in the caller's transaction.

    One sequencer per company: a second one finds the advisory lock taken and does nothing. The
    lock ends with the transaction, so the caller commits at once. The entries of a subject keep
    their order since each was committed before the next was written.

    :param int limit: entries at most
    :return: number of entries chained
    :rtype: int
    """
    cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", SEQUENCER_LOCK, company_id))
    if not cr.fetchone()[0] or is_stopped(cr, company_id):
        return 0
    cr.execute(
        SQL(
            "SELECT entry_id FROM pg_ledger_outbox WHERE company_id = %s"
            " ORDER BY entry_id LIMIT %s",
            company_id,
            limit,
        )
    )
    entry_ids = [row[0] for row in cr.fetchall()]
    if entry_ids:
        _append_links(cr, company_id, entry_ids)
    return len(entry_ids)


def _append_links(cr, company_id, entry_ids):
    """Insert the links and take the entries out of the outbox."""
    entries = read_entries(cr, entry_ids)
    seq, prev = read_head(cr, company_id) or (0, GENESIS)
    hashes = [prev]
    for position, entry_id in enumerate(entry_ids, seq + 1):
        hashes.append(entry_hash(entries[entry_id], position, hashes[-1]))
    cr.execute(SQL(_APPEND, company_id, seq, entry_ids, hashes[:-1], hashes[1:]))
    cr.execute(SQL("DELETE FROM pg_ledger_outbox WHERE entry_id = ANY(%s)", entry_ids))
