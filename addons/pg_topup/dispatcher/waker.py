"""Tells the cron workers of work, outside the thread that serves a customer.

Odoo opens a connection for each notice (about 10 ms). Here one thread per process does it, and
notices that come together are one. A notice that is lost is made up for by the cron's interval.
"""

import logging
import threading

import psycopg2
from odoo import sql_db
from odoo.addons.base.models.ir_cron import ODOO_NOTIFY_FUNCTION
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Seconds without news after which the thread ends, and between two notices of one process.
IDLE, PAUSE = 30, 0.1

_lock = threading.Condition()
_waiting = set()
_threads = []


def wake(dbname):
    """Have the cron workers of a database look for work now. Returns at once."""
    with _lock:
        _waiting.add(dbname)
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
            names = list(_waiting)
            _waiting.clear()
        for name in names:
            _notify(name)
        threading.Event().wait(PAUSE)


def _notify(dbname):
    """Do what `ir.cron._notifydb` does, for which no cursor of the database itself is needed."""
    try:
        with sql_db.db_connect("postgres").cursor() as cr:
            function = SQL.identifier(ODOO_NOTIFY_FUNCTION)
            cr.execute(SQL("SELECT %s('cron_trigger', %s)", function, dbname))
    except psycopg2.Error as error:
        _logger.info("cron workers not notified: %s", type(error).__name__)
