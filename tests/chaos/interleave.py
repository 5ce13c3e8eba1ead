"""Random interleavings of everything that can happen to a sale, each on a connection of its own.

Runs inside Odoo, in a process of its own, against a running copy's database: threads take turns,
by a seed, at webhook, poll, dispatcher, cron, clicks and crashes, all about the same few sales.
Prints one JSON object: {"steps", "refused", "conflicts", "unexpected", "keys"}.

    PG_… python -m tests.inside tests.chaos.interleave SEED ROUNDS
"""

import json
import logging
import os
import random
import sys
import threading
from collections import Counter

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_topup.clock import now
from odoo.addons.pg_topup.dispatcher import Dispatcher
from odoo.exceptions import ConcurrencyError, UserError
from odoo.sql_db import Cursor

from sandbox.client import SandboxClient, SandboxError
from tests.chaos.orders import place
from tests.inside import open_registry

THREADS = 6
SALES = 4
STEPS = 14


class Crash(Exception):
    """The worker dies here: nothing of what it did since its last commit is kept."""


class Round:
    """A few sales, and threads that all want something of them at once."""

    def __init__(self, registry, sandbox, seed):
        self.registry = registry
        self.sandbox = sandbox
        self.seed = seed
        self.counts = Counter()
        self.unexpected = []
        self.keys = [f"chaos-mix{seed}-{index}" for index in range(SALES)]
        self.sessions = {}
        self.cancelled = set()

    def run(self):
        """Place, pay, let the threads loose, wait for them."""
        chance = random.Random(f"{self.seed}:numbers")
        for key in self.keys:
            ending = chance.choice(("", "", "", "2", "5", "6"))
            number = f"+6757000000{ending}" if ending else f"+67572{chance.randrange(10**6):06d}"
            order = {"key": key, "number": number, "is_batch": chance.random() < 0.15}
            self.sessions[key] = self._step(place, order)["session"]
        threads = [threading.Thread(target=self._live, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in self.sessions.values():
            self._quietly(self.sandbox.pay, session, "close")

    def _live(self, number):
        chance = random.Random(f"{self.seed}:{number}")
        acts = (
            self.pay,
            self.hear,
            self.hear,
            self.poll,
            self.dispatch,
            self.dispatch,
            self.claim_and_die,
            self.call_and_die,
            self.undo,
            self.cancel,
            self.look_up,
            self.die_in_the_middle,
        )
        for _step in range(STEPS):
            act, key = chance.choice(acts), chance.choice(self.keys)
            self.counts[act.__name__] += 1
            try:
                act(key, chance)
            except (psycopg2.Error, ConcurrencyError):
                # In real life run again by Odoo; here the next step is the next try.
                self.counts["conflicts"] += 1
            except (UserError, OutsideError, SandboxError):
                self.counts["refused"] += 1
            except Crash:
                self.counts["crashes"] += 1
            except Exception as error:
                self.unexpected.append(f"{act.__name__}: {type(error).__name__}: {error}"[:300])

    # === WHAT CAN HAPPEN === #

    def pay(self, key, _chance):
        self.sandbox.pay(self.sessions[key], "close")

    def hear(self, key, _chance):
        """A webhook or a return page: the one door."""
        self._step(lambda env: self._payment(env, key)._pg_refresh("test"))

    def poll(self, key, _chance):
        self._step(lambda env: self._payment(env, key)._pg_poll())

    def dispatch(self, _key, _chance):
        Dispatcher(self.registry, inline=True).beat()

    def claim_and_die(self, _key, _chance):
        """Claimed and committed, then dead before the call."""
        self._step(lambda env: env["pg.topup"]._claim_sends(1), read_committed=True)

    def call_and_die(self, _key, _chance):
        """Claimed, called, then dead before the outcome was written."""
        for job in self._step(lambda env: env["pg.topup"]._claim_sends(1), read_committed=True):
            job.run()

    def undo(self, key, chance):
        """The customer's click, within a window that is open half of the time."""

        def click(env):
            topup = self._topup(env, key)
            return env["pg.topup"]._undo(topup.access_token)

        if chance.random() < 0.5:
            self._step(
                lambda env: env.cr.execute(
                    "UPDATE pg_topup SET undo_until = now() AT TIME ZONE 'UTC' + interval '5 s'"
                    " WHERE client_key = %s AND state = 'paid'",
                    [key],
                )
            )
        self._step(click)

    def cancel(self, key, chance):
        """Staff: an unpaid order, or a transfer that is not over."""
        name = chance.choice(("action_cancel", "action_cancel_transfer"))
        self._step(lambda env: getattr(self._topup(env, key), name)())

    def look_up(self, key, _chance):
        """A lease ends, a look-up falls due."""

        def hurry(env):
            env.cr.execute(
                "UPDATE pg_topup_attempt SET lease_until = now() AT TIME ZONE 'UTC'"
                " WHERE state = 'sending' AND started_at < now() AT TIME ZONE 'UTC'"
                " - interval '2 s'"
            )
            env.cr.execute(
                "UPDATE pg_topup SET next_probe_at = now() AT TIME ZONE 'UTC'"
                " WHERE client_key = %s AND next_probe_at IS NOT NULL",
                [key],
            )

        self._step(hurry)

    def die_in_the_middle(self, key, chance):
        """Dead after everything was written and before the commit."""

        def work(env):
            topup = self._topup(env, key)
            if chance.random() < 0.5:
                self._payment(env, key)._pg_refresh("test")
            elif topup.state == "processing":
                topup._doubt("test")
            env.flush_all()
            raise Crash()

        self._step(work)

    # === HELPERS === #

    def _topup(self, env, key):
        return env["pg.topup"].search([("client_key", "=", key)])

    def _payment(self, env, key):
        return self._topup(env, key).payment_tx_ids[-1:]

    def _step(self, function, *args, read_committed=False):
        with self.registry.cursor() as cr:
            if read_committed and type(cr) is Cursor:
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            env = api.Environment(cr, SUPERUSER_ID, {})
            result = function(env, *args)
            env.flush_all()
            cr.commit()
            return result

    def _quietly(self, function, *args):
        try:
            function(*args)
        except SandboxError:
            self.counts["refused"] += 1


def main():
    seed, rounds = int(sys.argv[1]), int(sys.argv[2])
    registry = open_registry()
    logging.getLogger("odoo.sql_db").setLevel(logging.CRITICAL)
    sandbox = SandboxClient(os.environ["PG_SANDBOX_URL"])
    total, unexpected, keys, sessions = Counter(), [], [], []
    for index in range(rounds):
        turn = Round(registry, sandbox, seed * 1000 + index)
        turn.run()
        total += turn.counts
        unexpected += turn.unexpected
        keys += turn.keys
        sessions += turn.sessions.values()
    # Whatever a dead worker held is nobody's any more.
    with registry.cursor() as cr:
        cr.execute("UPDATE pg_topup_attempt SET lease_until = %s WHERE state = 'sending'", [now()])
        cr.commit()
    print(json.dumps({"counts": total, "unexpected": unexpected, "sessions": sessions}))


if __name__ == "__main__":
    main()
