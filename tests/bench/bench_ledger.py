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
import json
import shutil
import signal
import subprocess
import time

from scripts import database, process
from scripts.common import PROJECT, PYTHON, VAR, Problem, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings

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
            figures |= self._measure(part)
        return {name: figures[name] for name in TARGETS}

    def _measure(self, part):
        """Run one part in a fresh process and return its figures."""
        say(f"--- {part}")
        argv = [PYTHON, "-m", "tests.bench.ledger_worker", part, self.entries]
        answer = subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.settings.logs / f"{part}.log").open("w"),
            text=True,
            cwd=PROJECT,
            env=self.settings.env(),
        )
        lines = answer.stdout.strip().splitlines()
        if answer.returncode or not lines:
            raise Problem(f"{part} failed; look into {self.settings.logs / part}.log")
        for line in lines[:-1]:
            say(line)
        return json.loads(lines[-1])

    def end(self, keep):
        """Stop the servers and remove their data."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.stack.stop_all()
        clear(keep)


def clear(keep=False):
    """End what a killed run left; remove its data."""
    left = process.find_all(ROOT)
    for pid in left:
        process.send(pid, signal.SIGKILL)
    process.wait_gone(left, 5)
    if not keep:
        shutil.rmtree(ROOT, ignore_errors=True)


def show(figures):
    """Print the figures beside their targets, then the last line."""
    say()
    for name, target in TARGETS.items():
        value = figures[name]
        if not target:
            say(f"     {name} {value}")
            continue
        sign, limit = target
        held = value < limit if sign == "<" else value >= limit
        say(f"{'ok  ' if held else 'MISS'} {name} {value} (target {sign} {limit})")
    say("RESULT " + json.dumps(figures))


def raise_interrupt(_number, _frame):
    """Treat a polite kill as Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt


def entry():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="leave data and logs in place")
    chosen = parser.parse_args()
    clear()
    ROOT.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, raise_interrupt)
    bench = Bench(chosen.entries)
    keep = True
    try:
        figures = bench.run()
        keep = chosen.keep
    finally:
        bench.end(keep)
    show(figures)


if __name__ == "__main__":
    main(entry)
