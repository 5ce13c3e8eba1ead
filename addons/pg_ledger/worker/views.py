"""``ledger_views.transactions``: how each subject stands now, for people who query MongoDB.

One document for each subject, made from its chained entries in PostgreSQL. Unlike ``ledger.events``
it proves nothing: it is written over and over, and can be made anew from nothing at any time.
"""

from collections import defaultdict
from decimal import Decimal

from bson.decimal128 import Decimal128
from bson.int64 import Int64
from odoo.tools import SQL
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from ..const import VIEW_BATCH
from .reading import read_head

_DUPLICATE = 11000
_QUANTUM = Decimal("0.0001")

_ENTRIES = """
SELECT entry.id, entry.subject, entry.subject_ref, entry.subject_seq, entry.kind,
       entry.company_currency_code, entry.occurred_at, link.seq, link.hash
  FROM pg_ledger_entry entry JOIN pg_ledger_chain link ON link.entry_id = entry.id
 WHERE entry.company_id = %(company)s AND link.seq <= %(upto)s AND entry.subject IN (
       SELECT changed.subject FROM pg_ledger_chain recent
         JOIN pg_ledger_entry changed ON changed.id = recent.entry_id
        WHERE recent.company_id = %(company)s AND recent.seq > %(after)s
          AND recent.seq <= %(upto)s)
 ORDER BY entry.subject, entry.subject_seq
"""
_POSTINGS = """
SELECT entry_id, account, currency_code, amount::text, company_amount::text
  FROM pg_ledger_posting
 WHERE entry_id = ANY(%s) ORDER BY entry_id, position
"""


def project_batch(cr, store, company_id, after, limit=VIEW_BATCH):
    """Bring the documents of what happened after a position up to date.

    :param int after: position up to which they are
    :return: the position up to which they are now; the same when there is nothing new
    :rtype: int
    :raise PyMongoError: MongoDB is away, the same positions are taken again later
    """
    head = read_head(cr, company_id)
    upto = min(after + limit, head[0] if head else 0)
    if upto <= after:
        return after
    documents = read_documents(cr, company_id, after, upto)
    replace_documents(store.transactions, documents)
    return upto


def read_documents(cr, company_id, after, upto):
    """Return the documents of all subjects that have an entry between two positions."""
    cr.execute(SQL(_ENTRIES, company=company_id, after=after, upto=upto))
    rows, postings = cr.fetchall(), defaultdict(list)
    cr.execute(SQL(_POSTINGS, [row[0] for row in rows]))
    for entry_id, *posting in cr.fetchall():
        account, currency, amount, value = posting
        postings[entry_id].append((account, currency, Decimal(amount), Decimal(value)))
    subjects = defaultdict(list)
    for row in rows:
        subjects[row[1]].append(row)
    return [_build_document(company_id, rows, postings) for rows in subjects.values()]


def _build_document(company_id, rows, postings):
    """Put the entries of one subject together."""
    balances = defaultdict(lambda: [Decimal(0), Decimal(0)])
    totals = defaultdict(Decimal)
    for entry_id, _subject, _ref, _number, kind, *_rest in rows:
        for account, currency, amount, value in postings[entry_id]:
            balances[account, currency][0] += amount
            balances[account, currency][1] += value
            totals[kind] += max(value, 0)
    last = rows[-1]
    return {
        "_id": last[1],
        "company_id": company_id,
        "subject_ref": last[2],
        "state": last[4],
        "version": last[3],
        "seq": Int64(last[7]),
        "hash": last[8],
        "company_currency": last[5],
        "first_at": rows[0][6],
        "last_at": last[6],
        "entries": len(rows),
        "totals": {kind: _to_decimal128(value) for kind, value in totals.items()},
        "balances": [
            {
                "account": account,
                "currency": currency,
                "amount": _to_decimal128(amount),
                "company_amount": _to_decimal128(value),
            }
            for (account, currency), (amount, value) in sorted(balances.items())
        ],
    }


def _to_decimal128(value):
    return Decimal128(value.quantize(_QUANTUM) + 0)


def replace_documents(collection, documents):
    """Write documents over older ones, never over newer ones.

    Of two workers with the same subject the one that knows more wins, in whatever order they come:
    where a newer document stands the filter finds nothing, and the insert finds the ``_id`` taken.
    """
    if not documents:
        return
    writes = [
        ReplaceOne(
            {"_id": document["_id"], "version": {"$lte": document["version"]}},
            document,
            upsert=True,
        )
        for document in documents
    ]
    try:
        collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if error.details.get("writeConcernErrors") or any(
            failure["code"] != _DUPLICATE for failure in failures
        ):
            raise
