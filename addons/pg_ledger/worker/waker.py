"""Tells the cron workers of news, outside the thread that serves a customer.

``ir.cron._trigger`` would cost the sale a row, some reads and, after its commit, a connection of
its own (about 10 ms). Here one thread per process does all that, and news that come together are
one notice. A notice that is lost is made up for by the cron's interval of a minute.
"""

import logging
import threading
import time

import psycopg2
from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)

# Seconds without news after which the thread ends.
IDLE_SECONDS = 30
# Seconds between two notices of one process.
PAUSE_SECONDS = 0.5

_lock = threading.Condition()
_waiting = {}
_threads = []


def wake(registry):
    """Have the cron workers of a database look for work now. Returns at once."""
    with _lock:
        _waiting[registry.db_name] = registry
        if not any(thread.is_alive() for thread in _threads):
            _threads[:] = [threading.Thread(target=_run, name="pg_ledger.waker", daemon=True)]
            _threads[0].start()
        _lock.notify()


def _run():
    while True:
        with _lock:
            if not _waiting and not _lock.wait(IDLE_SECONDS) and not _waiting:
                _threads.clear()
                return
            registries = list(_waiting.values())
            _waiting.clear()
        for registry in registries:
            _notify(registry)
        time.sleep(PAUSE_SECONDS)


def _notify(registry):
    try:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cron = env.ref("pg_ledger.cron_mirror", raise_if_not_found=False)
            if cron:
                cron._trigger()
    except psycopg2.Error as error:
        _logger.info("Cron workers not notified: %s", type(error).__name__)
