"""The MongoDB side: insert-only ``events``. Uses MongoDB 6.0 features only."""

import logging
import threading
from dataclasses import dataclass, field

from bson.codec_options import CodecOptions
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

_logger = logging.getLogger(__name__)

_SURE = WriteConcern(w="majority", j=True, wtimeout=8000)
_MAJORITY = ReadConcern("majority")
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
    """A document that was not stored, and what stands in its place (None: nothing)."""

    document: dict
    kind: str
    message: str
    found: dict | None = None


@dataclass
class Insertion:
    """Outcome of one batch: ids that are surely stored, and refusals."""

    stored: set = field(default_factory=set)
    refusals: list = field(default_factory=list)


class Store:
    """The ledger databases behind one address.

    All methods raise ``PyMongoError`` when MongoDB is away, slow or changing its primary; then
    nothing is known to be stored and the same batch is sent again later.
    """

    def __init__(self, uri, prefix=""):
        self.client = _get_client(uri)
        lead = f"{prefix}_" if prefix else ""
        self.ledger = self.client[f"{lead}ledger"]
        self.meta = self.client[f"{lead}ledger_meta"]
        codec = CodecOptions(tz_aware=False)
        self.events = self.ledger.get_collection(
            "events", codec_options=codec, write_concern=_SURE, read_concern=_MAJORITY
        )
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

    # === WRITE === #

    def insert(self, documents):
        """Insert documents; one that is there already with the same hash counts as stored.

        :param list documents: of one batch, any companies
        :rtype: Insertion
        """
        outcome = Insertion(stored={document["_id"] for document in documents})
        try:
            self.events.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise
            self._sort_errors(documents, error, outcome)
        return outcome

    def _sort_errors(self, documents, error, outcome):
        """Tell redelivery, conflict and refusal apart; anything else is raised."""
        duplicates = []
        for failure in error.details["writeErrors"]:
            document = documents[failure["index"]]
            outcome.stored.discard(document["_id"])
            if failure["code"] == _DUPLICATE:
                duplicates.append(document)
            elif failure["code"] in _REFUSED:
                message = str(failure["errmsg"])
                outcome.refusals.append(Refusal(document, "refused", message))
            else:
                raise error
        found = self._read_back([document["_id"] for document in duplicates])
        for document in duplicates:
            stored = found.get(document["_id"])
            if stored and stored.get("hash") == document["hash"]:
                outcome.stored.add(document["_id"])
            else:
                message = "Another document stands here, or holds this number of the subject."
                outcome.refusals.append(Refusal(document, "different", message, stored))

    def _read_back(self, ids):
        return {found["_id"]: found for found in self.events.find({"_id": {"$in": ids}})}

    def note_conflicts(self, refusals):
        """Keep refused documents beside the ledger for people; losing this note is harmless."""
        notes = [
            {
                "_id": f"{refusal.document['_id']}:{refusal.document['hash'][:16]}",
                "kind": refusal.kind,
                "message": refusal.message,
                "expected": refusal.document,
                "found": refusal.found,
            }
            for refusal in refusals
        ]
        try:
            self.meta["conflicts"].insert_many(notes, ordered=False)
        except PyMongoError as error:
            _logger.info("Conflict not noted in MongoDB: %s", type(error).__name__)

    # === READ === #

    def read_head(self, company_id):
        """Return ``(seq, hash)`` of the newest document of a company, None when there is none."""
        newest = self.events.find_one(
            {"company_id": company_id}, {"seq": 1, "hash": 1}, sort=[("seq", DESCENDING)]
        )
        return newest and (newest["seq"], newest["hash"])

    def iterate(self, company_id, after=0, upto=None, batch_size=1000):
        """Stream the documents of a company in order of their position."""
        domain = {"company_id": company_id}
        if after or upto is not None:
            domain["seq"] = {"$gt": after}
            if upto is not None:
                domain["seq"]["$lte"] = upto
        return self.events.find(domain, batch_size=batch_size).sort("seq", ASCENDING)

    def find_strangers(self, company_id, known_company_ids, limit):
        """Find documents that no chain can hold: the id of one company in another, or of none."""
        domain = {
            "$or": [
                {"_id": {"$regex": f"^{company_id}:"}, "company_id": {"$ne": company_id}},
                {"company_id": {"$nin": list(known_company_ids)}},
            ]
        }
        return self.events.find(domain).limit(limit)


_ensured = set()


def open_store():
    """Open the store that the installation names.

    Options: ``pg_mongo_uri`` (address) and ``pg_mongo_db_prefix`` (empty: databases ``ledger``,
    ``ledger_meta``).

    :rtype: Store
    :raise NotConfigured: no address is set
    """
    uri = options.get("pg_mongo_uri")
    if not uri:
        raise NotConfigured
    return Store(uri, options.get("pg_mongo_db_prefix") or "")


def _get_client(uri):
    """Return this process's client; pymongo clients are shared by threads, not by forks."""
    with _clients_lock:
        if uri not in _clients:
            try:
                _clients[uri] = MongoClient(
                    uri,
                    serverSelectionTimeoutMS=2000,
                    connectTimeoutMS=2000,
                    socketTimeoutMS=10000,
                    appname="pg_ledger",
                )
            except (ConfigurationError, ValueError) as error:
                raise ConfigurationError("pg_mongo_uri is not a MongoDB address") from error
        return _clients[uri]
