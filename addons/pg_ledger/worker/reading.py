"""Reading entries and the chain out of PostgreSQL, exact amounts as text."""

from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..const import STOPPING_KINDS
from ..tools.forms import to_entry

# The corrected entry is looked up for each row that has one: a join reads the whole table for a few
# of them. The time is read as a double, exact for milliseconds and five times as fast as a numeric.
_ENTRIES = """
SELECT entry.id, entry.company_id, entry.uuid, entry.subject, entry.subject_ref,
       entry.subject_seq, entry.kind, entry.key,
       (date_part('epoch', entry.occurred_at) * 1000)::bigint, entry.company_currency_code,
       CASE WHEN entry.corrects_id IS NOT NULL THEN
           (SELECT uuid FROM pg_ledger_entry WHERE id = entry.corrects_id) END,
       entry.payload
  FROM pg_ledger_entry entry
 WHERE %s
"""
# In any order, see `tools/forms.py`.
_POSTINGS = """
SELECT entry_id, string_agg(
           position || E'\\x1e' || account || E'\\x1e' || currency_code || E'\\x1f'
           || round(amount, 4) || E'\\x1f'
           || CASE WHEN company_amount = amount THEN '' ELSE round(company_amount, 4)::text END,
           E'\\x1f')
  FROM pg_ledger_posting WHERE %s GROUP BY entry_id
"""
# Ids are read as a range, twice as fast as by list, when at least so much of it is wanted.
_DENSE = 0.7


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
    rows, postings = _read_rows(cr, entry_ids)
    return {
        entry_id: to_entry(rows[entry_id], postings.get(entry_id))
        for entry_id in entry_ids
        if entry_id in rows
    }


def _read_rows(cr, entry_ids):
    """Read the rows of entries and the texts of their postings, see `tools/forms.py`.

    :return: both by id; some of other entries may be with them
    :rtype: tuple[dict, dict]
    """
    if not entry_ids:
        return {}, {}
    wanted = set(entry_ids)
    cr.execute(SQL(_ENTRIES, _where(SQL.identifier("entry", "id"), wanted)))
    rows = {row[0]: row for row in cr.fetchall()}
    cr.execute(SQL(_POSTINGS, _where(SQL.identifier("entry_id"), wanted)))
    return rows, dict(cr.fetchall())


def _where(column, wanted):
    """Return the condition for some ids: by range when that holds few others."""
    first, last = min(wanted), max(wanted)
    if len(wanted) >= _DENSE * (last - first + 1):
        return SQL("%s BETWEEN %s AND %s", column, first, last)
    return SQL("%s = ANY(%s)", column, list(wanted))


def read_links(cr, company_id, after, limit):
    """Read the next links of a chain, oldest first, each with its entry.

    :return: ``(seq, prev, hash, mirrored, entry)``; an entry that is gone is None
    :rtype: list[tuple]
    """
    return [
        (seq, prev, digest, mirrored, row and to_entry(row, postings))
        for seq, prev, digest, mirrored, row, postings in read_rows(cr, company_id, after, limit)
    ]


def read_rows(cr, company_id, after, limit):
    """Like :func:`read_links`, the entry as :func:`..tools.forms.make_forms` takes it.

    :return: ``(seq, prev, hash, mirrored, row, postings)``; the row of one that is gone is None
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
    rows, postings = _read_rows(cr, [link[4] for link in links])
    return [
        (seq, prev, digest, mirrored, rows.get(entry_id), postings.get(entry_id))
        for seq, prev, digest, mirrored, entry_id in links
    ]


def read_head(cr, company_id):
    """Return ``(seq, hash)`` of the newest link, ``None`` when there is none."""
    cr.execute(
        SQL(
            "SELECT seq, hash FROM pg_ledger_chain WHERE company_id = %s ORDER BY seq DESC LIMIT 1",
            company_id,
        )
    )
    return cr.fetchone()


def read_delivered(cr):
    """Return ``{company: position}`` of the newest link of each chain that MongoDB surely holds."""
    cr.execute(
        """SELECT company.id, link.seq FROM res_company company
            CROSS JOIN LATERAL (SELECT seq FROM pg_ledger_chain c
                 WHERE c.company_id = company.id AND mirrored_at IS NOT NULL
                 ORDER BY seq DESC LIMIT 1) link"""
    )
    return dict(cr.fetchall())


def read_lost(cr, company_id, limit):
    """Return ``(id, key)`` of entries that have no place in the chain and wait for none.

    The database refuses to make one; somebody must have switched its guards off.
    """
    cr.execute(
        SQL(
            """SELECT id, key FROM pg_ledger_entry entry WHERE company_id = %s
                  AND NOT EXISTS (SELECT 1 FROM pg_ledger_chain WHERE entry_id = entry.id)
                  AND NOT EXISTS (SELECT 1 FROM pg_ledger_outbox WHERE entry_id = entry.id)
                ORDER BY id LIMIT %s""",
            company_id,
            limit,
        )
    )
    return cr.fetchall()


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
