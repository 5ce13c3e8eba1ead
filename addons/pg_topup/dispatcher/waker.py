"""Tells the cron workers of work, outside the thread that serves a customer.

Odoo opens a connection for each notice (about 10 ms). Here one thread per process does it, and
notices that come together are one. A notice that is lost is made up for by the cron's interval.
"""

import logging
import threading

import psycopg2
from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)

# Seconds without news after which the thread ends, and between two notices of one process.
IDLE, PAUSE = 30, 0.1

_lock = threading.Condition()
_waiting = {}
_threads = []


def wake(registry):
    """Have the cron workers of a database look for work now. Returns at once."""
    with _lock:
        _waiting[registry.db_name] = registry
        if not any(thread.is_alive() for thread in _threads):
            _threads[:] = [threading.Thread(target=_run, name="pg_topup.waker", daemon=True)]
            _threads[0].start()
        _lock.notify()


def _run():
    while True:
        with _lock:
            if not _waiting and not _lock.wait(IDLE) and not _waiting:
                _threads.clear()
                return
            registries = list(_waiting.values())
            _waiting.clear()
        for registry in registries:
            _notify(registry)
        threading.Event().wait(PAUSE)


def _notify(registry):
    try:
        with registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["ir.cron"]._notifydb()
    except psycopg2.Error as error:
        _logger.info("cron workers not notified: %s", type(error).__name__)
