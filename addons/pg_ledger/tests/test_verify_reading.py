import socket
import threading
from contextlib import suppress
from unittest.mock import patch

from odoo.addons.pg_base.tools import options
from odoo.tests import tagged
from odoo.tools import mute_logger
from pymongo.errors import AutoReconnect
from pymongo.uri_parser import parse_uri

from ..worker.store import Store
from .common import MongoCase


class Relay:
    """A way to MongoDB that can be cut: every connection ends, new ones are let through."""

    def __init__(self, address):
        self.address = address
        self.server = socket.create_server(("127.0.0.1", 0))
        self.pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _peer = self.server.accept()
            except OSError:
                return
            far = socket.create_connection(self.address)
            self.pairs.append((near, far))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            return

    def cut(self):
        """End all connections."""
        pairs, self.pairs = self.pairs, []
        for end in [end for pair in pairs for end in pair]:
            _end(end)

    def close(self):
        """End all connections and take no more."""
        _end(self.server)
        self.cut()


def _end(connection):
    """End what a thread may wait on."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@tagged("post_install", "-at_install", "pg")
class TestVerifyReading(MongoCase):
    """What the verification reads, and how, does not depend on how it is stored or sent."""

    def setUp(self):
        super().setUp()
        for _ in range(5):
            self.post()
        self.run_mirror()
        quiet = mute_logger("odoo.addons.pg_ledger.models.pg_ledger_verify")
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_postings_in_postgresql(self):
        """They count in the order of their positions, wherever their rows stand."""
        self.check_now()
        entry_id = self.links()[1].entry_id.id
        self.change_postings("SET kind = kind WHERE entry_id = %s AND position = 1", entry_id)
        self.env.cr.execute(
            "SELECT position FROM pg_ledger_posting WHERE entry_id = %s ORDER BY ctid", [entry_id]
        )
        self.assertEqual(self.env.cr.fetchall(), [(2,), (1,)])
        self.assertEqual(self.verify().state, "clean")
        self.change_postings("SET position = position + 2 WHERE entry_id = %s", entry_id)
        self.assertEqual(self.verify().state, "clean", "the order is the same")
        self.change_postings("SET position = 20 - position WHERE entry_id = %s", entry_id)
        self.assertEqual(self.named(self.verify()), [("bad_source", 2)])
        self.change_postings("SET position = 20 - position WHERE entry_id = %s", entry_id)
        self.assertEqual(self.verify().state, "clean")
        self.change_postings(
            "SET amount = 2 * amount, company_amount = 2 * amount WHERE entry_id = %s", entry_id
        )
        found = self.named(self.verify())
        self.assertEqual(found, [("bad_source", 2), ("total", 0), ("total", 0)])

    def change_postings(self, change, entry_id):
        """Change postings as the owner of the table could."""
        guard = "TRIGGER pg_ledger_posting_frozen"
        self.env.cr.execute(f"ALTER TABLE pg_ledger_posting DISABLE {guard}")
        self.env.cr.execute(f"UPDATE pg_ledger_posting {change}", [entry_id])
        self.env.cr.execute(f"ALTER TABLE pg_ledger_posting ENABLE ALWAYS {guard}")

    def test_answers_of_many_parts(self):
        """What MongoDB sends in several answers is read to its end, or given back."""
        with patch("odoo.addons.pg_ledger.worker.store_reading._RANGE_BATCH", 2):
            self.assertEqual((self.verify().state, self.verify().checked_count), ("clean", 5))
            rest = self.store.iterate_raw(self.seller.id, 0)
            first = next(rest)
            self.assertEqual(len(list(rest)), 4)
            rest = self.store.iterate_raw(self.seller.id, 0)
            self.assertEqual(next(rest), first)
            opened = self.count_cursors()
            rest.close()
            self.assertEqual(self.count_cursors(), opened - 1)

    def count_cursors(self):
        status = self.store.client.admin.command("serverStatus")
        return status["metrics"]["cursor"]["open"]["total"]

    def open_relay(self):
        """Return a relay and a store that goes through it; its first answer is there."""
        address = parse_uri(options.get("pg_mongo_uri"))["nodelist"][0]
        relay = Relay(address)
        self.addCleanup(relay.close)
        port = relay.server.getsockname()[1]
        store = Store(f"mongodb://127.0.0.1:{port}/?directConnection=true", self.prefix)
        self.addCleanup(store.client.close)
        self.assertEqual(len(store.read_range(self.seller.id, 0, 5)), 5)
        return relay, store

    def test_connection_that_breaks_before_an_answer(self):
        """A find is asked again, as a cursor of pymongo would; all documents come, once."""
        relay, store = self.open_relay()
        known = self.store.read_range(self.seller.id, 0, 5)
        relay.cut()
        self.assertEqual(store.read_range(self.seller.id, 0, 5), known)
        relay.close()
        with self.assertRaises(AutoReconnect):
            store.read_range(self.seller.id, 0, 5)

    def test_connection_that_breaks_between_answers(self):
        """What came is not the whole answer: the reader learns of it."""
        relay, store = self.open_relay()
        with patch("odoo.addons.pg_ledger.worker.store_reading._RANGE_BATCH", 2):
            documents = store.iterate_raw(self.seller.id, 0)
            seen = [next(documents), next(documents)]
            relay.close()
            with self.assertRaises(AutoReconnect):
                seen += documents
        self.assertEqual(len(seen), 2)
