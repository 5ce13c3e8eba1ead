"""One Odoo process with threads, as `make run` starts it, and more requests than it can take."""

import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import requests

from scripts.common import ODOO_BIN, PYTHON
from scripts.settings import free_ports

BURST = 150


@contextmanager
def odoo_with_threads(settings, root):
    """Start a second Odoo on the platform's database; yield its address."""
    [port] = free_ports(1)
    threaded = replace(settings, root=root, workers=0, http_port=port)
    threaded.write_conf()
    command = [PYTHON, ODOO_BIN, "-c", threaded.conf, "-d", settings.database]
    with (root / "odoo.log").open("w") as log:
        server = subprocess.Popen(
            [*map(str, command), "--max-cron-threads=0"],
            env=settings.env(),
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(threaded.base_url, server)
        yield threaded.base_url
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url, server):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            requests.get(f"{url}/web/health", timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError("Odoo with threads did not start")


def test_a_burst_of_webhooks_is_answered_not_refused(platform, tmp_path):
    """A gateway may bring many at once: each needs a connection to the database at that moment."""
    _customer, order = platform.order()
    [row] = platform.sql(
        "SELECT provider_id FROM payment_transaction WHERE pg_checkout_ref = %s", order.session
    )
    path = f"/payment/stripe_checkout/webhook/{row['provider_id']}"
    answers, together = [], threading.Barrier(BURST)
    with odoo_with_threads(platform.stack.settings, tmp_path) as url:
        requests.post(f"{url}{path}", data=b"{}", timeout=30)

        def post():
            together.wait(60)
            answers.append(requests.post(f"{url}{path}", data=b"{}", timeout=120).status_code)

        posts = [threading.Thread(target=post) for _index in range(BURST)]
        for thread in posts:
            thread.start()
        for thread in posts:
            thread.join()
    assert Counter(answers) == {400: BURST}, "Not proven, each of them; 500: no connection was left"
    assert "Traceback" not in (tmp_path / "odoo.log").read_text()
    platform.assert_nothing_happened(order)
