"""Holds every chain of PostgreSQL against MongoDB, by plain SQL and pymongo, without our code."""

from collections import defaultdict
from decimal import Decimal

ENTRIES = """
SELECT link.company_id, link.seq, link.prev_hash, link.hash, entry.uuid, entry.subject,
       entry.subject_seq, entry.kind, entry.key, entry.occurred_at,
       (SELECT string_agg(account || ' ' || currency_code || ' ' || round(amount, 4)::text || ' '
                          || round(company_amount, 4)::text, ';' ORDER BY position)
          FROM pg_ledger_posting WHERE entry_id = entry.id)
  FROM pg_ledger_chain link JOIN pg_ledger_entry entry ON entry.id = link.entry_id
 ORDER BY 1, 2
"""
FIELDS = ("prev", "hash", "entry_uuid", "subject", "subject_seq", "kind", "key", "occurred_at")


def compare(cursor, ledger):
    """Return the figures of one ledger database: events, missing, extra, different, gaps."""
    cursor.execute(ENTRIES)
    known = {}
    for company_id, seq, *values, postings in cursor.fetchall():
        known[f"{company_id}:{seq:012d}"] = (company_id, seq, *values, postings)
    found = {document["_id"]: read(document) for document in ledger["events"].find()}
    return {
        "events": len(known),
        "missing": len(known.keys() - found.keys()),
        "extra": len(found.keys() - known.keys()),
        "different": sum(found[name] != known[name] for name in known.keys() & found.keys()),
        "gaps": count_gaps(known.values()),
    }


def read(document):
    """Return a document as the query above gives its entry."""
    legs = [
        f"{leg['account']} {leg['currency']}"
        f" {amount(leg['amount'])} {amount(leg['company_amount'])}"
        for leg in document["postings"]
    ]
    values = (document[name] for name in FIELDS)
    return (document["company_id"], int(document["seq"]), *values, ";".join(legs))


def amount(value):
    return f"{value.to_decimal().quantize(Decimal('0.0001')):f}"


def count_gaps(rows):
    """Count positions that do not follow the one before them, in number, hash or subject."""
    gaps, last, numbers = 0, {}, defaultdict(int)
    for company_id, seq, prev, digest, _uuid, subject, number, *_rest in rows:
        before, before_hash = last.get(company_id, (0, "0" * 64))
        numbers[subject] += 1
        gaps += seq != before + 1 or prev != before_hash or number != numbers[subject]
        last[company_id] = seq, digest
    return gaps
