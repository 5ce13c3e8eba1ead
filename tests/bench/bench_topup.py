"""`make bench-topup`: how many sales, how many sends, and what they cost others.

    python -m tests.bench.bench_topup [--rows 1000000] [--keep] [--only PART…]

Starts servers of its own with the platform installed; PostgreSQL writes durably. The last line is
RESULT and a JSON object:

    sales_per_s                    payments that the gateway tells by webhook, until the top-up is
                                   delivered and its ledger entry stands; supplier of 0 s
    ratio_to_sale_order            that over Odoo's own `sale.order`, paid with `payment_demo`,
                                   confirmed and post-processed, as many processes, same run
    sends_per_s_1s_supplier        sends of one dispatcher to a supplier that takes a second
    storefront_p95_ratio_200_in_flight
                                   p95 of the storefront with 200 calls of 90 s in flight, over idle
    paid_to_sent_median_s          from the payment's commit to the attempt's, customer gone
    growth_1k_to_1m                cost of a top-up among a million over that among a thousand
    export_csv_s, export_xlsx_s    all of them as a file, through the button's address
    export_peak_extra_mb           most memory of the process that makes it, above that before

For the ratio one Odoo process (threads: HTTP and crons, the dispatcher among them) is held against
one process that confirms sale orders; the ledger's mirror to MongoDB is off, Odoo has none.
"""

import argparse
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from sandbox.client import SandboxClient
from scripts import database
from scripts.common import VAR, Problem, find_addons, main, say, seconds
from scripts.services import Stack, connect
from scripts.settings import Settings
from tests.bench.topup_export import measure_export
from tests.bench.topup_sales import SALE_DATABASE, measure_sales
from tests.frame import ask, ground, show

ROOT = VAR / "bench-topup"
TARGETS = {
    "sales_per_s": (">=", 0),
    "ratio_to_sale_order": (">=", 5),
    "sends_per_s_1s_supplier": (">=", 50),
    "storefront_p95_ratio_200_in_flight": ("<=", 1.5),
    "paid_to_sent_median_s": ("<", 2),
    "growth_1k_to_1m": ("<=", 1.2),
    "export_csv_s": None,
    "export_xlsx_s": None,
    "export_peak_extra_mb": ("<", 50),
}
SENDS, PAGES, ALONE, SAMPLES = 600, 150, 30, 150
DONE = """
    SELECT count(*) FROM pg_topup t JOIN pg_ledger_entry e
        ON e.subject = t.uuid AND e.kind = 'delivered'
     WHERE t.client_key LIKE %s AND t.state = 'completed'"""
CRONS_OFF = """
    UPDATE ir_cron SET active = false WHERE id IN (SELECT res_id FROM ir_model_data
     WHERE model = 'ir.cron' AND name NOT IN ('cron_dispatch', 'cron_events'))"""


class Bench:
    """One measurement on servers of its own."""

    def __init__(self, rows):
        self.rows = rows
        self.settings = Settings.for_tests(ROOT)
        self.settings.durable = True
        self.settings.database = "pg_bench"
        self.stack = Stack(self.settings)
        self.figures = {"load_before": round(os.getloadavg()[0], 1)}

    def set_up(self):
        """Install the platform, and Odoo's own sale in a database beside it."""
        started = time.monotonic()
        self.settings.write_conf()
        self.settings.save()
        for name in ("postgres", "mongod", "sandbox"):
            self.stack.start(name)
        database.run_odoo(self.settings, ["-i", ",".join(find_addons())], "install", "Platform")
        database.run_setup(self.settings)
        self._sql(CRONS_OFF)
        self._sql("UPDATE pg_supplier SET max_in_flight = 200, circuit_faults = 0")
        self.settings.database = SALE_DATABASE
        database.run_odoo(self.settings, ["-i", "sale,payment_demo"], "install-sale", "Odoo's sale")
        self.settings.database = "pg_bench"
        self.sandbox = SandboxClient(self.settings.sandbox_url, timeout=120)
        self.ding = self._find_account("dingconnect", "Prepaid platform")
        self.stripe = self._find_account("stripe", "Island Mobile")
        self.sandbox.update(self.ding, balance="10000000")
        say(f"--- ready in {seconds(started)}")

    def _find_account(self, kind, name):
        return next(a for a in self.sandbox.accounts(kind) if a["name"] == name)

    # === PARTS === #

    def sales(self):
        """Sales per second of one process, beside Odoo's own of one process, in turns."""
        self._write_conf(workers=0)
        self.figures |= measure_sales(self)

    def latency(self):
        """From the payment's commit to the attempt's, on the processes of production."""
        self._write_conf(workers=2)
        sessions = self._worker("place", count=ALONE, key="alone")["sessions"]
        self.stack.start("odoo")
        self.stack.start("dispatcher")
        time.sleep(6)
        for session in sessions:
            self.sandbox.pay(session, "close")
            time.sleep(0.3)
        self._wait_done("alone-%", ALONE, 120)
        rows = self._sql(
            "SELECT extract(epoch FROM a.started_at - t.paid_at) FROM pg_topup t"
            " JOIN pg_topup_attempt a ON a.topup_id = t.id AND a.number = 1"
            " WHERE t.client_key LIKE 'alone-%%'"
        )
        self.figures["paid_to_sent_median_s"] = round(
            statistics.median(float(r[0]) for r in rows), 3
        )

    def sends(self):
        """Sends per second of one dispatcher to a supplier that takes a second."""
        self._worker("queue", count=SENDS, key="send")
        self.sandbox.add_fault(self.ding, on="SendTransfer", fault="delay", seconds=1, times=10**6)
        self.stack.start("dispatcher")
        time.sleep(3)
        self._make_due("send-%")
        self._wait_done("send-%", SENDS, 300)
        self.sandbox.clear_faults(self.ding)
        [[first, last]] = self._sql(
            "SELECT extract(epoch FROM min(a.started_at)), extract(epoch FROM max(a.finished_at))"
            " FROM pg_topup_attempt a JOIN pg_topup t ON t.id = a.topup_id"
            " WHERE t.client_key LIKE 'send-%%'"
        )
        self.figures["sends_per_s_1s_supplier"] = round(SENDS / float(last - first), 1)

    def storefront(self):
        """p95 of a page with 200 calls in flight, over that of an idle platform."""
        self.stack.start("odoo")
        self.stack.start("dispatcher")
        self._worker("queue", count=200, key="slow")
        self._measure_pages()
        idle = [self._measure_pages()]
        self.sandbox.add_fault(self.ding, on="SendTransfer", fault="delay", seconds=90, times=10**6)
        self._make_due("slow-%")
        self._wait(self._count_flying, 200, 60)
        busy = [self._measure_pages(), self._measure_pages()]
        flying = self._count_flying()
        if flying < 200:
            raise Problem(f"only {flying} calls were in flight")
        self.sandbox.clear_faults(self.ding)
        self._wait_done("slow-%", 200, 150)
        idle.append(self._measure_pages())
        self.stack.stop("dispatcher")
        self.stack.stop("odoo")
        p95 = [statistics.mean(values) for values in (idle, busy)]
        self.figures |= {
            "storefront_p95_ms_idle": round(p95[0], 1),
            "storefront_p95_ms_200_in_flight": round(p95[1], 1),
            "storefront_p95_ratio_200_in_flight": round(p95[1] / p95[0], 2),
        }

    def growth(self):
        """Cost of a top-up among a thousand and among a million."""
        self._worker("fill", rows=1000)
        small = self._worker("cost", count=SAMPLES, key="small")
        filled = self._worker("fill", rows=self.rows)
        say(f"      {filled['added']} rows more in {filled['seconds']} s")
        large = self._worker("cost", count=SAMPLES, key="large")
        say(f"      ms per top-up: {small} among 1000, {large} among {self.rows}")
        self.figures |= {
            "cost_ms_1k": small["all"],
            "cost_ms_1m": large["all"],
            "growth_1k_to_1m": round(large["all"] / small["all"], 2),
        }

    def export(self):
        """Take all top-ups away as a file, as the buttons above the list do."""
        self._write_conf(workers=2)
        self.stack.start("odoo")
        self.figures |= measure_export(self.settings)
        self.stack.stop("odoo")

    # === HELPERS === #

    def _write_conf(self, workers):
        """Write Odoo's configuration for a number of HTTP processes; 0: one process for all."""
        self.stack.stop("odoo")
        self.settings.workers = workers
        self.settings.write_conf()

    def _worker(self, part, **values):
        return ask(self.settings, "tests.bench.topup_worker", part, **values)

    def _pay(self, sessions, threads):
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda session: self.sandbox.pay(session, "close"), sessions))

    def _make_due(self, pattern):
        self._sql(
            "UPDATE pg_topup SET next_attempt_at = now() AT TIME ZONE 'UTC'"
            " WHERE client_key LIKE %s",
            [pattern],
        )
        self._sql("SELECT pg_notify('pg_topup', '')")

    def _count_flying(self):
        return self._sql("SELECT count(*) FROM pg_topup_attempt WHERE state = 'sending'")[0][0]

    def _wait_done(self, pattern, count, timeout):
        self._wait(lambda: self._sql(DONE, [pattern])[0][0], count, timeout)

    def _wait(self, count, wanted, timeout):
        end = time.monotonic() + timeout
        while (found := count()) < wanted:
            if time.monotonic() > end:
                raise Problem(f"{found} of {wanted} after {timeout} s")
            time.sleep(0.1)

    def _measure_pages(self):
        """Return the p95 in milliseconds of a storefront's first page, two visitors at a time."""
        url, times, lock = f"{self.settings.base_url}/topup/island-mobile", [], threading.Lock()

        def visit(_index):
            started = time.perf_counter()
            requests.get(url, timeout=30).raise_for_status()
            with lock:
                times.append((time.perf_counter() - started) * 1000)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(visit, range(PAGES)))
        return statistics.quantiles(times, n=20)[-1]

    def _sql(self, query, params=None):
        connection = connect(self.settings, self.settings.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, params)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


PARTS = ("sales", "latency", "sends", "storefront", "growth", "export")


def read_arguments():
    """Return the command line."""
    parser = argparse.ArgumentParser(description="Measure sales, sends and their cost.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="leave data and logs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    return parser.parse_args()


def entry():
    """Command line."""
    arguments = read_arguments()
    with ground(ROOT, keep=arguments.keep) as ends:
        bench = Bench(arguments.rows)
        ends.callback(bench.stack.stop_all)
        bench.set_up()
        for name in arguments.only:
            started, known = time.monotonic(), set(bench.figures)
            getattr(bench, name)()
            # Told at once: a later part that breaks takes none of it away.
            told = {key: bench.figures[key] for key in bench.figures if key not in known}
            say(f"--- {name} in {seconds(started)}: {told}")
    bench.figures["load_after"] = round(os.getloadavg()[0], 1)
    show(bench.figures, TARGETS)


if __name__ == "__main__":
    main(entry)
