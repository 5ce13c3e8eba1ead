"""Our sales beside Odoo's sale orders, one process each, in turns.

In turns: a machine that is shared with others is half as fast in one minute as in the next. Our
process stays up while theirs is measured, with nothing to do.
"""

import statistics
import time

import requests

from scripts.common import say

SALE_DATABASE = "pg_bench_sale"
ROUNDS, SALES, SALE_ORDERS = 3, 300, 60


def measure_sales(bench):
    """Return the sales and the sale orders per second, and their ratio.

    :param bench: a :class:`..bench_topup.Bench` whose Odoo is set up to be one process.
    """
    rounds = [
        (f"sale{number}-%", bench._worker("place", count=SALES, key=f"sale{number}"))
        for number in range(ROUNDS)
    ]
    bench.stack.start("odoo")
    requests.get(f"{bench.settings.base_url}/topup/island-mobile", timeout=30)
    ours, theirs = [], []
    for pattern, placed in rounds:
        ours.append(SALES / _sell(bench, placed["sessions"], pattern))
        sold = bench._worker("sale_order", count=SALE_ORDERS, database=SALE_DATABASE)
        theirs.append(sold["sale_orders_per_s"])
        say(f"      {ours[-1]:.1f} sales, {theirs[-1]:.1f} sale orders per second")
    bench.stack.stop("odoo")
    # As many in each round: the harmonic mean is all of them over all the time.
    sales, orders = statistics.harmonic_mean(ours), statistics.harmonic_mean(theirs)
    return {
        "sales_per_s": round(sales, 1),
        "sale_orders_per_s": round(orders, 1),
        "ratio_to_sale_order": round(sales / orders, 1),
    }


def _sell(bench, sessions, pattern):
    """Pay placed orders; return the seconds until all are delivered and booked."""
    started = time.monotonic()
    bench._pay(sessions, threads=8)
    bench._wait_done(pattern, SALES, 300)
    return time.monotonic() - started
