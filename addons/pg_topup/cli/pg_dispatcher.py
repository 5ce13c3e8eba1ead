"""``odoo-bin pg_dispatcher -c odoo.conf -d DATABASE``: the top-up engine as an own process."""

import logging
import signal
import sys

from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

# Calls in flight at once; the setting ``pg_dispatcher_calls`` replaces it.
CALLS = 200
_logger = logging.getLogger("odoo.addons.pg_topup.cli")


class PgDispatcher(Command):
    """Send top-ups in a process of its own; any number of them may run beside the cron."""

    name = "pg_dispatcher"

    def run(self, args):
        """Run until SIGTERM or SIGINT, then finish the calls in flight."""
        config.parse_config(args, setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            sys.exit("Name one database: odoo-bin pg_dispatcher -c odoo.conf -d DATABASE")
        server.load_server_wide_modules()
        registry = Registry(names[0])
        from odoo.addons.pg_base.tools import options
        from odoo.addons.pg_topup.dispatcher import Dispatcher

        calls = int(options.get("pg_dispatcher_calls", CALLS))
        dispatcher = Dispatcher(registry, max_in_flight=calls)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_args: dispatcher.stop())
        _logger.info("dispatcher runs for database %s", names[0])
        dispatcher.run(float("inf"), keep_alive=True)
        _logger.info("dispatcher has ended")
