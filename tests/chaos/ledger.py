"""`make chaos-ledger`: post entries while everything below the ledger dies, then count.

    python -m tests.chaos.ledger [--kills 100] [--seed N] [--keep]

Starts PostgreSQL, mongod and two mirrors of its own, and processes that post. mongod, PostgreSQL,
one of its backends, a mirror or a poster is killed with -9 at random moments. Then the outbox
drains and both sides are compared by plain queries. After that a replica set of three is filled
from PostgreSQL by the refill, while more is posted and its primary is killed four times.

The last line is RESULT and a JSON object: kills, events, missing, extra, different, gaps. The last
four must be 0, whatever was killed; a line PROBLEM says what else is not as it must be.
"""

import argparse
import json
import random
import subprocess
import time
from collections import Counter

import pymongo

from scripts import database
from scripts.common import PROJECT, PYTHON, VAR, main, say, seconds
from scripts.services import Stack, connect
from scripts.settings import Settings
from tests.chaos.ledger_truths import compare
from tests.chaos.ledger_workers import MIRRORS, POSTERS, Workers
from tests.chaos.replica import ReplicaSet
from tests.frame import ground

ROOT = VAR / "chaos-ledger"
VICTIMS = {"mongod": 5, "postgres": 3, "backend": 3, "mirror": 3, "poster": 1}
PRIMARY_KILLS = 4
ZERO = ("missing", "extra", "different", "gaps")


class LedgerChaos(Workers):
    """One run on servers of its own."""

    def __init__(self, seed, kills):
        settings = Settings.for_tests(ROOT)
        settings.database = "pg_chaos_ledger"
        super().__init__(Stack(settings), random.Random(seed))
        self.wanted = kills
        self.kills = Counter()

    def set_up(self):
        """Install the ledger for three companies."""
        started = time.monotonic()
        self.settings.write_conf()
        self.settings.save()
        for name in ("postgres", "mongod"):
            self.stack.start(name)
        database.run_odoo(self.settings, ["-i", "pg_ledger"], "install", "Installation")
        argv = [PYTHON, "-m", "tests.inside", "tests.chaos.ledger_poster", "companies"]
        subprocess.run([str(w) for w in argv], check=True, cwd=PROJECT, env=self.settings.env())
        say(f"--- installed in {seconds(started)}")

    # === DEATHS === #

    def kill_at_random(self):
        """Kill until it is enough; whoever died is started again at once, or after a while."""
        names, weights = zip(*VICTIMS.items(), strict=True)
        told = time.monotonic()
        while sum(self.kills.values()) < self.wanted:
            time.sleep(self.chance.uniform(0.1, 1.5))
            self.kill_one(self.chance.choices(names, weights)[0])
            if sum(self.kills.values()) % 10 == 0:
                self.wait_for_commits(10)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                say(f"      {dict(self.kills)}, {self.committed['transactions']} commits")

    def kill_one(self, victim):
        if victim == "backend":
            if not self.kill_backend():
                return
        elif victim in ("mirror", "poster"):
            name = self.chance.choice(MIRRORS if victim == "mirror" else POSTERS)
            self.end(name)
            (self.start_mirror if victim == "mirror" else self.start_poster)(name)
        else:
            self.stack.kill(victim)
            time.sleep(self.chance.uniform(0, 1))
            self.stack.start(victim)
        self.kills[victim] += 1

    # === JUDGEMENT === #

    def judge(self, uri):
        """Return the figures of a MongoDB."""
        connection = connect(self.settings, self.settings.database)
        client = pymongo.MongoClient(uri)
        with connection.cursor() as cursor:
            figures = compare(cursor, client["ledger"])
            cursor.execute("SELECT count(DISTINCT subject) FROM pg_ledger_entry")
            subjects = cursor.fetchone()[0]
        connection.close()
        figures["views"] = client["ledger_views"]["transactions"].count_documents({}) - subjects
        client.close()
        # A commit whose answer was lost is there, too: there may be more, never less.
        figures["lost"] = max(self.committed["transactions"] - subjects, 0)
        say(f"--- {subjects} transactions, {self.committed['transactions']} known: {figures}")
        return figures

    # === THE TWO PARTS === #

    def one_server(self):
        """Everything dies, again and again."""
        self.start_all()
        self.kill_at_random()
        self.wait_for_commits()
        self.drain()
        return self.judge(self.settings.mongo_uri)

    def three_members(self):
        """Fill a new replica set while more is posted and its primary dies four times."""
        replica = ReplicaSet(ROOT)
        try:
            replica.start()
            self.sql(
                "UPDATE pg_ledger_mirror mirror SET view_seq = -1, refill_next = 1, refill_last ="
                " (SELECT max(seq) FROM pg_ledger_chain c WHERE c.company_id = mirror.company_id)"
            )
            self.start_all(replica.uri)
            for _number in range(PRIMARY_KILLS):
                self.wait_for_commits()
                victim, successor = replica.kill_primary()
                self.kills["primary"] += 1
                say(f"      primary {victim} is dead, {successor} took over")
            self.wait_for_commits()
            self.drain(replica.uri)
            return self.judge(replica.uri)
        finally:
            replica.stop()

    def clear(self):
        for name in (*POSTERS, *MIRRORS):
            if name in self.stack.children:
                self.end(name)
        self.stack.stop_all()


def entry():
    """Command line; 0 when it could be counted, whatever came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keep", action="store_true", help="leave data and logs in place")
    chosen = parser.parse_args()
    started = time.monotonic()
    with ground(ROOT, keep=chosen.keep) as ends:
        say(f"--- chaos of the ledger with seed {chosen.seed}: {chosen.kills} kills")
        chaos = LedgerChaos(chosen.seed, chosen.kills)
        ends.callback(chaos.clear)
        chaos.set_up()
        parts = [chaos.one_server(), chaos.three_members()]
    show(chaos, parts, started)


def show(chaos, parts, started):
    """Print what happened; the last line is RESULT."""
    say(f"deaths: {dict(chaos.kills)}; in all {seconds(started)}")
    figures = {"kills": sum(chaos.kills.values()), "events": parts[-1]["events"]}
    figures |= {name: sum(part[name] for part in parts) for name in ZERO}
    others = sum(abs(part["lost"]) + abs(part["views"]) for part in parts)
    if others:
        say(f"PROBLEM: lost transactions, or documents of ledger_views too many or few: {parts}")
    say("RESULT " + json.dumps(figures))


if __name__ == "__main__":
    main(entry)
