"""`make bench-portal`: how fast the customer's pages are, beside Odoo's own shop.

    python -m tests.bench.bench_portal [--offers 20000] [--visits 300] [--keep]

Starts servers of its own with the platform installed and the full catalogue on sale, and Odoo's
`website_sale` in a database beside it; both are asked by the same number of clients, one after the
other, by the same processes. The last line is RESULT and a JSON object:

    storefront_p95_ms    page of the offers for a number, one client
    ratio_to_shop        p95 of that page, and of the widget's JSON, over that of a product page of
                         Odoo's /shop; the worst of one and twenty clients
    widget_gz_kb         the widget's script as it comes over the wire, gzipped
    widget_p95_ms        the widget's JSON with the offers for a number, one client
    first_load_kb        first page with style and script, over the wire, not compressed
    interactive_3g_s     until the script has run, on a throttled 3G phone
    axe_serious          serious findings of axe-core on the pages up to paying
"""

import argparse
import json
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.client import SandboxClient
from scripts import database
from scripts.common import VAR, find_addons, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings
from tests.bench.portal_browser import count_barriers, measure_first_visit
from tests.frame import ask, ground, show

ROOT = VAR / "bench-portal"
PLATFORM, SHOP = "pg_bench_portal", "pg_bench_shop"
SLUG, NUMBER = "island-mobile", "7012 3456"
CLIENTS = (1, 20)
TARGETS = {
    "ratio_to_shop": ("<=", 0.5),
    "widget_gz_kb": ("<=", 15),
    "first_load_kb": ("<=", 60),
    "interactive_3g_s": ("<=", 1),
    "axe_serious": ("<=", 0),
}


class Bench:
    """One measurement on servers of its own."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.settings = Settings.for_tests(ROOT)
        self.settings.database = PLATFORM
        self.stack = Stack(self.settings)
        self.figures = {"load_before": round(os.getloadavg()[0], 1)}

    def set_up(self):
        """Install the platform with the full catalogue, and Odoo's shop beside it."""
        started = time.monotonic()
        self._write_conf()
        self.settings.save()
        for name in ("postgres", "mongod", "sandbox"):
            self.stack.start(name)
        database.run_odoo(self.settings, ["-i", ",".join(find_addons())], "install", "Platform")
        database.run_setup(self.settings)
        sandbox = SandboxClient(self.settings.sandbox_url, timeout=120)
        [ding] = [a for a in sandbox.accounts("dingconnect") if a["name"] == "Prepaid platform"]
        sandbox.update(ding, full_catalogue=True)
        counts = self._worker("offers", slug=SLUG, offers=self.arguments.offers)
        say(f"      {counts['skus']} SKUs, {counts['offers']} offers")
        self.figures |= counts
        self.settings.database = SHOP
        database.run_odoo(self.settings, ["-i", "website_sale"], "install-shop", "Odoo's shop")
        self.shop_path = self._worker("shop")["path"]
        say(f"--- ready in {seconds(started)}")

    def storefront(self):
        """Ask for the pages of the storefront, then look at them in a browser."""
        self._start(PLATFORM)
        start = f"{self.settings.base_url}/topup/{SLUG}"
        offers = requests.post(
            f"{start}/number", data={"number": NUMBER, "country": "PG"}, timeout=60
        ).url
        self.offers = self._measure("offers", offers)
        self._measure("start", start)
        self.figures["storefront_p95_ms"] = self.offers[1][1]
        self.figures |= measure_first_visit(start)
        barriers = count_barriers(start, NUMBER)
        if barriers is not None:
            self.figures["axe_serious"] = barriers
        self._widget()

    def _widget(self):
        """Ask for the widget's JSON, as the sandbox's shop does, and weigh its script."""
        rows = json.loads((self.settings.root / "access.json").read_text())
        shop = next(row["url"] for row in rows if "/shop?" in row["url"])
        key = parse_qs(urlsplit(shop).query)["key"][0]
        address = f"{self.settings.base_url}/pg/widget/v1"
        self.widget = self._measure(
            "widget",
            f"{address}/{key}/offers",
            json={"number": NUMBER, "country": "PG"},
            headers={"Origin": self.settings.sandbox_url},
        )
        self.figures["widget_p95_ms"] = self.widget[1][1]
        with requests.get(f"{address}/topup.js", stream=True, timeout=60) as answer:
            size = len(answer.raw.read(decode_content=False))
        self.figures["widget_gz_kb"] = round(size / 1024, 1)

    def shop(self):
        """Ask for a product page of Odoo's own shop."""
        self._start(SHOP)
        theirs = self._measure("shop", f"{self.settings.base_url}{self.shop_path}")
        ratios = [
            ours[clients][1] / theirs[clients][1]
            for ours in (self.offers, self.widget)
            for clients in CLIENTS
        ]
        self.figures["ratio_to_shop"] = round(max(ratios), 2)

    # === HELPERS === #

    def _write_conf(self):
        """Write Odoo's configuration; the limits against floods would be what is measured."""
        self.settings.write_conf()
        text = self.settings.conf.read_text()
        self.settings.conf.write_text(f"{text}\n[pg]\npg_rate_limits = off\n")

    def _start(self, name):
        self.stack.stop("odoo")
        self.settings.database = name
        self._write_conf()
        self.stack.start("odoo")

    def _measure(self, name, url, **options):
        """Return {clients: (p50, p95)} in milliseconds, and note them.

        :param options: of the request; with ``json`` it is a POST.
        """
        self._visit(url, 4, 20, **options)
        found = {}
        for clients in CLIENTS:
            times = self._visit(url, clients, self.arguments.visits, **options)
            cuts = statistics.quantiles(times, n=20)
            found[clients] = (round(cuts[9], 1), round(cuts[-1], 1))
            for label, value in zip(("p50", "p95"), found[clients], strict=True):
                self.figures[f"{name}_{label}_ms_{clients}"] = value
        say(f"      {name}: {found}")
        return found

    def _visit(self, url, clients, count, **options):
        """Return the milliseconds of some visits, each client on a connection of its own."""
        local, times = threading.local(), []
        method = "POST" if "json" in options else "GET"

        def once(_index):
            session = local.__dict__.setdefault("session", requests.Session())
            started = time.perf_counter()
            session.request(method, url, timeout=60, **options).raise_for_status()
            times.append((time.perf_counter() - started) * 1000)

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(once, range(count)))
        return times

    def _worker(self, part, **values):
        return ask(self.settings, "tests.bench.portal_worker", part, **values)


def read_arguments():
    """Return the command line."""
    parser = argparse.ArgumentParser(description="Measure the customer's pages.")
    parser.add_argument("--offers", type=int, default=20_000, help="how many to sell at most")
    parser.add_argument("--visits", type=int, default=300, help="requests per measurement")
    parser.add_argument("--keep", action="store_true", help="leave data and logs")
    return parser.parse_args()


def entry():
    """Command line."""
    arguments = read_arguments()
    with ground(ROOT, keep=arguments.keep) as ends:
        bench = Bench(arguments)
        ends.callback(bench.stack.stop_all)
        bench.set_up()
        for name in ("storefront", "shop"):
            started = time.monotonic()
            getattr(bench, name)()
            say(f"--- {name} in {seconds(started)}")
    bench.figures["load_after"] = round(os.getloadavg()[0], 1)
    show(bench.figures, TARGETS)


if __name__ == "__main__":
    main(entry)
