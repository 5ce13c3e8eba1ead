"""`make lint`: ruff and pylint with Odoo's rules. Each linter counts as one test."""

import subprocess
import sys
import time

from scripts.common import PROJECT, VENV, find_addons, main, say, seconds
from scripts.report import Count

BIN = VENV / "bin"


def linters():
    """Return (label, command line) of each linter that has something to look at."""
    found = [
        ("ruff check", [BIN / "ruff", "check", "."]),
        ("ruff format", [BIN / "ruff", "format", "--check", "."]),
    ]
    addons = [f"addons/{name}" for name in find_addons()]
    if addons:
        found.append(("pylint-odoo", [BIN / "pylint", "-j", "0", *addons]))
    return found


def run_linters():
    """Run all linters; return (what to print, the count)."""
    lines, count = [], Count()
    for label, argv in linters():
        started = time.monotonic()
        answer = subprocess.run(
            [str(part) for part in argv],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        good = answer.returncode == 0
        count += Count(passed=1) if good else Count(failed=1)
        if not good:
            lines.append(answer.stdout.rstrip())
        lines.append(f"{label} … {'good' if good else 'FAILED'} ({seconds(started)})")
    return "\n".join(lines), count


def entry():
    """Command line."""
    text, count = run_linters()
    say(text)
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main(entry))
