"""The process ``odoo-bin pg_mirror``: sequencer and mirror without a cron.

Odoo finds a command of an addon before it reads ``-c``: start it with the configuration file in
the environment, ``ODOO_RC=odoo.conf odoo-bin pg_mirror -d DB``, or with the folder of the addons
first, ``odoo-bin --addons-path=addons pg_mirror -c odoo.conf -d DB``.
"""

import logging
import signal
import sys
import threading

from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

_logger = logging.getLogger("odoo.addons.pg_ledger.cli")

POLL_SECONDS = 0.5
# A start compares the heads of both sides; so does every so many looks at the outbox.
HEAD_CHECK_ROUNDS = 120


class PgMirror(Command):
    """Chain the ledger's entries and deliver them to MongoDB until it is told to stop.

    Any number may run beside each other and beside Odoo's cron. SIGTERM and SIGINT end it after
    the batch in work. ``--setup`` creates the MongoDB collection, validator and indexes and ends;
    ``--once`` does one run and ends, with status 1 when MongoDB was away.
    """

    name = "pg_mirror"

    def run(self, cmdargs):
        self.parser.add_argument("--setup", action="store_true", help="prepare MongoDB and end")
        self.parser.add_argument("--once", action="store_true", help="do one run and end")
        chosen, odoo_args = self.parser.parse_known_args(cmdargs)
        config.parse_config([*odoo_args, "--no-http"], setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            sys.exit("pg_mirror: name one database with -d")
        stop = self._listen_to_signals()
        threading.current_thread().dbname = names[0]
        registry = Registry(names[0])
        if "pg.ledger.entry" not in registry:
            sys.exit(f"pg_mirror: the ledger is not installed in {names[0]}")
        if chosen.setup:
            self._set_up()
        elif chosen.once:
            sys.exit(int(self._work(registry, stop, True).away))
        else:
            self._loop(registry, stop)

    def _listen_to_signals(self):
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stop.set())
        return stop

    def _set_up(self):
        from odoo.addons.pg_ledger.worker.client import NotConfigured
        from odoo.addons.pg_ledger.worker.store import open_store

        try:
            open_store().set_up()
        except NotConfigured:
            sys.exit("pg_mirror: set pg_mongo_uri first")
        _logger.info("MongoDB is ready for the ledger")

    def _work(self, registry, stop, look_ahead):
        from odoo.addons.pg_ledger.worker.loop import run_once

        return run_once(registry, look_ahead=look_ahead, should_stop=stop.is_set)

    def _loop(self, registry, stop):
        """Work until told to stop. A lost PostgreSQL is waited for."""
        _logger.info("Ledger mirror started on %s", registry.db_name)
        rounds, pause = 0, 0
        while not stop.wait(pause):
            try:
                registry = registry.check_signaling()
                run = self._work(registry, stop, rounds % HEAD_CHECK_ROUNDS == 0)
            except Exception as error:
                _logger.warning("Ledger mirror: %s, next attempt in 2 s", type(error).__name__)
                _logger.debug("Ledger mirror failed", exc_info=True)
                rounds, pause = 0, 2
                continue
            rounds = 0 if run.away else rounds + 1
            pause = POLL_SECONDS if run.idle or run.away else 0
        _logger.info("Ledger mirror stopped")
