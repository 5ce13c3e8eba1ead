"""`make bench-payments`: from a webhook's first byte to its committed answer.

    python -m tests.bench.bench_payments [--count 200] [--keep]

Two prefork servers with as many HTTP processes on one durable PostgreSQL: `pg_payments` with the
sandbox's Stripe, and Odoo's own `payment_stripe`, each in a database without anything else. Each
webhook is signed, is about a payment of its own and makes it done; rounds of both take turns. The
last line is RESULT and a JSON object:

    p50_ms, p95_ms               ours, one in flight
    ratio_to_payment_stripe      our p50 over that of payment_stripe, one in flight
    ratio_at_20_in_flight        the same with twenty in flight
    …_p95_…                      the same of the 95th percentile
    settled_ratio_at_20          from the first byte of a burst until every payment is done, ours
                                 over theirs: what the later processing costs

Ours commits the news and answers, then asks the gateway and processes; theirs believes the event
and processes it before it answers. Every payment is done in the end, or there is no result.
"""

import argparse
import dataclasses
import http.client
import json
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import stripe

from sandbox.client import SandboxClient
from scripts import database
from scripts.common import VAR, Problem, main, say, seconds
from scripts.services import Stack, connect
from scripts.settings import Settings, free_ports
from tests.frame import ask, ground, show

ROOT = VAR / "bench-payments"
SECRET = "whsec_" + "b" * 32
ROUNDS, WARM = 3, 20
TARGETS = {"ratio_to_payment_stripe": ("<=", 1.0), "ratio_at_20_in_flight": ("<=", 1.0)}
DONE = "SELECT count(*) FROM payment_transaction WHERE reference LIKE %s AND state = 'done'"


class Side:
    """One of the two servers, and the payments that it will hear of."""

    def __init__(self, settings, part, module):
        self.settings, self.part, self.module = settings, part, module
        self.stack = Stack(settings)
        self.times = {1: [], 20: []}
        self.settled = []

    def install(self):
        self.settings.write_conf()
        self.settings.save()
        database.run_odoo(self.settings, ["-i", self.module], "install", self.module)

    def prepare(self, **values):
        """Make payments in a process of its own; return its answer."""
        return ask(self.settings, "tests.bench.payments_worker", self.part, **values)

    def measure(self, path, bodies, flying, pattern):
        """Post all bodies, so many at a time; keep the times when it was no warm-up."""
        url, times, lock = urlsplit(self.settings.base_url), [], threading.Lock()

        def post(body):
            header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
            started = time.perf_counter()
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
            headers = {"Content-Type": "application/json", "Stripe-Signature": header}
            connection.request("POST", path, body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            spent = (time.perf_counter() - started) * 1000
            connection.close()
            if answer.status != 200:
                raise Problem(f"{self.part}: {path} answered {answer.status}")
            with lock:
                times.append(spent)

        started = time.perf_counter()
        with ThreadPoolExecutor(flying) as pool:
            list(pool.map(post, bodies))
        self._wait_done(pattern, len(bodies))
        if "-warm-" not in pattern:
            self.times[flying] += times
            if flying > 1:
                self.settled.append(time.perf_counter() - started)

    def _wait_done(self, pattern, count):
        connection, end = connect(self.settings, self.settings.database), time.monotonic() + 120
        with connection.cursor() as cursor:
            while True:
                cursor.execute(DONE, [pattern])
                found = cursor.fetchone()[0]
                if found == count:
                    break
                if time.monotonic() > end:
                    raise Problem(f"{self.part}: {found} of {count} payments are done")
                time.sleep(0.01)
        connection.close()

    def figure(self, flying, part):
        """Return a percentile in milliseconds."""
        return statistics.quantiles(self.times[flying], n=100)[part - 1]


class Bench:
    """One measurement on servers of its own."""

    def __init__(self, count):
        self.count = count
        settings = Settings.for_tests(ROOT)
        settings.durable = True
        settings.database = "pg_bench"
        ports = dict(zip(("http_port", "gevent_port"), free_ports(2), strict=True))
        other = dataclasses.replace(
            settings, root=ROOT / "theirs", database="pg_bench_stripe", own_postgres=False, **ports
        )
        other.root.mkdir(parents=True, exist_ok=True)
        self.ours = Side(settings, "ours", "pg_payments")
        # pg_base is there for the worker's steps only; nothing of it touches a payment.
        self.theirs = Side(other, "theirs", "payment_stripe,pg_base")
        self.figures = {"load_before": round(os.getloadavg()[0], 1)}

    def set_up(self):
        """Install both and start them."""
        started = time.monotonic()
        self.ours.settings.write_conf()
        self.ours.settings.save()
        for name in ("postgres", "sandbox"):
            self.ours.stack.start(name)
        for side in (self.ours, self.theirs):
            side.install()
            side.stack.start("odoo")
        self.sandbox = SandboxClient(self.ours.settings.sandbox_url, timeout=60)
        self.account = self.sandbox.create_account("stripe", name="Bench", currency="USD")
        say(f"--- ready in {seconds(started)}")

    def run(self):
        """Warm up, then take turns."""
        self._round("warm", WARM, 1)
        self._round("warm-b", WARM, 20)
        for number in range(ROUNDS):
            self._round(f"one{number}", self.count // 2, 1)
            self._round(f"many{number}", self.count, 20)

    def _round(self, key, count, flying):
        for side in (self.ours, self.theirs):
            path, bodies = getattr(self, f"_news_{side.part}")(side, key, count)
            side.measure(path, bodies, flying, f"{side.part.upper()}-{key}-%")

    def _news_ours(self, side, key, count):
        """Return the path and the events by which the sandbox tells that pages were paid."""
        made = side.prepare(
            key=key,
            count=count,
            secret_key=self.account["secret_key"],
            api_base=self.sandbox.stripe_url,
        )
        for page in made["pages"]:
            self.sandbox.pay(page, "close")
        pages = set(made["pages"])
        bodies = [
            json.dumps(event)
            for event in self.sandbox.events(self.account)
            if event["type"] == "checkout.session.completed"
            and event["data"]["object"]["id"] in pages
        ]
        return f"/payment/stripe_checkout/webhook/{made['provider']}", bodies

    def _news_theirs(self, side, key, count):
        """Return the path and events of the shape that `payment_stripe` reads."""
        references = side.prepare(key=key, count=count)["references"]
        [sample, *_rest] = [
            event
            for event in self.sandbox.events(self.account)
            if event["type"] == "payment_intent.succeeded"
        ]
        return "/payment/stripe/webhook", [self._fit(sample, name) for name in references]

    def _fit(self, sample, reference):
        event = json.loads(json.dumps(sample))
        event["id"] = f"evt_{reference}"
        event["data"]["object"] |= {"id": f"pi_{reference}", "description": reference}
        return json.dumps(event)

    def conclude(self):
        """Put the figures together."""
        ours, theirs = self.ours, self.theirs
        self.figures |= {
            "p50_ms": round(ours.figure(1, 50), 2),
            "p95_ms": round(ours.figure(1, 95), 2),
            "p50_ms_at_20": round(ours.figure(20, 50), 2),
            "p95_ms_at_20": round(ours.figure(20, 95), 2),
            "payment_stripe_p50_ms": round(theirs.figure(1, 50), 2),
            "payment_stripe_p95_ms": round(theirs.figure(1, 95), 2),
            "payment_stripe_p50_ms_at_20": round(theirs.figure(20, 50), 2),
            "payment_stripe_p95_ms_at_20": round(theirs.figure(20, 95), 2),
            "ratio_to_payment_stripe": self._ratio(1, 50),
            "ratio_p95_to_payment_stripe": self._ratio(1, 95),
            "ratio_at_20_in_flight": self._ratio(20, 50),
            "ratio_p95_at_20_in_flight": self._ratio(20, 95),
            "settled_ratio_at_20": round(sum(ours.settled) / sum(theirs.settled), 2),
            "load_after": round(os.getloadavg()[0], 1),
        }

    def _ratio(self, flying, part):
        return round(self.ours.figure(flying, part) / self.theirs.figure(flying, part), 2)


def entry():
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure webhooks beside Odoo's own.")
    parser.add_argument("--count", type=int, default=200, help="payments of a round of twenty")
    parser.add_argument("--keep", action="store_true", help="leave data and logs")
    arguments = parser.parse_args()
    with ground(ROOT, keep=arguments.keep) as ends:
        bench = Bench(arguments.count)
        for side in (bench.ours, bench.theirs):
            ends.callback(side.stack.stop_all)
        bench.set_up()
        bench.run()
        bench.conclude()
    show(bench.figures, TARGETS)


if __name__ == "__main__":
    main(entry)
