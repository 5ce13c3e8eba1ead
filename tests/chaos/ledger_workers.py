"""The processes that post and that mirror, for `make chaos-ledger`."""

import signal
import subprocess
import threading
import time
from collections import Counter

import psycopg2

from scripts import process
from scripts.common import PROJECT, PYTHON, Problem
from scripts.services import connect

POSTERS = ("poster-1", "poster-2", "poster-3")
MIRRORS = ("mirror", "mirror-2")


class Workers:
    """Starts and kills them, and counts what the posters committed.

    :param stack: of the servers they use
    :param chance: random numbers of the run
    """

    def __init__(self, stack, chance):
        self.stack, self.settings = stack, stack.settings
        self.chance = chance
        self.committed = Counter()
        self._readers = []

    def start_poster(self, name):
        """Start a process that posts, and a thread that counts what it committed."""
        argv = [PYTHON, "-m", "tests.inside", "tests.chaos.ledger_poster", self.chance.random()]
        child = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.settings.logs / f"{name}.log").open("a"),
            text=True,
            cwd=PROJECT,
            env={**self.settings.env(), process.MARK: str(self.settings.root)},
        )
        self.stack.children[name] = child
        reader = threading.Thread(target=self._count, args=(child.stdout,), daemon=True)
        reader.start()
        self._readers.append(reader)

    def _count(self, stream):
        for _line in stream:
            self.committed["transactions"] += 1

    def start_mirror(self, name, uri=None):
        env = self.settings.env()
        if uri:
            env["PG_MONGO_URI"] = uri
        argv = self.stack.argv("mirror")
        self.stack.children[name] = process.start(self.settings.root, name, argv, env)

    def end(self, name):
        """Kill a process of ours with -9."""
        child = self.stack.children.pop(name)
        child.kill()
        child.wait()
        process.pid_file(self.settings.root, name).unlink(missing_ok=True)

    def start_all(self, uri=None):
        for name in MIRRORS:
            self.start_mirror(name, uri)
        for name in POSTERS:
            self.start_poster(name)
        self.wait_for_commits()

    def wait_for_commits(self, count=50, limit=120):
        """Wait until so many transactions more are known to be committed.

        :raise Problem: they are not
        """
        end, wanted = time.monotonic() + limit, self.committed["transactions"] + count
        while self.committed["transactions"] < wanted:
            if time.monotonic() > end:
                raise Problem(f"nothing is posted; look into {self.settings.logs}")
            time.sleep(0.2)

    def kill_backend(self):
        """Kill one connection's process of PostgreSQL, which makes the server start over."""
        try:
            rows = self.sql(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() AND datname = current_database()"
            )
        except psycopg2.Error:
            return False
        if not rows:
            return False
        process.send(self.chance.choice(rows)[0], signal.SIGKILL)
        return True

    # === SILENCE === #

    def drain(self, uri=None, limit=180):
        """End the posters, and wait until everything is chained and delivered.

        :raise Problem: it is not after some minutes
        """
        for name in POSTERS:
            self.end(name)
        for name in ("postgres", "mongod"):
            self.stack.start(name)
        end = time.monotonic() + limit
        waiting = (
            "SELECT (SELECT count(*) FROM pg_ledger_outbox), (SELECT count(*) FROM pg_ledger_chain"
            " WHERE mirrored_at IS NULL), (SELECT count(*) FROM pg_ledger_conflict),"
            " (SELECT max(refill_next) FROM pg_ledger_mirror), (SELECT count(*) FROM"
            " pg_ledger_mirror m WHERE view_seq < (SELECT max(seq) FROM pg_ledger_chain c"
            " WHERE c.company_id = m.company_id))"
        )
        while True:
            left = self.ask(waiting)
            if left and not any(left[0]):
                break
            if time.monotonic() > end:
                raise Problem(f"not drained: outbox, undelivered, conflicts, refill are {left}")
            for name in MIRRORS:  # one that could not start while PostgreSQL was away
                if self.stack.children[name].poll() is not None:
                    self.start_mirror(name, uri)
            time.sleep(0.5)
        for name in MIRRORS:
            self.end(name)

    def ask(self, query):
        try:
            return self.sql(query)
        except psycopg2.Error:
            return None

    def sql(self, query):
        connection = connect(self.settings, self.settings.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()
