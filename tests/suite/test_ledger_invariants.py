"""The invariants I0 to I10 of the ledger on real servers: docs/ledger-invariants.md names them.

A database of its own is posted into by three processes and mirrored by two, while mongod, a mirror,
a poster and a connection of PostgreSQL are killed with -9. Each invariant is looked at from outside
by plain SQL and pymongo. I9 is in test_ledger_servers.py.
"""

import contextlib
import dataclasses
import os
import random
import subprocess
import sys
from collections import Counter

import psycopg2
import pytest

from scripts import database
from scripts.common import PROJECT
from scripts.run_tests import PRISTINE
from scripts.services import Stack
from tests.chaos.ledger_truths import compare
from tests.chaos.ledger_workers import MIRRORS, POSTERS, Workers
from tools.verify_ledger import entry_hash

NAME, PREFIX = "pg_invariants", "invariants"
SEED = int(os.environ.get("PG_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
CHANGES = (
    "UPDATE pg_ledger_{} SET company_id = company_id",
    "DELETE FROM pg_ledger_{}",
    "TRUNCATE pg_ledger_{} CASCADE",
)


class Ledger(Workers):
    """A database and MongoDB databases of its own on the running servers."""

    def __init__(self, platform):
        settings = dataclasses.replace(platform.stack.settings, database=NAME)
        super().__init__(Stack(settings), random.Random(SEED))
        self.client = platform.mongo
        self.events = self.client[f"{PREFIX}_ledger"]["events"]
        self.unknown = 0

    def post_while_things_die(self):
        """Post, and kill each kind of process twice; count the outcomes that nobody heard."""
        self.start_all()
        for _round in range(2):
            self.stack.kill("mongod")
            self.stack.start("mongod")
            self.end(MIRRORS[0])
            self.start_mirror(MIRRORS[0])
            self.end(POSTERS[0])
            self.start_poster(POSTERS[0])
            self.unknown += 1
            self.unknown += len(POSTERS) * self.kill_backend()
            self.stack.wait("postgres")
            self.wait_for_commits(20)
        self.drain()
        self.unknown += len(POSTERS)

    def one(self, query):
        return self.sql(query)[0][0]

    def run(self, *command):
        """Run one of Odoo's commands to its end; return its status."""
        argv = [*self.stack.argv("mirror")]
        place = argv.index("pg_mirror")
        argv[place : place + 1] = command
        answer = subprocess.run(
            [str(word) for word in argv],
            env=self.settings.env(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return answer.returncode, answer.stderr


@pytest.fixture(scope="module")
def ledger(platform):
    settings = platform.stack.settings
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_MONGO_DB_PREFIX", PREFIX)
        database.drop(settings, NAME)
        database.copy(settings, PRISTINE, NAME)
        found = Ledger(platform)
        argv = [sys.executable, "-m", "tests.inside", "tests.chaos.ledger_poster", "companies"]
        subprocess.run(argv, check=True, cwd=PROJECT, env=found.settings.env(), timeout=120)
        try:
            found.post_while_things_die()
            yield found
        finally:
            for name in set(found.stack.children) & {*POSTERS, *MIRRORS}:
                found.end(name)
            for name in ("ledger", "ledger_meta", "ledger_views"):
                platform.mongo.drop_database(f"{PREFIX}_{name}")
            database.drop(settings, NAME)


def test_i0_what_was_committed_is_there_and_nothing_that_was_not(ledger):
    subjects = ledger.one("SELECT count(DISTINCT subject) FROM pg_ledger_entry")
    known = ledger.committed["transactions"]
    assert known <= subjects <= known + ledger.unknown, SEED


def test_i1_i2_both_sides_are_equal_and_without_a_gap(ledger):
    with contextlib.closing(psycopg2.connect(dbname=NAME)) as connection:
        figures = compare(connection.cursor(), ledger.events.database)
    assert figures.pop("events") > 100
    assert figures == {"missing": 0, "extra": 0, "different": 0, "gaps": 0}, SEED


def test_i3_every_hash_is_that_of_what_mongodb_holds(ledger):
    argv = [sys.executable, PROJECT / "tools" / "verify_ledger.py", os.environ["PG_MONGO_URI"]]
    argv += ["--database", ledger.events.database.name]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == 0, answer.stdout[-2000:]
    assert f"{ledger.events.count_documents({})} documents, 0 findings" in answer.stdout


def test_i4_totals_are_equal_as_exact_decimals(ledger):
    rows = ledger.sql(
        "SELECT company_id, kind, account, currency_code, sum(amount), sum(company_amount)"
        " FROM pg_ledger_posting GROUP BY 1, 2, 3, 4"
    )
    keys = {name: f"${name}" for name in ("company_id", "kind")}
    keys |= {name: f"$postings.{name}" for name in ("account", "currency")}
    sums = {name: {"$sum": f"$postings.{name}"} for name in ("amount", "company_amount")}
    stages = [{"$unwind": "$postings"}, {"$group": {"_id": keys, **sums}}]
    found = {
        (*row["_id"].values(), row["amount"].to_decimal(), row["company_amount"].to_decimal())
        for row in ledger.events.aggregate(stages)
    }
    assert {tuple(row) for row in rows} == found
    assert len(rows) >= 6


def test_i5_i6_each_subject_is_counted_without_a_hole_in_the_chains_order(ledger):
    last = Counter()
    for event in ledger.events.find().sort([("company_id", 1), ("seq", 1)]):
        last[event["subject"]] += 1
        assert event["subject_seq"] == last[event["subject"]]
    assert sum(last.values()) == ledger.one("SELECT count(*) FROM pg_ledger_entry")
    assert max(last.values()) > 1


def test_i7_redelivery_changes_no_document(ledger):
    before = read_raw(ledger)
    ledger.sql("UPDATE pg_ledger_chain SET mirrored_at = NULL")
    assert ledger.run("pg_mirror", "--once")[0] == 0
    assert ledger.one("SELECT count(*) FROM pg_ledger_chain WHERE mirrored_at IS NULL") == 0
    assert ledger.one("SELECT count(*) FROM pg_ledger_conflict") == 0
    assert read_raw(ledger) == before


def read_raw(ledger):
    return b"".join(ledger.events.find_raw_batches(sort=[("_id", 1)]))


def test_i10_postgresql_refuses_every_change(ledger):
    tables = ("entry", "posting", "chain")
    counts = " || ' ' || ".join(f"(SELECT count(*) FROM pg_ledger_{name})" for name in tables)
    before = ledger.one(f"SELECT {counts}")
    for name in tables:
        for change in CHANGES:
            if name == "chain" and change.startswith("UPDATE"):
                change = "UPDATE pg_ledger_{} SET hash = prev_hash"
            with pytest.raises(psycopg2.errors.RestrictViolation):
                ledger.sql(change.format(name))
    with pytest.raises(psycopg2.errors.RestrictViolation):
        ledger.sql("TRUNCATE pg_ledger_outbox")
    assert ledger.one(f"SELECT {counts}") == before


def test_i8_each_way_to_tamper_is_named_with_its_position(ledger):
    company_id = ledger.one("SELECT company_id FROM pg_ledger_chain GROUP BY 1 ORDER BY count(*)")
    assert ledger.run("pg_ledger", "verify", "--company", str(company_id))[0] == 0
    tamper(ledger, company_id)
    head = ledger.one(f"SELECT max(seq) FROM pg_ledger_chain WHERE company_id = {company_id}")
    assert ledger.run("pg_ledger", "verify", "--company", str(company_id))[0] == 1
    rows = ledger.sql(
        "SELECT kind, seq FROM pg_ledger_verify_finding WHERE verify_id ="
        " (SELECT max(id) FROM pg_ledger_verify) AND kind <> 'total' ORDER BY seq"
    )
    assert rows == [
        ("missing", 2),
        ("changed", 4),
        ("forged", 6),
        ("reordered", 8),
        ("reordered", 9),
        ("extra", head + 7),
    ]
    open_kinds = "SELECT kind FROM pg_ledger_conflict WHERE state = 'open' ORDER BY seq"
    assert [row[0] for row in ledger.sql(open_kinds)] == [kind for kind, _seq in rows[1:]]


def tamper(ledger, company_id):
    """Do to a company's documents, with every right, what the mirror's user cannot."""
    events = ledger.events

    def at(seq):
        return {"_id": f"{company_id}:{seq:012d}"}

    def put(document):
        place = {"q": {"_id": document["_id"]}, "u": document, "upsert": True}
        command = {"update": "events", "updates": [place], "bypassDocumentValidation": True}
        events.database.command(command)

    events.delete_one(at(2))
    changed = events.find_one(at(4))
    changed["postings"][0]["account"] = "gateway:mine"
    put(changed)
    forged = events.find_one(at(6))
    forged["kind"] = "refunded"
    put(forged | {"hash": entry_hash(forged)})
    eight, nine = events.find_one(at(8)), events.find_one(at(9))
    events.delete_many({"_id": {"$in": [eight["_id"], nine["_id"]]}})
    for document, other in ((eight, nine), (nine, eight)):
        put(other | {"_id": document["_id"], "seq": document["seq"]})
    newest = events.find_one({"company_id": company_id}, sort=[("seq", -1)])
    seq = newest["seq"] + 7
    put(newest | at(seq) | {"seq": type(newest["seq"])(seq), "subject_seq": 999})
