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
BROKEN = re.compile(r"(?:FAIL|ERROR): (\S+\.test_\S+|setUpClass \(\S+\))")


def run(settings, database, addons):
    """Install and test; return (tests, failures, the names of what broke).

    :raise Problem: if Odoo ends before its tests have
    """
    started = time.monotonic()
    settings.database = database
    log = settings.logs / f"{database}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [PYTHON, ODOO_BIN, "-c", settings.conf, "-d", database, "--stop-after-init"]
    argv += ["-i", ",".join([*MODULES, *addons]), "--workers=0", "--max-cron-threads=0"]
    argv += ["--test-tags", ",".join(f"/{module}" for module in MODULES), "--log-level=test"]
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
    say(f"--- {database}: {tests} tests, {failed + errors} not passed … {seconds(started)}")
    return tests, failed + errors, sorted(set(BROKEN.findall(text)))


def compare(before, after):
    """Print both; return whether our addons break nothing."""
    say(f"Odoo's own tests without our addons: {before[0]}, {before[1]} not passed")
    say(f"Odoo's own tests with our addons:    {after[0]}, {after[1]} not passed")
    for name in sorted(set(after[2]) - set(before[2])):
        say(f"  broken by our addons: {name}")
    return before[0] == after[0] > 0 and after[1] <= before[1] and set(after[2]) <= set(before[2])


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
