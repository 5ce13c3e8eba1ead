"""The command ``odoo-bin pg_ledger``: what an operator does to ledgers outside the screens.

Started like ``pg_mirror``: ``ODOO_RC=odoo.conf odoo-bin pg_ledger refill -d DB [--company 1]``.
"""

import sys
import threading

from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

ACTIONS = ("refill", "rebuild-views", "recover", "verify")


class PgLedger(Command):
    """Fill an empty MongoDB, make its current state anew, find lost entries, or verify.

    ``refill`` delivers whole ledgers again, ``rebuild-views`` writes ``ledger_views`` anew,
    ``recover`` reads what MongoDB holds and PostgreSQL lost into reviews (Ledger › Lost entries),
    where a person decides, ``verify`` compares all of both sides. The status is 0 when it is done
    and all is well, 1 when MongoDB gives no good answer or something differs.
    """

    name = "pg_ledger"

    def run(self, cmdargs):
        self.parser.add_argument("action", choices=ACTIONS)
        self.parser.add_argument("--company", type=int, help="id; all companies when left out")
        chosen, odoo_args = self.parser.parse_known_args(cmdargs)
        config.parse_config([*odoo_args, "--no-http"], setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            sys.exit("pg_ledger: name one database with -d")
        threading.current_thread().dbname = names[0]
        registry = Registry(names[0])
        if "pg.ledger.entry" not in registry:
            sys.exit(f"pg_ledger: the ledger is not installed in {names[0]}")
        from odoo.addons.pg_ledger.worker import command

        work = {
            "refill": command.refill,
            "rebuild-views": command.rebuild_views,
            "recover": command.recover,
            "verify": command.verify,
        }[chosen.action]
        sys.exit(0 if work(registry, chosen.company) else 1)
