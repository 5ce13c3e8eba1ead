"""Count tests: pytest's JUnit files, and the warnings in Odoo's install and upgrade logs."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from scripts.common import PROJECT

ALLOW = PROJECT / "scripts" / "log_allow.txt"
#: A line of Odoo's log at WARNING or above.
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (WARNING|ERROR|CRITICAL) ")


@dataclass(frozen=True)
class Count:
    """How many tests passed, failed (errors included) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    @property
    def total(self):
        """All tests that were met."""
        return self.passed + self.failed + self.skipped


def count_junit(path, code):
    """Return the count of a JUnit file that pytest wrote before it ended with `code`.

    A pytest that broke down without a failed test in its file counts as one failed test.
    """
    count = Count()
    if path.is_file():
        for case in ElementTree.parse(path).iter("testcase"):
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                count += Count(failed=1)
            elif "skipped" in kinds:
                count += Count(skipped=1)
            else:
                count += Count(passed=1)
    if code and not count.failed:
        count += Count(failed=1)
    return count


def allowed_patterns():
    """Return the regular expressions of scripts/log_allow.txt: one a line, # begins a remark."""
    lines = ALLOW.read_text().splitlines() if ALLOW.is_file() else []
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


def scan_log(text):
    """Return the lines of an Odoo log at WARNING or above that are not allowed."""
    patterns = allowed_patterns()
    return [
        line
        for line in text.splitlines()
        if LOG_LINE.match(line) and not any(pattern.search(line) for pattern in patterns)
    ]
