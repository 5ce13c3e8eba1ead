"""A customer's credit, spent by many sessions at once, on real connections."""

import json
import subprocess

from scripts.common import PROJECT, PYTHON


def test_credit_is_spent_once_and_never_below_zero(platform):
    """Six orders, two clicks each, credit for two of them: two are paid, and nothing is left."""
    answer = subprocess.run(
        [str(PYTHON), "-m", "tests.inside", "tests.chaos.credit_race", "6", "2"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=platform.stack.settings.env(),
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    result = json.loads(answer.stdout.splitlines()[-1])
    counts = result.pop("counts")
    assert result == {"balance": "0.00", "spent": 2, "paid": 2}, counts
    assert set(counts) == {"paid", "refused"}, counts
    # The second click of an order that is paid changes nothing and is no error.
    assert (counts["paid"], counts["refused"]) == (4, 8)
