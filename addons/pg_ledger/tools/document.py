"""An entry as a MongoDB document, and back. Needs only the ``bson`` package of pymongo."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

from bson.decimal128 import Decimal128
from bson.int64 import Int64

from ..postings import amount_text
from .canonical import VERSION, canonical_json
from .encoding import decimal_bits

EPOCH = datetime(1970, 1, 1)
_MS = timedelta(milliseconds=1)
_TEXTS = ("entry_uuid", "subject", "subject_ref", "kind", "key", "company_currency")
_KEYS = frozenset(_TEXTS) | {
    "_id",
    "v",
    "company_id",
    "seq",
    "subject_seq",
    "occurred_at",
    "corrects",
    "postings",
    "payload",
    "prev",
    "hash",
}
_POSTING_KEYS = {"account", "amount", "currency", "company_amount"}


def document_id(company_id, seq):
    """Return the ``_id`` of a position: sorts by company, then by position."""
    return f"{company_id}:{seq:012d}"


def to_milliseconds(moment):
    """Milliseconds since 1970 of a naive UTC datetime."""
    return (moment - EPOCH) // _MS


def to_decimal128(text):
    """Read an amount of exactly four decimals; ten times as fast as ``Decimal128(text)``."""
    return Decimal128.from_bid(decimal_bits(text))


def to_document(entry, seq, prev, digest):
    """Build the document that is inserted into ``ledger.events``.

    :param dict entry: see :func:`..tools.canonical.entry_hash`
    """
    return {
        "_id": document_id(entry["company_id"], seq),
        "v": VERSION,
        "company_id": entry["company_id"],
        "seq": Int64(seq),
        **{name: entry[name] for name in _TEXTS},
        "subject_seq": entry["subject_seq"],
        "occurred_at": EPOCH + entry["occurred_ms"] * _MS,
        "corrects": entry["corrects"],
        "postings": [
            {
                "account": account,
                "amount": to_decimal128(amount),
                "currency": currency,
                "company_amount": to_decimal128(company_amount),
            }
            for account, amount, currency, company_amount in entry["postings"]
        ],
        "payload": json.loads(entry["payload"]),
        "prev": prev,
        "hash": digest,
    }


def from_document(document):
    """Read a document strictly: a field of another type, more or less fields are an error.

    :return: the entry, as :func:`to_document` takes it
    :rtype: dict
    :raise ValueError: the document is not what the mirror writes; says which field
    """
    if set(document) != _KEYS:
        raise ValueError(f"fields {sorted(set(document) ^ _KEYS)} are missing or unknown")
    for name in _TEXTS:
        _expect(document, name, str)
    for name in ("v", "company_id", "seq", "subject_seq"):
        _expect(document, name, int)
    _expect(document, "occurred_at", datetime)
    if document["corrects"] is not None:
        _expect(document, "corrects", str)
    if document["v"] != VERSION:
        raise ValueError(f"version {document['v']} is unknown")
    _expect(document, "postings", list)
    _expect(document, "payload", dict)
    return {
        "company_id": int(document["company_id"]),
        "subject_seq": int(document["subject_seq"]),
        **{name: document[name] for name in _TEXTS},
        "occurred_ms": to_milliseconds(document["occurred_at"]),
        "corrects": document["corrects"],
        "payload": canonical_json(document["payload"]),
        "postings": [_read_posting(posting) for posting in document["postings"]],
    }


def _read_posting(posting):
    if not isinstance(posting, dict) or set(posting) != _POSTING_KEYS:
        raise ValueError("postings: not the four fields of a posting")
    for name in ("account", "currency"):
        _expect(posting, name, str)
    for name in ("amount", "company_amount"):
        _expect(posting, name, Decimal128)
    return (
        posting["account"],
        amount_text(Decimal(posting["amount"].to_decimal())),
        posting["currency"],
        amount_text(Decimal(posting["company_amount"].to_decimal())),
    )


def _expect(document, name, kind):
    value = document[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name}: {type(value).__name__} instead of {kind.__name__}")
