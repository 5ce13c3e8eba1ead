"""`make test-odoo`: Odoo's own tests of what we extend, without our addons and with them.

    python -m scripts.test_odoo

Two fresh databases; each installs Odoo's modules and runs their tests, the second one with all our
addons beside them. Both counts are printed; a test that fails or is missing beside our addons ends
with status 1. Own PostgreSQL, own free ports, nothing left running.
"""

import re
import shutil
import signal
import subprocess
import sys
import time

from scripts import process
from scripts.common import ODOO_BIN, PROJECT, PYTHON, VAR, Problem, find_addons, main, say, seconds
from scripts.services import Stack
from scripts.settings import Settings

ROOT = VAR / "test-odoo"
MODULES = ("payment", "account_payment", "portal", "product", "phone_validation")
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading")
BROKEN = re.compile(r" (?:FAIL|ERROR): (\w+\.test_\w+|setUpClass \(\S+\))")


def run(settings, database, addons):
    """Install and test; return (tests, the names of what did not pass).

    What fails is tried once more by itself: browser tours and HTTP calls have time limits that a
    busy machine breaks. Only a test that fails both times counts.

    :raise Problem: if Odoo ends before its tests have
    """
    started = time.monotonic()
    settings.database = database
    tags = ",".join(f"/{module}" for module in MODULES)
    install = ["-i", ",".join([*MODULES, *addons])]
    tests, broken = run_tests(settings, database, [*install, "--test-tags", tags])
    if broken and all(".test_" in name for name in broken):
        say(f"      again, by themselves: {', '.join(broken)}")
        tags = ",".join(f":{name}" for name in broken)
        again, still = run_tests(settings, f"{database}_again", ["--test-tags", tags])
        # Tests that run during the installation only are not found again.
        broken = still if again == len(broken) else broken
    say(f"--- {database}: {tests} tests, {len(broken)} not passed … {seconds(started)}")
    return tests, broken


def run_tests(settings, name, arguments):
    """Run Odoo once with its tests; return (how many ran, the names of those that failed)."""
    log = settings.logs / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [PYTHON, ODOO_BIN, "-c", settings.conf, "-d", settings.database, "--stop-after-init"]
    argv += ["--workers=0", "--max-cron-threads=0", "--log-level=test", *arguments]
    with log.open("w") as stream:
        subprocess.run(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=settings.env(),
            cwd=PROJECT,
        )
    text = log.read_text(errors="replace")
    found = RESULT.findall(text)
    if not found:
        raise Problem(f"the tests did not come to their end; look into {log}")
    failed, errors, tests = (int(value) for value in found[-1])
    broken = sorted(set(BROKEN.findall(text)))
    if failed + errors and not broken:
        raise Problem(f"{failed + errors} tests failed, none is named; look into {log}")
    return tests, broken


def compare(before, after):
    """Print both; return whether our addons break nothing."""
    say(f"Odoo's own tests without our addons: {before[0]}, {len(before[1])} not passed")
    say(f"Odoo's own tests with our addons:    {after[0]}, {len(after[1])} not passed")
    broken = sorted(set(after[1]) - set(before[1]))
    for name in broken:
        say(f"  broken by our addons: {name}")
    return before[0] == after[0] > 0 and not broken


def clear():
    """End what a killed run left; remove its data."""
    left = process.find_all(ROOT)
    for pid in left:
        process.send(pid, signal.SIGKILL)
    process.wait_gone(left, 5)
    shutil.rmtree(ROOT, ignore_errors=True)


def raise_interrupt(_number, _frame):
    """Treat a polite kill as Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt


def entry():
    """Command line."""
    clear()
    signal.signal(signal.SIGTERM, raise_interrupt)
    settings = Settings.for_tests(ROOT)
    settings.write_conf()
    settings.save()
    stack = Stack(settings)
    try:
        for name in ("postgres", "mongod"):
            stack.start(name)
        before = run(settings, "odoo_alone", [])
        after = run(settings, "odoo_with_ours", find_addons())
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stack.stop_all()
        for pid in process.find_all(ROOT):
            process.send(pid, signal.SIGKILL)
    return 0 if compare(before, after) else 1


if __name__ == "__main__":
    sys.exit(main(entry))
