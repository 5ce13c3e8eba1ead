"""The MongoDB side: insert-only ``events``. Uses MongoDB 6.0 features only."""

import logging
from dataclasses import dataclass

from bson.codec_options import CodecOptions
from bson.errors import InvalidDocument
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError, CollectionInvalid, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from .client import get_client, read_address
from .schema import INDEXES, SEAL_INDEX, VALIDATOR, VIEW_INDEXES
from .store_reading import StoreReading

_logger = logging.getLogger(__name__)

SURE = WriteConcern(w="majority", j=True, wtimeout=8000)
_MAJORITY = ReadConcern("majority")
_DUPLICATE = 11000
_UNAUTHORIZED = 13
# DocumentValidationFailure, BSONObjectTooLarge and what else speaks of the document itself.
_REFUSED = {121, 10334, 2, 14, 52}


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


class Store(StoreReading):
    """The ledger databases behind one address.

    All methods raise ``PyMongoError`` when MongoDB is away, slow or changing its primary; then
    nothing is known to be stored and the same batch is sent again later.
    """

    def __init__(self, uri, prefix="", answer_seconds=10):
        self.client = get_client(uri, answer_seconds)
        lead = f"{prefix}_" if prefix else ""
        self.ledger = self.client[f"{lead}ledger"]
        self.meta = self.client[f"{lead}ledger_meta"]
        self.views = self.client[f"{lead}ledger_views"]
        codec = CodecOptions(tz_aware=False)
        self.events = self.ledger.get_collection(
            "events", codec_options=codec, write_concern=SURE, read_concern=_MAJORITY
        )
        self.seals = self.ledger.get_collection("seals", write_concern=SURE, read_concern=_MAJORITY)
        self.transactions = self.views.get_collection("transactions", write_concern=SURE)
        self._raw_events = self.events.with_options(CodecOptions(RawBSONDocument))
        self._key = (uri, prefix)

    # === SET-UP === #

    def ensure(self, renew=False):
        """Create collection, validator and indexes once; leave them alone without the right to.

        An append-only user (find and insert) cannot create them: an administrator then runs
        ``odoo-bin pg_mirror --setup`` once with an address that may.

        :param bool renew: again, since the server may have been emptied
        """
        if self._key in _ensured and not renew:
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
        self.seals.create_index(SEAL_INDEX)
        for keys in VIEW_INDEXES:
            self.transactions.create_index(keys)

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

    def clear_views(self, company_id):
        """Remove a company's documents of the current state, which are then made anew.

        A user without the right to remove leaves them: those that are still true are replaced.
        """
        try:
            self.transactions.delete_many({"company_id": company_id})
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            _logger.info("The MongoDB user may not clear ledger_views, it is written over")

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


_ensured = set()


def open_store(answer_seconds=10):
    """Open the store that the installation names.

    :param int answer_seconds: longest wait for one answer; a verification asks for more at once
    :rtype: Store
    :raise NotConfigured: no address is set
    """
    return Store(*read_address(), answer_seconds)
