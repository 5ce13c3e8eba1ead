"""The MongoDB side: insert-only ``events``. Uses MongoDB 6.0 features only."""

import logging
import threading
from dataclasses import dataclass
from decimal import Decimal

from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.errors import InvalidDocument
from bson.raw_bson import RawBSONDocument
from odoo.addons.pg_base.tools import options
from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConfigurationError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from ..tools.encoding import split_documents

_logger = logging.getLogger(__name__)

_SURE = WriteConcern(w="majority", j=True, wtimeout=8000)
_MAJORITY = ReadConcern("majority")
_READ_BATCH = 1000
_DUPLICATE = 11000
_UNAUTHORIZED = 13
# DocumentValidationFailure, BSONObjectTooLarge and what else speaks of the document itself.
_REFUSED = {121, 10334, 2, 14, 52}

_HASH = {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT = {"bsonType": "string"}
VALIDATOR = {
    "$jsonSchema": {
        "required": [
            "_id", "v", "company_id", "seq", "entry_uuid", "subject", "subject_ref",
            "subject_seq", "kind", "key", "occurred_at", "company_currency", "corrects",
            "postings", "payload", "prev", "hash",
        ],
        "properties": {
            "_id": {"bsonType": "string", "pattern": "^[0-9]+:[0-9]{12,}$"},
            "v": {"bsonType": "int"},
            "company_id": {"bsonType": "int"},
            "seq": {"bsonType": "long", "minimum": 1},
            "entry_uuid": _TEXT,
            "subject": _TEXT,
            "subject_ref": _TEXT,
            "subject_seq": {"bsonType": "int"},
            "kind": _TEXT,
            "key": _TEXT,
            "occurred_at": {"bsonType": "date"},
            "company_currency": _TEXT,
            "corrects": {"bsonType": ["string", "null"]},
            "payload": {"bsonType": "object"},
            "prev": _HASH,
            "hash": _HASH,
            "postings": {
                "bsonType": "array",
                "minItems": 2,
                "items": {
                    "bsonType": "object",
                    "required": ["account", "amount", "currency", "company_amount"],
                    "properties": {
                        "account": _TEXT,
                        "amount": {"bsonType": "decimal"},
                        "currency": _TEXT,
                        "company_amount": {"bsonType": "decimal"},
                    },
                },
            },
        },
    }
}  # fmt: skip
INDEXES = (
    ([("company_id", ASCENDING), ("seq", ASCENDING)], {}),
    ([("subject", ASCENDING), ("subject_seq", ASCENDING)], {"unique": True}),
    ([("company_id", ASCENDING), ("occurred_at", DESCENDING)], {}),
    ([("company_id", ASCENDING), ("kind", ASCENDING), ("occurred_at", DESCENDING)], {}),
)

_clients = {}
_clients_lock = threading.Lock()


class NotConfigured(Exception):
    """No address of a MongoDB is set: entries are chained and wait."""


@dataclass(frozen=True)
class Refusal:
    """A document that was not stored, and what stands in its place (None: nothing).

    ``index`` is its place in the batch.
    """

    index: int
    document: dict
    kind: str
    message: str
    found: dict | None = None


class Store:
    """The ledger databases behind one address.

    All methods raise ``PyMongoError`` when MongoDB is away, slow or changing its primary; then
    nothing is known to be stored and the same batch is sent again later.
    """

    def __init__(self, uri, prefix="", answer_seconds=10):
        self.client = _get_client(uri, answer_seconds)
        lead = f"{prefix}_" if prefix else ""
        self.ledger = self.client[f"{lead}ledger"]
        self.meta = self.client[f"{lead}ledger_meta"]
        codec = CodecOptions(tz_aware=False)
        self.events = self.ledger.get_collection(
            "events", codec_options=codec, write_concern=_SURE, read_concern=_MAJORITY
        )
        self.seals = self.ledger.get_collection(
            "seals", write_concern=_SURE, read_concern=_MAJORITY
        )
        self._raw_events = self.events.with_options(CodecOptions(RawBSONDocument))
        self._key = (uri, prefix)

    # === SET-UP === #

    def ensure(self):
        """Create collection, validator and indexes once; leave them alone without the right to.

        An append-only user (find and insert) cannot create them: an administrator then runs
        ``odoo-bin pg_mirror --setup`` once with an address that may.
        """
        if self._key in _ensured:
            return
        try:
            self.set_up()
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            _logger.info("The MongoDB user may not set up the ledger, taken as set up")
        _ensured.add(self._key)

    def set_up(self):
        """Create or renew the collection, its validator and its indexes."""
        try:
            self.ledger.create_collection("events", validator=VALIDATOR)
        except CollectionInvalid:
            self.ledger.command("collMod", "events", validator=VALIDATOR)
        for keys, settings in INDEXES:
            self.events.create_index(keys, **settings)
        self.seals.create_index([("company_id", ASCENDING), ("to_seq", ASCENDING)])

    # === WRITE === #

    def insert(self, documents):
        """Insert documents; one that is there already with the same hash counts as stored.

        :param list documents: of one batch, any companies; dicts or ``RawBSONDocument``
        :return: the documents that are not stored; all others surely are
        :rtype: list[Refusal]
        """
        try:
            self.events.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise
            return self._sort_errors(documents, error)
        return []

    def _sort_errors(self, documents, error):
        """Tell redelivery, conflict and refusal apart; anything else is raised."""
        refusals, duplicates = [], {}
        for failure in error.details["writeErrors"]:
            index = failure["index"]
            if failure["code"] == _DUPLICATE:
                duplicates[index] = documents[index]
            elif failure["code"] in _REFUSED:
                message = str(failure["errmsg"])
                refusals.append(Refusal(index, documents[index], "refused", message))
            else:
                raise error
        found = self._read_back([document["_id"] for document in duplicates.values()])
        for index, document in duplicates.items():
            stored = found.get(document["_id"])
            if not stored or stored.get("hash") != document["hash"]:
                message = "Another document stands here, or holds this number of the subject."
                refusals.append(Refusal(index, document, "different", message, stored))
        return refusals

    def _read_back(self, ids):
        return {found["_id"]: found for found in self.events.find({"_id": {"$in": ids}})}

    def insert_seals(self, documents):
        """Insert seals; one whose ``_id`` is there already is left as it is."""
        if not documents:
            return
        try:
            self.seals.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(failure["code"] != _DUPLICATE for failure in error.details["writeErrors"]):
                raise

    def note_conflicts(self, refusals):
        """Keep refused documents beside the ledger for people."""
        self.keep_evidence(
            {
                "_id": f"{refusal.document['_id']}:{refusal.document['hash'][:16]}",
                "kind": refusal.kind,
                "message": refusal.message,
                "expected": refusal.document,
                "found": refusal.found,
            }
            for refusal in refusals
        )

    def keep_evidence(self, notes):
        """Store notes in ``ledger_meta.conflicts``, each once; losing one is harmless.

        :param notes: dicts with ``_id``
        """
        notes = list(notes)
        if not notes:
            return
        try:
            self.meta["conflicts"].insert_many(notes, ordered=False)
        except (PyMongoError, InvalidDocument) as error:
            _logger.info("Conflict not noted in MongoDB: %s", type(error).__name__)

    # === READ === #

    def read_head(self, company_id):
        """Return ``(seq, hash)`` of the newest document of a company, None when there is none."""
        newest = self.events.find_one(
            {"company_id": company_id}, {"seq": 1, "hash": 1}, sort=[("seq", DESCENDING)]
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
        for batch in self.events.find_raw_batches(domain, batch_size=_READ_BATCH).sort("seq"):
            yield from split_documents(batch)

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

    def sum_postings(self, company_id, first, last, skipped):
        """Sum the postings of a range of positions per account, currency and UTC day.

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
        places = {"$gte": first, "$lte": last}
        if skipped:
            places["$nin"] = skipped
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

    def find_strangers(self, company_id, known_company_ids, limit):
        """Find documents that no chain can hold: the id of one company in another, or of none."""
        domain = {
            "$or": [
                {"_id": {"$regex": f"^{company_id}:"}, "company_id": {"$ne": company_id}},
                {"company_id": {"$nin": list(known_company_ids)}},
            ]
        }
        return self.events.find(domain).limit(limit)


def _read_sum(value):
    """Return what MongoDB summed as a Decimal: without a double in it it is a Decimal128."""
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value))


_ensured = set()


def open_store(answer_seconds=10):
    """Open the store that the installation names.

    Options: ``pg_mongo_uri`` (address) and ``pg_mongo_db_prefix`` (empty: databases ``ledger``,
    ``ledger_meta``).

    :param int answer_seconds: longest wait for one answer; a verification asks for more at once
    :rtype: Store
    :raise NotConfigured: no address is set
    """
    uri = options.get("pg_mongo_uri")
    if not uri:
        raise NotConfigured
    return Store(uri, options.get("pg_mongo_db_prefix") or "", answer_seconds)


def _get_client(uri, answer_seconds):
    """Return this process's client; pymongo clients are shared by threads, not by forks."""
    with _clients_lock:
        key = uri, answer_seconds
        if key not in _clients:
            try:
                _clients[key] = MongoClient(
                    uri,
                    serverSelectionTimeoutMS=2000,
                    connectTimeoutMS=2000,
                    socketTimeoutMS=answer_seconds * 1000,
                    appname="pg_ledger",
                )
            except (ConfigurationError, ValueError) as error:
                raise ConfigurationError("pg_mongo_uri is not a MongoDB address") from error
        return _clients[key]
