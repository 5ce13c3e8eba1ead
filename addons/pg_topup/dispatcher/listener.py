"""Hears of new work at the moment of its commit, on a connection of its own."""

import logging
import select
import threading

import psycopg2
from odoo.sql_db import connection_info_for

_logger = logging.getLogger(__name__)

CHANNEL = "pg_topup"
# Held, shared, by each dispatcher process, so that others know that one runs.
PRESENCE_LOCK = 7733
# Seconds between two looks at whether the thread must end, and before a broken one is mended.
PATIENCE = 1


class Listener:
    """A thread that calls a function whenever PostgreSQL tells of work.

    :param str dbname: the database.
    :param on_news: called without arguments, from the thread.
    """

    def __init__(self, dbname, on_news):
        self.dbname = dbname
        self.is_up = False
        self._on_news = on_news
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pg-listen", daemon=True)

    def start(self):
        """Begin to listen."""
        self._thread.start()

    def stop(self):
        """Stop listening."""
        self._stop.set()
        self._thread.join(timeout=2 * PATIENCE)

    def _run(self):
        while not self._stop.is_set():
            try:
                self._listen()
            except (psycopg2.Error, OSError, ValueError) as error:
                _logger.info("listens again in %s s: %s", PATIENCE, type(error).__name__)
            self.is_up = False
            self._stop.wait(PATIENCE)

    def _listen(self):
        _name, info = connection_info_for(self.dbname)
        connection = psycopg2.connect(**info)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock_shared(%s, 0)", [PRESENCE_LOCK])
                cursor.execute(f"LISTEN {CHANNEL}")
            self.is_up = True
            # What was told before, nobody heard.
            self._on_news()
            while not self._stop.is_set():
                if select.select([connection], [], [], PATIENCE)[0]:
                    connection.poll()
                    if connection.notifies:
                        connection.notifies.clear()
                        self._on_news()
        finally:
            connection.close()
