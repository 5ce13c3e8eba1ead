"""Delivers the chain to MongoDB: inserts only, each position once, never overwriting."""

from odoo.tools import SQL

from ..const import MIRROR_BATCH, STOPPING_KINDS
from ..tools.document import to_document
from .reading import read_entries, read_hash

_UNDELIVERED = """
SELECT id, company_id, seq, entry_id, prev_hash, hash FROM pg_ledger_chain link
 WHERE mirrored_at IS NULL
   AND NOT EXISTS (
       SELECT 1 FROM pg_ledger_conflict conflict
        WHERE conflict.company_id = link.company_id AND state = 'open'
          AND (conflict.seq = link.seq OR conflict.kind = ANY(%s)))
 ORDER BY company_id, seq LIMIT %s FOR UPDATE OF link SKIP LOCKED
"""


def deliver_batch(env, store, limit=MIRROR_BATCH):
    """Send the oldest links that MongoDB does not hold, in the caller's own transaction.

    The rows stay locked while MongoDB answers (10 s at most), so that other workers take other
    rows. A crash after the insert leads to the same batch again, which finds its own documents.

    :param env: environment on a cursor of its own, committed at once by the caller
    :return: ``(links taken, refusals)``
    :rtype: tuple[int, list]
    :raise PyMongoError: nothing is marked; deliver again later
    """
    cr = env.cr
    cr.execute(SQL(_UNDELIVERED, list(STOPPING_KINDS), limit))
    links = cr.dictfetchall()
    if not links:
        return 0, []
    entries = read_entries(cr, [link["entry_id"] for link in links])
    documents = [
        to_document(entries[link["entry_id"]], link["seq"], link["prev_hash"], link["hash"])
        for link in links
    ]
    outcome = store.insert(documents)
    delivered = [
        link
        for link, document in zip(links, documents, strict=True)
        if document["_id"] in outcome.stored
    ]
    _mark_delivered(env, delivered)
    if outcome.refusals:
        _open_conflicts(env, outcome.refusals, links)
    return len(links), outcome.refusals


def _mark_delivered(env, links):
    if not links:
        return
    env.cr.execute(
        SQL(
            "UPDATE pg_ledger_chain SET mirrored_at = clock_timestamp() AT TIME ZONE 'UTC'"
            " WHERE id = ANY(%s)",
            [link["id"] for link in links],
        )
    )
    env["pg.ledger.mirror"]._note_success(sorted({link["company_id"] for link in links}))


def _open_conflicts(env, refusals, links):
    entry_ids = {(link["company_id"], link["seq"]): link["entry_id"] for link in links}
    env["pg.ledger.conflict"]._record(
        {
            "company_id": refusal.document["company_id"],
            "kind": refusal.kind,
            "seq": refusal.document["seq"],
            "entry_id": entry_ids[refusal.document["company_id"], refusal.document["seq"]],
            "expected_hash": refusal.document["hash"],
            "found_hash": refusal.found and str(refusal.found.get("hash")),
            "detail": refusal.message[:2000],
        }
        for refusal in refusals
    )


def check_head(env, store, company_id):
    """Stop a company whose MongoDB holds what PostgreSQL does not know.

    That is what a PostgreSQL restored to an older point looks like. MongoDB is asked first: the
    chain is committed in PostgreSQL before it is sent, so its head can only be further by then.

    :return: True when the company may go on
    :rtype: bool
    """
    newest = store.read_head(company_id)
    if newest is None:
        return True
    seq, digest = newest
    known = read_hash(env.cr, company_id, seq)
    if known == digest:
        return True
    env["pg.ledger.conflict"]._record(
        [
            {
                "company_id": company_id,
                "kind": "diverged" if known else "ahead",
                "seq": seq,
                "expected_hash": known,
                "found_hash": str(digest),
                "detail": "The newest document in MongoDB is not in the chain of PostgreSQL. "
                "Nothing is chained or mirrored for this company until a person decides.",
            }
        ]
    )
    return False
