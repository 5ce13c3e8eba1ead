"""The ledger against servers as they are in production, and in trouble: rights, slow, full, old."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time

import psycopg2
import pymongo
import pytest
from pymongo.errors import PyMongoError

from scripts import process
from scripts.bootstrap import postgres_bin
from scripts.common import PROJECT, VAR
from scripts.settings import free_ports, write_private

NOT_ALLOWED, NO_SPACE = 13, 14031
ROLE = [
    ({"db": "ledger", "collection": "events"}, ["find", "insert"]),
    ({"db": "ledger", "collection": "seals"}, ["find", "insert"]),
    ({"db": "ledger_meta", "collection": "conflicts"}, ["insert"]),
    (
        {"db": "ledger_views", "collection": "transactions"},
        ["find", "insert", "update", "remove"],
    ),
]


def run_inside(module, *arguments, uri=None):
    """Run a module inside Odoo in a process of its own; return its answer."""
    env = dict(os.environ)
    if uri:
        env["PG_MONGO_URI"] = uri
    answer = subprocess.run(
        [sys.executable, "-m", "tests.inside", module, *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=env,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout.strip().splitlines()[-1] if answer.stdout else "null")


# === A MONGOD WITH USERS === #


@pytest.fixture(scope="module")
def guarded(platform, tmp_path_factory):
    """Yield (administrator's client, mirror's address) of a mongod that asks who one is."""
    root = tmp_path_factory.mktemp("guarded")
    [port] = free_ports(1)
    write_private(root / "key", secrets.token_hex(64))
    (root / "data").mkdir()
    argv = [VAR / "mongo" / "bin" / "mongod", "--dbpath", root / "data", "--port", port]
    argv += ["--bind_ip", "127.0.0.1", "--replSet", "rs0", "--nounixsocket", "--auth"]
    argv += ["--keyFile", root / "key", "--wiredTigerCacheSizeGB", "0.25"]
    argv += ["--setParameter", "enableTestCommands=1"]
    env = {"LD_LIBRARY_PATH": str(VAR / "mongo" / "lib"), "PATH": "/usr/bin:/bin"}
    process.start(root, "guarded", argv, env)
    try:
        admin = make_users(port)
        yield admin, f"mongodb://mirror:append@127.0.0.1:{port}/?directConnection=true"
        admin.close()
    finally:
        process.stop(root, "guarded")


def make_users(port):
    """Make the replica set and its users through the exception for the first ones."""
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    first = pymongo.MongoClient(uri, serverSelectionTimeoutMS=1000)
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    insist(lambda: first.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]}))
    insist(lambda: first.admin.command("createUser", "root", pwd="root", roles=["root"]))
    first.close()
    uri = f"mongodb://root:root@127.0.0.1:{port}/?directConnection=true"
    admin = pymongo.MongoClient(uri)
    privileges = [{"resource": resource, "actions": actions} for resource, actions in ROLE]
    admin.admin.command("createRole", "append", privileges=privileges, roles=[])
    admin.admin.command("createUser", "mirror", pwd="append", roles=["append"])
    run_inside("tests.suite.ledger_store", "setup", uri=uri)
    return admin


def insist(work, timeout=30):
    """Do what a server that is starting refuses for a moment."""
    end = time.monotonic() + timeout
    while True:
        try:
            return work()
        except PyMongoError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def test_append_only_user_can_do_nothing_but_append(guarded):
    """I9: the right to find and insert is enough for the mirror, and is all it has."""
    admin, uri = guarded
    events = admin.ledger.events
    assert run_inside("tests.suite.ledger_store", "insert", uri=uri) == [0, 0]
    before, indexes = list(events.find().sort("_id")), events.index_information()
    assert [document["_id"] for document in before] == [f"1:{n:012d}" for n in (1, 2, 3)]
    codes = run_inside("tests.suite.ledger_store", "tamper", uri=uri)
    assert {name: code for name, code in codes.items() if code != NOT_ALLOWED} == {}
    assert len(codes) == 16
    assert list(events.find().sort("_id")) == before
    assert events.index_information() == indexes


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"blockConnection": True, "blockTimeMS": 6000}, ("AutoReconnect", "NetworkTimeout")),
        ({"errorCode": NO_SPACE}, ("OperationFailure", "OutOfDiskSpace")),
        ({"errorCode": 10107}, ("NotPrimaryError",)),
    ],
    ids=["slow", "full", "failing over"],
)
def test_trouble_of_a_server_is_an_error_and_then_everything_is_there(guarded, trouble, told):
    """Slow beyond the limit, full, changing its primary: nothing counts as stored; later all is."""
    admin, uri = guarded
    fail = {"failCommands": ["insert"], "appName": "pg_ledger", **trouble}
    admin.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": fail})
    try:
        assert run_inside("tests.suite.ledger_store", "trouble", uri=uri) in told
    finally:
        admin.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    assert run_inside("tests.suite.ledger_store", "trouble", uri=uri) == 0
    assert admin.ledger.events.count_documents({}) == 8


# === POSTGRESQL RESTORED TO AN OLDER POINT === #


def test_older_postgresql_stops_the_company_and_overwrites_nothing(platform, tmp_path):
    """pg_dump, more sales, restore: the alarm, a company that stands still, MongoDB as it was."""
    customer, order = platform.order()
    customer.pay(order)
    platform.wait_until(lambda: len(platform.documents(order)) == 3, 60)
    dump = tmp_path / "older.dump"
    run_postgres("pg_dump", "-Fc", "-f", dump, platform.database)
    customer, order = platform.order()
    customer.pay(order)
    platform.wait_until(lambda: len(platform.documents(order)) == 3, 60)
    company_id = platform.topup(order)["company_id"]
    mine = {"company_id": company_id}
    before = list(platform.mongo.ledger.events.find(mine).sort("seq", 1))
    older = f"{platform.database}_older"
    run_postgres("createdb", older)
    try:
        run_postgres("pg_restore", "--no-owner", "-d", older, dump)
        answer = run_inside("tests.suite.ledger_older", older)
        assert [company_id, "ahead", before[-1]["seq"]] in answer["conflicts"]
        head = "SELECT max(seq) AS seq FROM pg_ledger_chain WHERE company_id = %s"
        with contextlib.closing(psycopg2.connect(dbname=older)) as connection:
            with connection.cursor() as cursor:
                cursor.execute(head, [company_id])
                assert cursor.fetchone()[0] < before[-1]["seq"]
                cursor.execute("SELECT count(*) FROM mail_activity WHERE summary LIKE '%stopped'")
                assert cursor.fetchone()[0] > 0
        found = list(platform.mongo.ledger.events.find(mine).sort("seq", 1))
        assert found[: len(before)] == before
    finally:
        run_postgres("dropdb", "--force", older)


def run_postgres(program, *arguments):
    argv = [str(word) for word in (postgres_bin() / program, *arguments)]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
