"""Both forms of an entry at once, from its row: its hash and the bytes of its document. Pure.

They are, byte for byte, what :func:`.canonical.entry_hash` and :func:`.encoding.encode_entry` make
of the same entry, which a test holds them to, in half the time: for the verification, which makes
both of every entry. Text that stands in many entries (accounts, currencies, kinds and the names and
sizes of fields) is written once and kept; everything else is read and encoded anew each time.
"""

import struct
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quote

from .canonical import ENTRY_KEYS, hash_payload
from .encoding import (
    AFTER_ID,
    HASH,
    PREV,
    decimal_bits,
    encode_payload,
    encode_text,
    frame_posting,
)

# The postings of an entry arrive as one text: a row for each costs three times as much in Python.
# Three fields for each: position, account and currency; amount; company value, empty when equal.
FIELD, PART = "\x1f", "\x1e"

_INT32 = struct.Struct("<i").pack
_INT64 = struct.Struct("<q").pack
_OCCURRED = b"\x09occurred_at\0"
_CORRECTS = b"\x02corrects\0"
_CORRECTS_NONE = b"\x0acorrects\0"
_POSTINGS = b"\x04postings\0"


def split_postings(text):
    """Return the postings of an entry, in order, as the canonical form takes them.

    :param str text: see ``FIELD``; the order of the postings in it does not matter
    :rtype: list[tuple]
    """
    words, _json_frame, _bson_frame, amounts, values = _read_postings(text)
    return [
        (account, amount, currency, value or amount)
        for (account, currency), amount, value in zip(words, amounts, values, strict=True)
    ]


def to_entry(row, postings):
    """Return a row as the dict that the canonical form and the document are made of.

    :param tuple row: id, the values of ``ENTRY_KEYS``, payload
    :param str postings: see :func:`split_postings`
    """
    _id, *values, payload = row
    entry = dict(zip(ENTRY_KEYS, values, strict=True))
    return entry | {"payload": payload, "postings": split_postings(postings)}


def make_forms(row, postings, seq, prev, digest):
    """Hash an entry at its place in the chain and encode its document.

    :param tuple row: see :func:`to_entry`
    :param str postings: see :func:`split_postings`
    :param str digest: what the document says its hash is
    :return: ``(hash, document)``
    :rtype: tuple[str, bytes]
    """
    (
        _id,
        company_id,
        uuid,
        subject,
        reference,
        number,
        kind,
        key,
        milliseconds,
        currency,
        corrects,
        payload,
    ) = row
    json_legs, bson_legs = _fill_postings(postings)
    name = f"{company_id}:{seq:012d}".encode()
    uuid_data, subject_data = uuid.encode(), subject.encode()
    reference_data, key_data = reference.encode(), key.encode()
    json_head, json_kind, head, at_seq, at_uuid, at_subject, at_reference, at_key, at_number = (
        _frame_entry(
            company_id,
            kind,
            currency,
            len(name),
            len(uuid_data),
            len(subject_data),
            len(reference_data),
            len(key_data),
        )
    )
    text = (
        f"{json_head}{'null' if corrects is None else _quote(corrects)}"
        f',"entry_uuid":{_quote(uuid)},"key":{_quote(key)}{json_kind}{milliseconds}'
        f',"payload_sha256":"{hash_payload(payload)}","postings":{json_legs}'
        f',"prev":{_quote(prev)},"seq":{seq},"subject":{_quote(subject)}'
        f',"subject_ref":{_quote(reference)},"subject_seq":{number},"v":1}}'
    )
    body = b"".join(
        (
            head,
            name,
            at_seq,
            _INT64(seq),
            at_uuid,
            uuid_data,
            at_subject,
            subject_data,
            at_reference,
            reference_data,
            at_key,
            key_data,
            at_number,
            _INT32(number),
            _OCCURRED,
            _INT64(milliseconds),
            _CORRECTS_NONE if corrects is None else _CORRECTS + encode_text(corrects),
            bson_legs,
            encode_payload(payload),
            PREV,
            prev.encode(),
            HASH,
            digest.encode(),
            b"\0\0",
        )
    )
    return sha256(text.encode()).hexdigest(), _INT32(len(body) + 4) + body


@lru_cache(maxsize=1024)
def _frame_entry(company_id, kind, currency, name, uuid, subject, reference, key):
    """Return what stands between the values of an entry in either form, for values so long."""
    return (
        f'PG-LEDGER-1\n{{"company_currency":{_quote(currency)},"company_id":{company_id}'
        ',"corrects":',
        f',"kind":{_quote(kind)},"occurred_ms":',
        b"\x02_id\0" + _INT32(name + 1),
        AFTER_ID + _INT32(company_id) + b"\x12seq\0",
        b"\x02entry_uuid\0" + _INT32(uuid + 1),
        b"\0\x02subject\0" + _INT32(subject + 1),
        b"\0\x02subject_ref\0" + _INT32(reference + 1),
        b"\0\x02kind\0" + encode_text(kind) + b"\x02key\0" + _INT32(key + 1),
        b"\0\x02company_currency\0" + encode_text(currency) + b"\x10subject_seq\0",
    )


def _read_postings(text):
    """Return what is kept for the names in a text, and both amounts of each, in order.

    PostgreSQL gives the postings of an entry in any order, which spares it to sort each entry's.
    """
    fields = text.split(FIELD) if text else []
    order, words, json_frame, bson_frame = _frame_postings(tuple(fields[::3]))
    amounts, values = fields[1::3], fields[2::3]
    if order:
        amounts, values = ([column[place] for place in order] for column in (amounts, values))
    return words, json_frame, bson_frame, amounts, values


def _fill_postings(text):
    """Return the postings as canonical JSON, and as the field of the document."""
    _words, json_frame, bson_frame, amounts, values = _read_postings(text)
    texts, bits = [], []
    for amount, value in zip(amounts, values, strict=True):
        data = decimal_bits(amount)
        texts.append(amount)
        texts.append(value or amount)
        bits.append(data)
        bits.append(decimal_bits(value) if value else data)
    return json_frame % tuple(texts), bson_frame % tuple(bits)


@lru_cache(maxsize=1024)
def _frame_postings(names):
    """Return the order by position, None when they are, the names in order, and both forms.

    :return: ``(order, ((account, currency), …), JSON, BSON)``, the forms with places for amounts
    """
    parts = [name.split(PART) for name in names]
    positions = [int(position) for position, _account, _currency in parts]
    order = sorted(range(len(parts)), key=positions.__getitem__)
    words = tuple(tuple(parts[place][1:]) for place in order)
    rows, size, data = [], 5, b""
    for index, (account, currency) in enumerate(words):
        account_json, currency_json = (
            _quote(word).replace("%", "%%") for word in (account, currency)
        )
        rows.append(f'[{account_json},"%s",{currency_json},"%s"]')
        first, middle = frame_posting(index, account, currency)
        size += len(first) + 16 + len(middle) + 16 + 1
        data += _escape(first) + b"%b" + _escape(middle) + b"%b\0"
    return (
        None if order == sorted(order) else order,
        words,
        f"[{','.join(rows)}]",
        _POSTINGS + _escape(_INT32(size)) + data + b"\0",
    )


def _escape(data):
    return data.replace(b"%", b"%%")
