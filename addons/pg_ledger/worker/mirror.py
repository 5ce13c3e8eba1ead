"""Delivers the chain to MongoDB: inserts only, each position once, never overwriting."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

from bson.raw_bson import RawBSONDocument
from odoo.tools import SQL

from ..const import MIRROR_BATCH, MIRROR_WINDOW, STOPPING_KINDS
from ..tools.encoding import encode_entry
from .reading import read_entries

_UNDELIVERED = """
SELECT company_id, seq, entry_id, prev_hash, hash FROM pg_ledger_chain link
 WHERE mirrored_at IS NULL
   AND NOT EXISTS (
       SELECT 1 FROM pg_ledger_conflict conflict
        WHERE conflict.company_id = link.company_id AND state = 'open'
          AND (conflict.seq = link.seq OR conflict.kind = ANY(%s)))
 ORDER BY company_id, seq LIMIT %s FOR UPDATE OF link SKIP LOCKED
"""
_MARK = """
UPDATE pg_ledger_chain SET mirrored_at = clock_timestamp() AT TIME ZONE 'UTC'
 WHERE company_id = %s AND seq BETWEEN %s AND %s
"""


def deliver_batch(env, store, limit=MIRROR_WINDOW, size=MIRROR_BATCH):
    """Send the oldest links that MongoDB does not hold, in the caller's own transaction.

    Batches are under way to MongoDB, in a thread of its own, while the next is read and encoded.
    The rows stay locked meanwhile (some 10 s at most for each batch), so that other workers take
    other rows. A crash after an insert leads to the same documents again, which find themselves.

    :param env: environment on a cursor of its own, committed at once by the caller
    :param int limit: links at most
    :param int size: documents of one insert
    :return: ``(links taken, refusals)``
    :rtype: tuple[int, list]
    :raise PyMongoError: nothing is marked; deliver again later
    """
    env.cr.execute(SQL(_UNDELIVERED, list(STOPPING_KINDS), limit))
    links = env.cr.fetchall()
    refusals, under_way = [], deque()
    with ThreadPoolExecutor(1, "pg_ledger.mirror") as sender:
        for start in range(0, len(links), size):
            batch = links[start : start + size]
            under_way.append((batch, sender.submit(store.insert, _encode(env.cr, batch))))
            while len(under_way) > 2:
                refusals += _settle(env, *under_way.popleft())
        for batch, sent in under_way:
            refusals += _settle(env, batch, sent)
    if links:
        env["pg.ledger.mirror"]._note_success(sorted({link[0] for link in links}))
    return len(links), refusals


def _encode(cr, links):
    """Read the entries of links and return their documents, encoded already."""
    entries = read_entries(cr, [link[2] for link in links])
    return [
        RawBSONDocument(encode_entry(entries[entry_id], seq, prev, digest))
        for _company_id, seq, entry_id, prev, digest in links
    ]


def _settle(env, links, sent):
    """Wait for the outcome of a batch and write it down.

    :return: its refusals
    :rtype: list
    """
    refusals = sent.result()
    refused = {refusal.index for refusal in refusals}
    delivered = [link for index, link in enumerate(links) if index not in refused]
    for company_id, first, last in _find_runs(delivered):
        env.cr.execute(SQL(_MARK, company_id, first, last))
    if refusals:
        _open_conflicts(env, refusals, links)
    return refusals


def _find_runs(links):
    """Return ``[company, first, last]`` for each run of positions without a hole."""
    runs = []
    for company_id, seq, *_rest in links:
        if runs and runs[-1][0] == company_id and runs[-1][2] == seq - 1:
            runs[-1][2] = seq
        else:
            runs.append([company_id, seq, seq])
    return runs


def _open_conflicts(env, refusals, links):
    env["pg.ledger.conflict"]._record(
        {
            "company_id": links[refusal.index][0],
            "kind": refusal.kind,
            "seq": links[refusal.index][1],
            "entry_id": links[refusal.index][2],
            "expected_hash": links[refusal.index][4],
            "found_hash": refusal.found and str(refusal.found.get("hash")),
            "detail": refusal.message[:2000],
        }
        for refusal in refusals
    )


def check_heads(env, heads):
    """Stop the companies whose MongoDB holds what PostgreSQL does not know.

    That is what a PostgreSQL restored to an older point looks like, whether anything is posted
    since or not. MongoDB is asked first: the chain is committed in PostgreSQL before it is sent, so
    its head can only be further by then.

    :param dict heads: ``{company: (seq, hash)}``, see :meth:`.store.Store.read_heads`
    :return: the companies that were stopped now
    :rtype: list[int]
    """
    env.cr.execute(
        SQL(
            """SELECT company.id, link.hash FROM unnest(%s::int[], %s::bigint[]) head (id, seq)
                 JOIN res_company company ON company.id = head.id
                 LEFT JOIN pg_ledger_chain link
                   ON link.company_id = head.id AND link.seq = head.seq""",
            list(heads),
            [seq for seq, _digest in heads.values()],
        )
    )
    stopped = []
    for company_id, known in env.cr.fetchall():
        seq, digest = heads[company_id]
        if known == digest:
            continue
        stopped.append(company_id)
        env["pg.ledger.conflict"]._record([_describe_stop(company_id, seq, known, digest)])
    return stopped


def _describe_stop(company_id, seq, known, digest):
    return {
        "company_id": company_id,
        "kind": "diverged" if known else "ahead",
        "seq": seq,
        "expected_hash": known,
        "found_hash": str(digest)[:200],
        "detail": "The newest document in MongoDB is not in the chain of PostgreSQL. "
        "Nothing is chained or mirrored for this company until a person decides.",
    }
