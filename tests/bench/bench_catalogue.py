"""`make bench-catalogue`: sync a full-size catalogue, load it as Odoo would, look numbers up.

    python -m tests.bench.bench_catalogue [--keep]

Starts a PostgreSQL and a sandbox of its own on free ports, installs the addons and measures in
fresh processes. PostgreSQL writes durably. The last line is RESULT and a JSON object:

    cold_s                first sync of everything, from the first call to the last commit
    resync_s              the same again, nothing changed
    resync_rows_written   rows of the catalogue that were inserted, updated or deleted by it
    peak_extra_mb         most memory above that of an idle worker, in either sync
    ratio_to_load         seconds of Odoo's load() for the same operators and SKUs, over ours
    lookup_p95_ms         number → operators, 95 % are faster, full catalogue

Both sides of the ratio begin with the rows in memory and end with the commit; reading from the
supplier is in neither. The exit code tells whether it could be measured, not what came out.
"""

import json
import shutil
import signal
import subprocess
import sys
import time

from sandbox.client import SandboxClient
from scripts import database, process
from scripts.common import PROJECT, PYTHON, VAR, Problem, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings

ROOT = VAR / "bench-catalogue"
TARGETS = {
    "cold_s": ("<", 60),
    "resync_s": ("<", 10),
    "resync_rows_written": ("=", 0),
    "peak_extra_mb": ("<", 500),
    "ratio_to_load": (">=", 10),
    "lookup_p95_ms": ("<", 150),
}


class Bench:
    """One measurement on servers of its own."""

    def __init__(self):
        self.settings = Settings.for_tests(ROOT)
        self.settings.durable = True
        self.settings.database = "pg_bench"
        self.stack = Stack(self.settings)

    def run(self):
        """Return all figures."""
        started = time.monotonic()
        self.settings.write_conf()
        self.settings.save()
        for name in ("postgres", "sandbox"):
            self.stack.start(name)
        database.run_odoo(self.settings, ["-i", "pg_dingconnect"], "install", "Installation")
        account = self._make_account()
        say(f"--- ready in {seconds(started)}")
        figures = {}
        for part in ("sync", "lookup", "load"):
            figures |= self._measure(part, account)
        figures["ratio_to_load"] = round(figures["load_s"] / figures["write_s"], 1)
        return figures

    def _make_account(self):
        """Return an account at the sandbox with a catalogue of the real size."""
        client = SandboxClient(self.settings.sandbox_url, timeout=120)
        account = client.create_account(
            "dingconnect", name="Bench", currency="USD", settings={"full_catalogue": True}
        )
        return {"url": client.dingconnect_url, "api_key": account["api_key"]}

    def _measure(self, part, account):
        """Run one part in a fresh process and return its figures."""
        argv = [PYTHON, "-m", "tests.bench.catalogue_worker", part]
        answer = subprocess.run(
            [str(word) for word in argv],
            input=json.dumps(account),
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
    for name, (sign, target) in TARGETS.items():
        value = figures[name]
        held = {"<": value < target, "=": value == target, ">=": value >= target}[sign]
        say(f"{'ok  ' if held else 'MISS'} {name} {value} (target {sign} {target})")
    say("RESULT " + json.dumps(figures))


def raise_interrupt(_number, _frame):
    """Treat a polite kill as Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt


def entry():
    """Command line."""
    keep = "--keep" in sys.argv[1:]
    clear()
    ROOT.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, raise_interrupt)
    bench = Bench()
    try:
        figures = bench.run()
    finally:
        bench.end(keep)
    show(figures)


if __name__ == "__main__":
    main(entry)
