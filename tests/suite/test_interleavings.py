"""The state machine under random interleavings, with real connections: the truths always hold."""

import json
import os
import subprocess

from scripts.common import PROJECT, PYTHON
from tests.chaos.engine import Chaos
from tests.chaos.person import decide
from tests.chaos.plan import Plan

SEED = int(os.environ.get("PG_CHAOS_SEED", "11"))
ROUNDS = 6


def test_random_interleavings_of_webhook_poll_cron_click_and_crash(platform):
    """Six threads, a few sales, every kind of event at once, workers that die: then silence.

    A sale has one delivery or one refund in the end, whatever came in which order.
    """
    platform.sql("UPDATE pg_supplier SET absence_window = 3, circuit_faults = 0")
    try:
        figures = run_worker(platform)
        chaos = prepare_judge(platform, figures["sessions"])
        chaos.drain(120)
        decide(platform, chaos)
        result = chaos.judge()
    finally:
        platform.sql("UPDATE pg_supplier SET absence_window = 600, circuit_faults = 10")
    assert figures["unexpected"] == []
    assert chaos.problems == [], (SEED, result, figures["counts"])
    assert (result["double_sends"], result["lost"], result["open_in_doubt"]) == (0, 0, 0)
    assert result["topups"] == 4 * ROUNDS
    # It was a real mixture, or nothing is proven.
    for what in ("claim_and_die", "call_and_die", "undo", "cancel", "hear", "crashes", "refused"):
        assert figures["counts"].get(what, 0) > 3, (what, figures["counts"])


def run_worker(platform):
    answer = subprocess.run(
        [str(PYTHON), "-m", "tests.inside", "tests.chaos.interleave", str(SEED), str(ROUNDS)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=platform.stack.settings.env(),
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout.splitlines()[-1])


def prepare_judge(platform, sessions):
    """Return what drains and judges the sales of the worker."""
    chaos = Chaos(
        platform.stack,
        platform.sandbox,
        platform.ding,
        platform.stripe,
        Plan(SEED, 0, longest=0),
        names=(),
        kill_pause=(0, 0),
    )
    chaos.pattern = f"chaos-mix{SEED}%"
    chaos.paid_sessions = [
        session["id"]
        for session in platform.sandbox.sessions(platform.stripe)
        if session["id"] in set(sessions) and session["payment_status"] == "paid"
    ]
    return chaos
