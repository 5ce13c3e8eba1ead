"""A short run of `make chaos`: faults and deaths under load, then the truths."""

import os
import random

import pytest

from tests.chaos.engine import Chaos
from tests.chaos.person import decide
from tests.chaos.plan import Plan

TOPUPS = 120
LONGEST, LEASE, WINDOW = 3, 6, 8
SEED = int(os.environ.get("PG_CHAOS_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture
def scaled(platform):
    """Let leases and proofs of absence be short, and a dispatcher process run beside Odoo."""
    os.environ["PG_LEASE_SECONDS"] = str(LEASE)
    platform.sql("UPDATE pg_supplier SET absence_window = %s, circuit_pause = 2", WINDOW)
    platform.stack.stop("odoo")
    platform.stack.start("odoo")
    platform.stack.start("dispatcher")
    yield
    del os.environ["PG_LEASE_SECONDS"]
    platform.stack.stop("dispatcher")
    platform.sql("UPDATE pg_supplier SET absence_window = 600, circuit_pause = 30")
    platform.stack.stop("odoo")
    platform.stack.start("odoo")


def test_every_sale_ends_once_whatever_dies(platform, scaled):
    chaos = Chaos(
        platform.stack,
        platform.sandbox,
        platform.ding,
        platform.stripe,
        Plan(SEED, TOPUPS, longest=LONGEST),
        names=("worker", "odoo", "dispatcher", "postgres", "mongod"),
        kill_pause=(2, 6),
    )
    chaos.run(drain=120)
    decide(platform, chaos)
    figures = chaos.judge()
    assert chaos.problems == [], (SEED, figures)
    assert figures["kills"] >= 2, (SEED, chaos.kills, chaos.errors)
    assert figures["topups"] == TOPUPS, (SEED, chaos.errors)
    assert (figures["double_sends"], figures["lost"], figures["open_in_doubt"]) == (0, 0, 0)
    assert (float(figures["money_difference"]), figures["ledger_difference"]) == (0, 0)
