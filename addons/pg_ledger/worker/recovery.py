"""Entries that MongoDB holds and PostgreSQL lost: judged one by one, put back as they were.

What may come back is only what the chain proves: each document must have the hash of its content
and follow the one before it, beginning at the head of PostgreSQL.
"""

import bson
from odoo.tools import SQL

from ..exceptions import LedgerError
from ..tools.canonical import GENESIS, entry_hash
from ..tools.document import EPOCH, document_id, from_document
from ..tools.legs import INSERT_ENTRY
from .judge import _LENIENT
from .reading import read_entries, read_head

_CORRECTED = "SELECT id FROM pg_ledger_entry WHERE uuid = %s AND company_id = %s"
_CURRENCY = "SELECT id FROM res_currency WHERE name = %s"
# What document and row have under the same name.
_SAME = ("kind", "key", "subject", "subject_ref", "payload")
_LINK = """
INSERT INTO pg_ledger_chain (company_id, seq, entry_id, prev_hash, hash, mirrored_at)
VALUES (%s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC')
"""


class CannotRecover(LedgerError):
    """The entry cannot be put back as it was; says why."""


def judge_documents(cr, store, company_id, limit):
    """Look at the documents behind the head of PostgreSQL, oldest first.

    :param int limit: documents at most
    :return: ``(seq, document, fault)`` each; the fault is None for what the chain proves
    :rtype: list[tuple]
    """
    seq, prev = read_head(cr, company_id) or (0, GENESIS)
    judged, broken = [], None
    for data in store.iterate_raw(company_id, seq):
        if len(judged) >= limit:
            break
        document = bson.decode(data, _LENIENT)
        fault = _find_fault(cr, company_id, document, seq + 1, prev)
        if fault is None and broken:
            fault = f"follows position {broken}, which cannot be put back"
        if fault and not broken:
            broken = seq + 1
        judged.append((document.get("seq"), document, fault))
        seq, prev = seq + 1, document.get("hash")
    return judged


def _find_fault(cr, company_id, document, seq, prev):
    if document.get("seq") != seq or document.get("_id") != document_id(company_id, seq):
        return f"is not position {seq}"
    if document.get("prev") != prev:
        return "does not follow the entry before it"
    try:
        entry = from_document(document)
        if entry_hash(entry, seq, prev) != document["hash"]:
            return "its hash is not that of its content"
    except (ValueError, KeyError, TypeError) as error:
        return f"cannot be read ({error})"
    cr.execute(
        SQL(
            "SELECT key FROM pg_ledger_entry WHERE uuid = %s OR (company_id = %s AND key = %s)",
            entry["entry_uuid"],
            company_id,
            entry["key"],
        )
    )
    if cr.fetchone():
        return "PostgreSQL has posted this event again since, with another identity"
    return None


def put_back(cr, document, uid):
    """Insert the entry of a document and its link, as they were; check that they are.

    :param int uid: who accepted it
    :raise CannotRecover: it cannot be what it was; the caller rolls back
    """
    entry, seq = from_document(document), int(document["seq"])
    accounts, amounts, currencies, values = map(list, zip(*entry["postings"], strict=True))
    corrects_id = None
    if entry["corrects"]:
        cr.execute(SQL(_CORRECTED, entry["corrects"], entry["company_id"]))
        corrects_id = (cr.fetchone() or [None])[0]
    cr.execute(
        SQL(
            INSERT_ENTRY,
            **{name: entry[name] for name in _SAME},
            uuid=entry["entry_uuid"],
            company=entry["company_id"],
            company_currency=SQL("(%s)", SQL(_CURRENCY, entry["company_currency"])),
            company_currency_code=entry["company_currency"],
            occurred_at=EPOCH + (document["occurred_at"] - EPOCH),
            corrects=corrects_id,
            count=len(accounts),
            uid=uid,
            accounts=accounts,
            amounts=amounts,
            currencies=currencies,
            values=values,
        )
    )
    entry_id = (cr.fetchone() or [None])[0]
    made = entry_id and read_entries(cr, [entry_id])[entry_id]
    if not made or entry_hash(made, seq, document["prev"]) != document["hash"]:
        raise CannotRecover(f"position {seq} cannot be put back as it was")
    cr.execute(SQL(_LINK, entry["company_id"], seq, entry_id, document["prev"], document["hash"]))
    cr.execute(SQL("DELETE FROM pg_ledger_outbox WHERE entry_id = %s", entry_id))
