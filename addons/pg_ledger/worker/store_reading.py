"""What verification, health and rebuilding read from MongoDB."""

from contextlib import suppress
from decimal import Decimal
from functools import partial

from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from pymongo import DESCENDING
from pymongo.errors import AutoReconnect, PyMongoError
from pymongo.read_concern import ReadConcern

from ..tools.encoding import split_cursor

_READ_BATCH = 1000
# Documents of one answer; MongoDB cuts an answer at 16 MiB.
_RANGE_BATCH = 4000
_RAW = CodecOptions(RawBSONDocument)


class StoreReading:
    """The reading half of :class:`.store.Store`, which has the collections."""

    def read_heads(self):
        """Return ``{company: (seq, hash)}`` of the newest document of every company.

        One key of the index is read for each company, however long the chains are.
        """
        rows = self.events.aggregate(
            [
                {"$sort": {"company_id": -1, "seq": -1}},
                {
                    "$group": {
                        "_id": "$company_id",
                        "seq": {"$first": "$seq"},
                        "hash": {"$first": "$hash"},
                    }
                },
            ]
        )
        heads = {}
        for row in rows:
            if is_position(row["seq"]):
                heads[row["_id"]] = row["seq"], row["hash"]
            elif head := self._read_head(row["_id"]):
                heads[row["_id"]] = head
        return heads

    def _read_head(self, company_id):
        """Return the newest document that has a position, when a forged one stands above it."""
        domain = {"company_id": company_id, "seq": {"$type": ["int", "long"]}}
        newest = self.events.find_one(
            domain, {"seq": 1, "hash": 1}, sort=[("company_id", DESCENDING), ("seq", DESCENDING)]
        )
        return newest and (newest["seq"], newest["hash"])

    def read_range(self, company_id, after, upto):
        """Read the documents that claim the positions after one and up to another, in order.

        :return: their bytes as MongoDB stores them
        :rtype: list[bytes]
        """
        domain = {"company_id": company_id, "seq": {"$gt": after, "$lte": upto}}
        return list(self._iterate_raw(domain))

    def iterate_raw(self, company_id, after):
        """Stream the bytes of the documents past a position, in order."""
        return self._iterate_raw({"company_id": company_id, "seq": {"$gt": after}})

    def find_strays(self, company_id):
        """Stream the bytes of a company's documents whose ``seq`` is no position at all."""
        wrong = [{"seq": {"$not": {"$type": ["int", "long"]}}}, {"seq": {"$lt": 1}}]
        return self._iterate_raw({"company_id": company_id, "$or": wrong})

    def _iterate_raw(self, domain):
        """Stream the bytes of documents ordered by ``seq``.

        By the commands themselves: a cursor of pymongo makes an object of each document first,
        which costs more than all else that is done with its bytes.
        """
        name = self.events.name
        command = {"find": name, "filter": domain, "sort": {"seq": 1}, "batchSize": _RANGE_BATCH}
        command["readConcern"] = self.events.read_concern.document
        with self.client.start_session() as session:
            documents, number = self._ask_raw(command, session)
            try:
                yield from documents
                while number:
                    command = {"getMore": Int64(number), "collection": name}
                    command["batchSize"] = _RANGE_BATCH
                    documents, number = self._ask_raw(command, session)
                    yield from documents
            finally:
                if number:  # the reader had enough, or failed
                    with suppress(PyMongoError):
                        self.ledger.command("killCursors", name, cursors=[number], session=session)

    def _ask_raw(self, command, session):
        """Send ``find``, once more when the connection or the primary is gone, or ``getMore``.

        :return: see :func:`..tools.encoding.split_cursor`
        """
        ask = partial(
            self.ledger.command,
            command,
            codec_options=_RAW,
            read_preference=self.events.read_preference,
            session=session,
        )
        try:
            answer = ask()
        except AutoReconnect:
            if "getMore" in command:
                raise
            answer = ask()
        return split_cursor(bytes(answer["cursor"].raw))

    def read_ids(self, ids):
        """Return the bytes of documents by their ``_id``."""
        documents, ids = {}, list(ids)
        for start in range(0, len(ids), _READ_BATCH):
            domain = {"_id": {"$in": ids[start : start + _READ_BATCH]}}
            for document in self._raw_events.find(domain):
                documents[document["_id"]] = document.raw
        return documents

    def read_seals(self, company_id):
        """Return the seals of a company by ``_id``."""
        return {seal["_id"]: seal for seal in self.seals.find({"company_id": company_id})}

    def sum_postings(self, company_id, span):
        """Sum the postings of a range of positions per account, currency and UTC day.

        :param Span span: the range, see :mod:`.totals`
        :return: ``((account, currency, day), amount, company amount)``
        :rtype: list[tuple]
        """
        day = {"$dateToString": {"date": "$occurred_at", "format": "%Y-%m-%d"}}
        is_date = {"$eq": [{"$type": "$occurred_at"}, "date"]}
        key = {
            "account": "$postings.account",
            "currency": "$postings.currency",
            "day": {"$cond": [is_date, day, "no day"]},
        }
        sums = {
            "amount": {"$sum": "$postings.amount"},
            "value": {"$sum": "$postings.company_amount"},
        }
        places = {"$gte": span.first, "$lte": span.last}
        if span.skipped:
            places["$nin"] = span.skipped
        rows = self.events.aggregate(
            [
                {"$match": {"company_id": company_id, "seq": places}},
                {"$project": {"_id": 0, "occurred_at": 1, "postings": 1}},
                {"$unwind": "$postings"},
                {"$group": {"_id": key, **sums}},
            ]
        )
        return [
            (
                tuple(str(row["_id"].get(name)) for name in ("account", "currency", "day")),
                _read_sum(row["amount"]),
                _read_sum(row["value"]),
            )
            for row in rows
        ]

    def find_strangers(self, company_id, known_company_ids, limit, suspects=True):
        """Find documents that no chain can hold: the id of one company in another, or of none.

        :param bool suspects: look at each document; when nothing is suspicious so far, counting the
            keys of two indexes is enough to know that there is none in another company
        """
        yield from self.events.find({"company_id": {"$nin": list(known_company_ids)}}).limit(limit)
        names = {"$gte": f"{company_id}:", "$lt": f"{company_id};"}
        if suspects or not self._is_as_many({"_id": names}, {"company_id": company_id}):
            others = {"$in": [number for number in known_company_ids if number != company_id]}
            yield from self.events.find({"_id": names, "company_id": others}).limit(limit)

    def _is_as_many(self, one, other):
        """Tell whether two conditions hold for as many documents, at one point in time."""
        events, counts = self.events.with_options(read_concern=ReadConcern()), []
        with self.client.start_session(snapshot=True) as session:
            for domain in (one, other):
                rows = list(
                    events.aggregate([{"$match": domain}, {"$count": "number"}], session=session)
                )
                counts.append(rows[0]["number"] if rows else 0)
        return counts[0] == counts[1]


def is_position(value):
    """Tell whether a value of MongoDB can be a position of a chain in PostgreSQL."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _read_sum(value):
    """Return what MongoDB summed as a Decimal: without a double in it it is a Decimal128."""
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))
