"""`make bench-ledger`: chain, mirror and verify a million entries; the ledger's share of a sale.

    python -m tests.bench.bench_ledger [--entries N] [--keep]

Starts a PostgreSQL and a mongod of its own on free ports, installs the ledger and measures in fresh
processes. Both servers write durably. The last line is RESULT and a JSON object:

    sequencer_per_s       entries chained, from the outbox to the commits
    mirror_per_s          links delivered, from PostgreSQL to MongoDB and back to the marks
    ratio_to_insert_many  mirror_per_s over that of pymongo's insert_many for the same documents
    verify_1m_s           a whole verification, scaled to a million entries when there are others
    verify_peak_mb        most memory of the process that verifies, Odoo's own included
    sale_cost_ms          what `_post` adds to a sale's transaction and its commit, median

insert_many is given the very documents, in memory, in batches of the mirror's size, unordered, with
the same write concern, into a collection with the same validator and indexes on the same server;
the figure for one with neither is printed, too. The exit code tells whether it could be measured,
not what came out.
"""

import argparse
import time

from scripts import database
from scripts.common import VAR, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings
from tests.frame import ask, ground, show

ROOT = VAR / "bench-ledger"
PARTS = ("sale", "fill", "sequencer", "mirror", "verify")
TARGETS = {
    "sequencer_per_s": None,
    "mirror_per_s": None,
    "ratio_to_insert_many": (">=", 0.6),
    "verify_1m_s": ("<", 60),
    "verify_peak_mb": None,
    "sale_cost_ms": ("<", 2),
}


class Bench:
    """One measurement on servers of its own."""

    def __init__(self, entries):
        self.entries = entries
        self.settings = Settings.for_tests(ROOT)
        self.settings.durable = True
        self.settings.database = "pg_bench"
        self.stack = Stack(self.settings)

    def run(self):
        """Return all figures."""
        started = time.monotonic()
        self.settings.write_conf()
        self.settings.save()
        for name in ("postgres", "mongod"):
            self.stack.start(name)
        database.run_odoo(self.settings, ["-i", "pg_ledger"], "install", "Installation")
        say(f"--- ready in {seconds(started)}")
        figures = {}
        for part in PARTS:
            say(f"--- {part}")
            figures |= ask(self.settings, "tests.bench.ledger_worker", part, entries=self.entries)
        return {name: figures[name] for name in TARGETS}


def entry():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="leave data and logs in place")
    chosen = parser.parse_args()
    with ground(ROOT, keep=chosen.keep) as ends:
        bench = Bench(chosen.entries)
        ends.callback(bench.stack.stop_all)
        figures = bench.run()
    show(figures, TARGETS)


if __name__ == "__main__":
    main(entry)
