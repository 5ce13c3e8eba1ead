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
    slowest_screen_ms     what the server needs for the slowest screen or filter of the catalogue

Both sides of the ratio begin with the rows in memory and end with the commit; reading from the
supplier is in neither. The exit code tells whether it could be measured, not what came out.
"""

import sys
import time

from sandbox.client import SandboxClient
from scripts import database
from scripts.common import VAR, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings
from tests.frame import ask, ground, show

ROOT = VAR / "bench-catalogue"
TARGETS = {
    "cold_s": ("<", 60),
    "resync_s": ("<", 10),
    "resync_rows_written": ("=", 0),
    "peak_extra_mb": ("<", 500),
    "ratio_to_load": (">=", 10),
    "lookup_p95_ms": ("<", 150),
    "slowest_screen_ms": ("<", 1000),
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
        for part in ("sync", "lookup", "screens", "load"):
            figures |= ask(self.settings, "tests.bench.catalogue_worker", part, **account)
        figures["ratio_to_load"] = round(figures["load_s"] / figures["write_s"], 1)
        return figures

    def _make_account(self):
        """Return an account at the sandbox with a catalogue of the real size."""
        client = SandboxClient(self.settings.sandbox_url, timeout=120)
        account = client.create_account(
            "dingconnect", name="Bench", currency="USD", settings={"full_catalogue": True}
        )
        return {"url": client.dingconnect_url, "api_key": account["api_key"]}


def entry():
    """Command line."""
    with ground(ROOT, keep="--keep" in sys.argv[1:]) as ends:
        bench = Bench()
        ends.callback(bench.stack.stop_all)
        figures = bench.run()
    show(figures, TARGETS)


if __name__ == "__main__":
    main(entry)
