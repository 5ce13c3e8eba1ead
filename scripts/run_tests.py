"""`make test`: lint, install, upgrade, the addons' tests, the whole suite on real servers.

    python -m scripts.run_tests                    everything
    python -m scripts.run_tests pg_topup           one addon and those it needs
    python -m scripts.run_tests --only tests/meta  only these whole-suite tests

Own data, own free ports, nothing left running: works beside `make run`. The last line is the count.
"""

import fcntl
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from scripts import database, process
from scripts.common import ADDONS, PROJECT, PYTHON, VAR, Problem, find_addons, main, say, seconds
from scripts.lint import run_linters
from scripts.report import Count, count_junit, scan_log
from scripts.services import Stack
from scripts.settings import Settings

ROOT = VAR / "test"
PRISTINE, SUITE = "pg_pristine", "pg_suite"
KEPT = ("lock",)
# Nothing depends on an adapter, but the tests of the rooms above sell through one.
ADAPTERS = ["pg_dingconnect"]
# Odoo's own addons that nothing depends on, but that sellers may use.
OPTIONAL = ["sms_twilio"]


class Session:
    """One run of `make test`."""

    def __init__(self, addons, only=None):
        self.addons = addons
        self.only = only
        self.settings = Settings.for_tests(ROOT)
        self.stack = Stack(self.settings)
        self.count = Count()
        self.parts = []

    @property
    def whole(self):
        """Whether everything is tested, not one addon or one folder."""
        return self.addons == find_addons() and not self.only

    # === PARTS === #

    def part(self, label, work):
        """Run a part that returns a Count; print how long it took and add it to the sum."""
        say(f"--- {label}")
        started = time.monotonic()
        try:
            count = work()
        except Problem as problem:
            say(str(problem))
            count = Count(failed=1)
        self.parts.append(f"{label}: {count} … {seconds(started)}")
        say(f"--- {self.parts[-1]}")
        self.count += count
        return not count.failed

    def run(self):
        """Run all parts; a part that others stand on ends the run when it fails."""
        lint = self._start_lint() if self.whole else None
        if self.part("servers", self._start_servers) and self.part("install", self._install):
            if not self.only:
                self.part("upgrade", self._upgrade)
                self.part("addon tests", self._test_addons)
            if self.whole or self.only:
                self.part("whole-suite tests", self._test_suite)
        if lint:
            self.part("lint", lint)

    def _start_lint(self):
        """Begin linting at once, beside the installation; return what waits for its result."""
        result = []
        thread = threading.Thread(target=lambda: result.append(run_linters()), daemon=True)
        thread.start()

        def wait():
            thread.join()
            text, count = result[0]
            say(text)
            return count

        return wait

    def _start_servers(self):
        """Start PostgreSQL, mongod and the sandbox, all empty."""
        self.settings.write_conf()
        self.settings.save()
        for name in self.stack.data_servers():
            self.stack.start(name, wait=False)
        for name in self.stack.data_servers():
            self.stack.wait(name)
        return Count()

    def _install(self):
        """Install through odoo-bin; its log must be clean. Keep a pristine copy for the suite."""
        arguments = ["-i", ",".join(self.addons + ADAPTERS + OPTIONAL)]
        log = database.run_odoo(self.settings, arguments, "install", "Installation")
        if self.whole or self.only:
            database.copy(self.settings, self.settings.database, PRISTINE)
        return self._judge_log(log)

    def _upgrade(self):
        """Upgrade the same addons: a second time over must work, too."""
        arguments = ["-u", ",".join(self.addons) or "base"]
        log = database.run_odoo(self.settings, arguments, "upgrade", "Upgrade")
        return self._judge_log(log)

    def _judge_log(self, log):
        """Count a log as one test: passed when it holds no warning that is not allowed."""
        lines = scan_log(log.read_text(errors="replace"))
        for line in lines[:30]:
            say(line)
        return Count(failed=1) if lines else Count(passed=1)

    # === PYTEST === #

    def _test_addons(self):
        """Run the addons' tests in Odoo through pytest-odoo, HTTP and browser tests included."""
        folders = [f"addons/{name}" for name in self.addons if (ADDONS / name / "tests").is_dir()]
        if not folders:
            say("There are no addon tests.")
            return Count()
        arguments = [
            f"--odoo-config={self.settings.conf}",
            f"--odoo-database={self.settings.database}",
            "--odoo-http",
            "--odoo-extra=workers=0",
            "--odoo-extra=max-cron-threads=0",
        ]
        return self._pytest("addons", arguments + folders)

    def _test_suite(self):
        """Run tests/ against a prefork Odoo with demo data, on a copy of the pristine database."""
        folders = self.only or ["tests"]
        self.settings.database = SUITE
        database.copy(self.settings, PRISTINE, SUITE)
        self.settings.save()
        if database.SETUP.is_file():
            database.run_setup(self.settings)
        self.stack.start("odoo")
        return self._pytest("suite", ["-p", "no:odoo", *folders])

    def _pytest(self, name, arguments):
        """Run pytest in a session of its own; count what its JUnit file says."""
        junit = ROOT / f"junit-{name}.xml"
        argv = [PYTHON, "-m", "pytest", "-q", f"--junitxml={junit}", *arguments]
        child = subprocess.Popen(
            [str(part) for part in argv],
            cwd=PROJECT,
            env=self.settings.env(),
            stdin=subprocess.DEVNULL,
        )
        try:
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait(timeout=20)
            raise
        return count_junit(junit, code)

    # === END === #

    def end(self):
        """Stop every server and whatever else still carries our mark."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.stack.stop_all()
        left = process.find_all(self.settings.root)
        for pid in left:
            say(f"left running, ended now: {pid} {process.describe(pid)}")
            process.send(pid, signal.SIGKILL)
        process.wait_gone(left, 5)


def lock():
    """Keep two runs from sharing one folder; the lock goes with this process.

    :raise Problem: if another run is under way
    """
    ROOT.mkdir(parents=True, exist_ok=True)
    stream = (ROOT / "lock").open("w")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem("another make test is under way in this folder; wait for its end") from None
    return stream


def clear():
    """End what a killed run left, then remove its data."""
    for pid in process.find_all(ROOT):
        process.send(pid, signal.SIGKILL)
    for path in ROOT.iterdir():
        if path.name in KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def read_arguments(arguments):
    """Return (addons, only) of the command line.

    :raise Problem: if an addon or a folder is not there
    """
    if arguments[:1] == ["--only"]:
        missing = [path for path in arguments[1:] if not Path(path.split("::")[0]).exists()]
        if missing or not arguments[1:]:
            raise Problem(f"there is no {' '.join(missing) or 'path after --only'}")
        return find_addons(), arguments[1:]
    unknown = set(arguments) - set(find_addons())
    if unknown:
        raise Problem(f"no addon {' '.join(unknown)}; there are: {', '.join(find_addons())}")
    return arguments or find_addons(), None


def raise_interrupt(_number, _frame):
    """Treat a polite kill as Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt


def entry():
    """Command line; the last line printed is the count."""
    addons, only = read_arguments(sys.argv[1:])
    held = lock()
    clear()
    signal.signal(signal.SIGTERM, raise_interrupt)
    started = time.monotonic()
    session = Session(addons, only)
    try:
        session.run()
    except KeyboardInterrupt:
        say("Interrupted.")
        session.count += Count(failed=1)
    finally:
        session.end()
        held.close()
    say("\n".join(["", *session.parts, f"All in {seconds(started)}"]))
    say(str(session.count))
    return 1 if session.count.failed or not session.count.total else 0


if __name__ == "__main__":
    main(entry)
