"""Compares the documents in MongoDB with the chain in PostgreSQL, position by position."""

from concurrent.futures import Future, ThreadPoolExecutor

from odoo.sql_db import Cursor

from ..const import VERIFY_BATCH
from ..tools.canonical import GENESIS
from ..tools.document import document_id
from ..tools.forms import make_forms
from .judge import Judge, read_position
from .reading import read_hash, read_head, read_lost, read_rows, use_read_committed
from .totals import Totals

_STRANGERS_LIMIT = 1000
# What a tampered row of PostgreSQL can make of an entry that is encoded.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


class Verification:
    """One pass over one company, or over the end of its chain. Flat memory.

    Each entry of PostgreSQL is hashed anew and encoded as the mirror encodes it. Where MongoDB
    gives back the same bytes, the document has every field, its order, types and hash right; all
    others are looked at one by one. While one batch is compared MongoDB reads the next. The sums
    per account, currency and day come from the databases themselves, apart from the batches.

    :param open_step: function that opens an environment on a cursor of its own
    :param Store store: the MongoDB side
    :param report: called with ``(kind, position, detail, document)`` for each finding
    :param progress: called with the last position after each batch; returns nothing
    :param int after: begin behind this position; 0 verifies the whole chain and what hides beside
    """

    def __init__(self, open_step, store, company_id, report, progress=lambda seq: None, after=0):
        self.open_step = open_step
        self.store = store
        self.company_id = company_id
        self._report = report
        self.is_clean = True
        self.progress = progress
        self.after = after
        self.checked = self.total_count = self.head_seq = 0
        self.last_seq, self.last_hash = after, GENESIS
        # Positions of the batch whose entry in PostgreSQL does not fit the chain.
        self.unsound = set()
        self.judge = Judge(self)

    def run(self):
        """Verify the chain.

        :raise PyMongoError: MongoDB is away; the pass is worth nothing
        """
        with self.open() as env:
            self.has_threads = isinstance(env.cr, Cursor)
            head = read_head(env.cr, self.company_id)
            if self.after:
                self.last_hash = read_hash(env.cr, self.company_id, self.after)
        self.head_seq = head[0] if head else 0
        with ThreadPoolExecutor(3, "pg_ledger.verify") as readers:
            totals = self._start(readers, self._sum_totals, readers)
            self._check_positions(readers)
            self._report_totals(totals.result())
        self._check_rest()
        if not self.after:
            self._check_strangers()
            self._check_places()

    def report(self, *finding):
        """Pass a finding on."""
        self.is_clean = False
        self._report(*finding)

    def open(self):
        """Open an environment whose statements see what is committed by then."""
        return _ReadCommitted(self.open_step)

    # === POSITIONS === #

    def _check_positions(self, readers):
        """Compare batch by batch; the next is read while one is compared."""
        job = self._start(readers, self._read_batch, self.after)
        while batch := job.result():
            job = self._start(readers, self._read_batch, batch[0][-1][0])
            self._check_batch(*batch)

    def _start(self, readers, work, *arguments):
        """Work in another thread; a test has one connection, which its thread keeps."""
        if self.has_threads:
            return readers.submit(work, *arguments)
        done = Future()
        done.set_result(work(*arguments))
        return done

    def _read_batch(self, after):
        """Read the next links and the documents that claim their positions.

        PostgreSQL is read first, so that what it calls mirrored is in what MongoDB answers.

        :return: ``(links, documents)``, None behind the head
        """
        size = min(VERIFY_BATCH, self.head_seq - after)
        if size <= 0:
            return None
        with self.open() as env:
            links = read_rows(env.cr, self.company_id, after, size)
        if not links:
            return None
        return links, self.store.read_range(self.company_id, after, links[-1][0])

    def _check_batch(self, links, documents):
        """Check the links of PostgreSQL, then the documents that claim their positions."""
        self.unsound = set()
        expected = [self._check_link(link) for link in links]
        if documents == expected:
            self.checked += len(documents)
        else:
            self._compare(links, expected, documents)
        self.progress(self.last_seq)

    def _check_link(self, link):
        """Check one link against the one before it and against its entry.

        :return: the bytes that MongoDB should hold, None when there is no entry to make them of
        """
        seq, prev, digest, _mirrored, row, postings = link
        sound = seq == self.last_seq + 1 and prev == self.last_hash
        self.last_seq, self.last_hash = seq, digest
        try:
            made, encoded = make_forms(row, postings, seq, prev, digest)
            sound = sound and made == digest
        except _UNREADABLE:
            sound, encoded = False, None
        if not sound:
            self.unsound.add(seq)
            self.report(
                "bad_source", seq, "The entry in PostgreSQL was changed, or the chain.", None
            )
        return encoded

    def _compare(self, links, expected, documents):
        """Name what is wrong in a batch that is not equal byte for byte."""
        places = {data: link[0] for data, link in zip(expected, links, strict=True)}
        equal = {places[data] for data in documents if data in places}
        self.checked += len(equal)
        open_links = {
            link[0]: (link, data)
            for link, data in zip(links, expected, strict=True)
            if link[0] not in equal
        }
        others = [data for data in documents if data not in places]
        in_place = self.store.read_ids(document_id(self.company_id, seq) for seq in open_links)
        for seq, (link, data) in open_links.items():
            document = in_place.get(document_id(self.company_id, seq))
            if document is not None:
                self.checked += 1
                self.judge.check_document(link, data, document)
            elif link[3]:
                self.report("missing", seq, f"{document_id(self.company_id, seq)} is gone.", None)
        for data in others:
            self.judge.check_other(data)

    # === TOTALS === #

    def _sum_totals(self, readers):
        """Have each database compute the sums per account, currency and day.

        They do it beside the comparison of positions, which keeps this process busy and not them.

        :rtype: Totals
        """
        totals = Totals(self.company_id)
        for first, last in totals.spans(self.after, self.head_seq):
            with self.open() as env:
                span = totals.read_span(env.cr, first, last)
                found = readers.submit(self.store.sum_postings, self.company_id, span)
                totals.add_known(env.cr, span)
            totals.add_found(found.result())
        return totals

    def _report_totals(self, totals):
        self.total_count = len(totals.known)
        for detail in totals.differences():
            self.report("total", 0, detail, None)

    # === BESIDE THE CHAIN === #

    def _check_rest(self):
        """Report documents past the head, except those that were chained during this pass."""
        for data in self.store.iterate_raw(self.company_id, self.head_seq):
            seq = read_position(data)
            with self.open() as env:
                if seq is not None and read_hash(env.cr, self.company_id, seq):
                    return
            self.judge.check_other(data)

    def _check_strangers(self):
        """Report documents that hide from the company's own order."""
        with self.open() as env:
            env.cr.execute("SELECT id FROM res_company")
            company_ids = [row[0] for row in env.cr.fetchall()]
        for data in self.store.find_strays(self.company_id):
            self.judge.check_other(data)
        for document in self.store.find_strangers(
            self.company_id, company_ids, _STRANGERS_LIMIT, not self.is_clean
        ):
            self.report("extra", 0, f"{document['_id']} belongs to no company's chain.", document)

    def _check_places(self):
        """Report entries of PostgreSQL that are in no chain and wait for no place in it."""
        with self.open() as env:
            lost = read_lost(env.cr, self.company_id, _STRANGERS_LIMIT)
        for entry_id, key in lost:
            detail = f"Entry {entry_id} ({key}) has no place in the chain and waits for none."
            self.report("bad_source", 0, detail, None)


class _ReadCommitted:
    """``with`` of a step whose statements each see what is committed by then."""

    def __init__(self, open_step):
        self._step = open_step()

    def __enter__(self):
        env = self._step.__enter__()
        use_read_committed(env.cr)
        return env

    def __exit__(self, *error):
        return self._step.__exit__(*error)
