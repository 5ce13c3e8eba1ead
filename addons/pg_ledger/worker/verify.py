"""Compares the documents in MongoDB with the chain in PostgreSQL, position by position."""

from types import NoneType

from bson.decimal128 import Decimal128

from ..const import VERIFY_BATCH
from ..tools.canonical import GENESIS, entry_hash
from ..tools.document import document_id, from_document
from .reading import read_head, read_links, use_read_committed

_IN_MONGO_ONLY_LIMIT = 1000


class Verification:
    """One pass over one company. Flat memory: one batch of each side at a time.

    Hashes are computed anew from the content found in MongoDB, so a document that was changed
    together with its hash is still found by the comparison with PostgreSQL, and a chain that was
    computed anew in PostgreSQL by the comparison with MongoDB.

    :param open_step: function that opens an environment on a cursor of its own
    :param Store store: the MongoDB side
    :param report: called with ``(kind, position, detail)`` for each finding
    :param progress: called with the last position after each batch; returns nothing
    """

    def __init__(self, open_step, store, company_id, report, progress=lambda seq: None):
        self.open_step = open_step
        self.store = store
        self.company_id = company_id
        self.report = report
        self.progress = progress
        self.checked = 0
        self.last_seq = 0
        self.last_hash = GENESIS
        # What MongoDB says stands before the next position.
        self._mongo_seq, self._mongo_hash = 0, GENESIS

    def run(self):
        """Verify the whole chain and what MongoDB holds beside it.

        :raise PyMongoError: MongoDB is away; the pass is worth nothing
        """
        with self.open_step() as env:
            use_read_committed(env.cr)
            head = read_head(env.cr, self.company_id)
        self.head_seq = head[0] if head else 0
        documents = _Peekable(self.store.iterate(self.company_id))
        after = 0
        while after < self.head_seq:
            with self.open_step() as env:
                use_read_committed(env.cr)
                links = read_links(
                    env.cr, self.company_id, after, min(VERIFY_BATCH, self.head_seq - after)
                )
            for link in links:
                self._check_position(link, documents)
            after = self.last_seq
            self.progress(after)
        self._check_rest(documents)
        self._check_strangers()

    def _check_position(self, link, documents):
        """Compare one link with the documents that claim its position."""
        seq, prev, digest, mirrored, entry = link
        if prev != self.last_hash or entry_hash(entry, seq, prev) != digest:
            self.report("bad_source", seq, "The entry in PostgreSQL was changed, or the chain.")
        self.last_seq, self.last_hash = seq, digest
        self._skip_until(seq, documents)
        document = documents.peek()
        if document is None or document.get("seq") != seq:
            if mirrored:
                self.report("missing", seq, f"{document_id(self.company_id, seq)} is not there.")
            return
        self._check_document(documents.take(), link)
        self.checked += 1

    def _skip_until(self, seq, documents):
        """Report documents before a position: doubles, and numbers that are none."""
        while (document := documents.peek()) is not None:
            number = document.get("seq")
            if not isinstance(number, (int, float, Decimal128, NoneType)):
                return  # sorts after all numbers, so it is met at the end
            if isinstance(number, bool) or (isinstance(number, int) and number >= seq):
                return
            documents.take()
            place = number if isinstance(number, int) else 0
            self.report("extra", place, f"{document['_id']} doubles a position or has none.")

    def _check_document(self, document, link):
        """Check what one document says about itself and against PostgreSQL."""
        seq, prev, digest, _mirrored, entry = link
        if self._mongo_seq and seq != self._mongo_seq + 1:
            self.report("gap", seq, f"MongoDB goes from {self._mongo_seq} to {seq}.")
        elif document.get("prev") != self._mongo_hash:
            self.report("broken_link", seq, f"prev is not the hash of position {seq - 1}.")
        self._mongo_seq, self._mongo_hash = seq, document.get("hash")
        try:
            found = from_document(document)
            fits = entry_hash(found, seq, document["prev"]) == document["hash"]
        except (ValueError, KeyError) as error:
            self.report("bad_hash", seq, f"Not readable: {error}")
            return
        if not fits:
            self.report("bad_hash", seq, "The hash is not that of the content.")
        self._compare(document, found, link)

    def _compare(self, document, found, link):
        seq, prev, digest, _mirrored, entry = link
        found |= {"_id": document["_id"], "prev": document["prev"], "hash": document["hash"]}
        known = entry | {"_id": document_id(self.company_id, seq), "prev": prev, "hash": digest}
        names = [name for name in found if found[name] != known[name]]
        if names:
            self.report("different", seq, f"Differs in {', '.join(sorted(names))}.")

    def _check_rest(self, documents):
        """Report documents past the head, except those that were chained during this pass."""
        while (document := documents.peek()) is not None:
            documents.take()
            number = document.get("seq")
            if not isinstance(number, int) or isinstance(number, bool) or number <= self.head_seq:
                self.report("extra", 0, f"{document['_id']} stands at no position of the chain.")
                continue
            with self.open_step() as env:
                use_read_committed(env.cr)
                links = read_links(env.cr, self.company_id, number - 1, 1)
            if links and links[0][0] == number:
                return
            self.report("extra", int(number), f"{document['_id']} is not known to PostgreSQL.")

    def _check_strangers(self):
        """Report documents that hide from the company's own order."""
        with self.open_step() as env:
            env.cr.execute("SELECT id FROM res_company")
            company_ids = [row[0] for row in env.cr.fetchall()]
        for document in self.store.find_strangers(
            self.company_id, company_ids, _IN_MONGO_ONLY_LIMIT
        ):
            self.report("extra", 0, f"{document['_id']} belongs to no company's chain.")


class _Peekable:
    """An iterator whose next item can be looked at before it is taken."""

    def __init__(self, items):
        self._items = iter(items)
        self._next = next(self._items, None)

    def peek(self):
        return self._next

    def take(self):
        taken, self._next = self._next, next(self._items, None)
        return taken
