"""An entry straight to the bytes of its MongoDB document, without Python objects in between.

The result is, byte for byte, ``bson.encode(to_document(...))``, which a test holds it to, in a
third of the time. Two uses: the mirror sends these bytes, and the verification compares them with
the bytes that MongoDB gives back. Equal bytes are an equal document: fields, order, types, values.
"""

import json
import struct
from functools import lru_cache

import bson

from .canonical import VERSION

_INT32 = struct.Struct("<i").pack
_INT64 = struct.Struct("<q").pack
_WORDS = struct.Struct("<QQ").pack
# IEEE 754 decimal128: exponent -4 with its bias of 6176, then the digits, which fit in 64 bits as
# amounts are below 10^15.
EXPONENT = (6176 - 4) << 49
SIGN = EXPONENT | 1 << 63

AFTER_ID = b"\0\x10v\0" + _INT32(VERSION) + b"\x10company_id\0"
PREV = b"\x02prev\0" + _INT32(65)
HASH = b"\0\x02hash\0" + _INT32(65)


def encode_entry(entry, seq, prev, digest):
    """Build the BSON of the document that is inserted into ``ledger.events``.

    :param dict entry: see :func:`.canonical.entry_hash`
    :return: what ``bson.encode`` makes of :func:`.document.to_document`
    :rtype: bytes
    """
    company_id, corrects = entry["company_id"], entry["corrects"]
    name = f"{company_id}:{seq:012d}".encode()
    uuid, subject = entry["entry_uuid"].encode(), entry["subject"].encode()
    reference, key = entry["subject_ref"].encode(), entry["key"].encode()
    body = b"".join(
        (
            b"\x02_id\0",
            _INT32(len(name) + 1),
            name,
            AFTER_ID,
            _INT32(company_id),
            b"\x12seq\0",
            _INT64(seq),
            b"\x02entry_uuid\0",
            _INT32(len(uuid) + 1),
            uuid,
            b"\0\x02subject\0",
            _INT32(len(subject) + 1),
            subject,
            b"\0\x02subject_ref\0",
            _INT32(len(reference) + 1),
            reference,
            b"\0\x02kind\0",
            _word(entry["kind"]),
            b"\x02key\0",
            _INT32(len(key) + 1),
            key,
            b"\0\x02company_currency\0",
            _word(entry["company_currency"]),
            b"\x10subject_seq\0",
            _INT32(entry["subject_seq"]),
            b"\x09occurred_at\0",
            _INT64(entry["occurred_ms"]),
            b"\x0acorrects\0" if corrects is None else b"\x02corrects\0" + encode_text(corrects),
            b"\x04postings\0",
            _encode_postings(entry["postings"]),
            encode_payload(entry["payload"]),
            PREV,
            prev.encode(),
            HASH,
            digest.encode(),
            b"\0\0",
        )
    )
    return _INT32(len(body) + 4) + body


def decimal_bits(text):
    """Return the 16 bytes of a Decimal128 that holds an amount of exactly four decimals."""
    digits = int(text.replace(".", "", 1))
    return _WORDS(digits, EXPONENT) if digits >= 0 else _WORDS(-digits, SIGN)


def split_cursor(cursor):
    """Cut the ``cursor`` of an answer to ``find`` or ``getMore`` into the bytes of its documents.

    Its first field is the batch, an array: each element has a type, its number as text, a zero, and
    the document, which begins with its size.

    :param bytes cursor: as MongoDB sent it
    :return: the documents, and the id to ask for more with, 0 when there is no more
    :rtype: tuple[list[bytes], int]
    :raise ValueError: it begins otherwise
    """
    if not cursor.startswith((b"\x04firstBatch\0", b"\x04nextBatch\0"), 4):
        raise ValueError("an answer of MongoDB does not begin with its batch")
    size_at, find = struct.Struct("<i").unpack_from, cursor.index
    place = find(b"\0", 4) + 1
    end = place + size_at(cursor, place)[0]
    documents, place = [], place + 4
    while place < end - 1:
        start = find(b"\0", place) + 1
        place = start + size_at(cursor, start)[0]
        documents.append(cursor[start:place])
    rest = cursor[end:]
    return documents, bson.decode(_INT32(len(rest) + 4) + rest)["id"]


def encode_text(value):
    """Return a text with its size, as it stands behind the name of its field."""
    data = value.encode()
    return _INT32(len(data) + 1) + data + b"\0"


@lru_cache(maxsize=256)
def _word(value):
    """Like _text, for the few words that stand in every document."""
    return encode_text(value)


def _encode_postings(rows):
    body = b""
    for index, (account, amount, currency, value) in enumerate(rows):
        first, middle = frame_posting(index, account, currency)
        bits = decimal_bits(amount)
        body += first + bits + middle + (bits if value == amount else decimal_bits(value)) + b"\0"
    return _INT32(len(body) + 5) + body + b"\0"


@lru_cache(maxsize=1024)
def frame_posting(index, account, currency):
    """Return what stands before either amount of a posting, which has 16 bytes."""
    first = b"\x02account\0" + encode_text(account) + b"\x13amount\0"
    middle = b"\x02currency\0" + encode_text(currency) + b"\x13company_amount\0"
    size = 4 + len(first) + 16 + len(middle) + 16 + 1
    return b"\x03%d\0" % index + _INT32(size) + first, middle


@lru_cache(maxsize=256)
def encode_payload(payload):
    """Return the field of a payload; most entries have the same few."""
    return b"\x03payload\0" + bson.encode(json.loads(payload))
