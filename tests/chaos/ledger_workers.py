"""The processes that post and that mirror, for `make chaos-ledger`."""

import subprocess
import threading
import time
from collections import Counter

from scripts import process
from scripts.common import PROJECT, PYTHON, Problem

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
