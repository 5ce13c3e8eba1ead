"""`make chaos`: sell thousands of top-ups while everything breaks, then count.

    python -m tests.chaos.run [--topups 5000] [--seed N] [--keep]

Installs the platform on servers of its own (PostgreSQL, mongod, sandbox, Odoo in prefork mode,
dispatcher, mirror), places orders and pays them, and meanwhile lets calls fail, answers get lost,
news come twice and out of order, and kills Odoo's workers, the dispatcher, PostgreSQL and mongod
with -9 at random moments. Then it waits until all is over and compares every sale with what the
gateway charged and gave back, what the supplier executed, the ledger and MongoDB.

Delays of up to 120 s are scaled to 6 s, and the lease and the window of absence with them. The
last line is RESULT and a JSON object; the same seed makes the same decisions again.
"""

import argparse
import json
import os
import random
import time
from collections import Counter

from sandbox.client import SandboxClient
from scripts import database
from scripts.common import VAR, find_addons, main, say, seconds
from scripts.services import Stack, connect
from scripts.settings import Settings
from tests.chaos.engine import Chaos
from tests.chaos.plan import Plan
from tests.frame import ground

ROOT = VAR / "chaos"
SERVERS = ("odoo", "dispatcher", "mirror")
VICTIMS = ("worker", "odoo", "dispatcher", "mirror", "postgres", "mongod")
# Seconds: the longest delay, a lease that is longer, a window of absence that is longer still.
LONGEST, LEASE, WINDOW = 6, 10, 14
# Seconds of a supplier's first pause, scaled alike.
PAUSE = 2


def set_up(stack):
    """Install everything with demo data and start it."""
    started = time.monotonic()
    settings = stack.settings
    settings.write_conf()
    settings.save()
    for name in ("postgres", "mongod", "sandbox"):
        stack.start(name)
    names = ",".join(find_addons())
    database.run_odoo(settings, ["-i", names], "install", "Installation")
    database.run_setup(settings)
    scale_time(settings)
    for name in SERVERS:
        stack.start(name)
    say(f"--- installed and started in {seconds(started)}")


def scale_time(settings):
    """Let a supplier's absence be proven sooner, and pauses be shorter, as its delays are."""
    connection = connect(settings, settings.database)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_supplier SET absence_window = %s, circuit_pause = %s", [WINDOW, PAUSE]
        )
    connection.close()


def find_account(sandbox, kind, name):
    """Return the sandbox's account that the demo data made."""
    [account] = [a for a in sandbox.accounts(kind) if a["name"] == name]
    return account


def read_arguments():
    """Return the command line."""
    parser = argparse.ArgumentParser(description="Sell while everything breaks, then count.")
    parser.add_argument("--topups", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keep", action="store_true", help="leave data and logs in var/chaos")
    return parser.parse_args()


def show(chaos, figures, started):
    """Print what happened; the last line is RESULT."""
    say(f"deaths: {dict(Counter(chaos.kills))}")
    for error, count in Counter(chaos.errors).most_common(8):
        say(f"a customer or killer met {count} times: {error}")
    for problem in chaos.problems[:30]:
        say(f"PROBLEM {problem}")
    say(f"outcomes: {figures.pop('states')}; in all {seconds(started)}")
    say("RESULT " + json.dumps(figures))


def entry():
    """Command line; 0 when it could be counted, whatever came out."""
    arguments = read_arguments()
    started = time.monotonic()
    os.environ["PG_LEASE_SECONDS"] = str(LEASE)
    with ground(ROOT, keep=arguments.keep) as ends:
        stack = Stack(Settings.for_tests(ROOT))
        ends.callback(stack.stop_all)
        stack.settings.database = "pg_chaos"
        say(f"--- chaos with seed {arguments.seed}: {arguments.topups} top-ups")
        set_up(stack)
        chaos = make_chaos(stack, arguments)
        figures = chaos.run(drain=600)
    show(chaos, figures, started)


def make_chaos(stack, arguments):
    """Return the run, with enough money at the supplier."""
    sandbox = SandboxClient(stack.settings.sandbox_url, timeout=120)
    ding = find_account(sandbox, "dingconnect", "Prepaid platform")
    sandbox.update(ding, balance="1000000")
    return Chaos(
        stack,
        sandbox,
        ding,
        find_account(sandbox, "stripe", "Island Mobile"),
        Plan(arguments.seed, arguments.topups, longest=LONGEST),
        names=VICTIMS,
        kill_pause=(4, 12),
    )


if __name__ == "__main__":
    main(entry)
