"""Drives the store against the MongoDB of PG_MONGO_URI: ``python -m tests.inside … STEP``."""

import json
import sys

from bson.int64 import Int64
from odoo.addons.pg_ledger.tools.canonical import entry_hash
from odoo.addons.pg_ledger.tools.document import to_document
from odoo.addons.pg_ledger.worker.store import open_store
from pymongo.errors import PyMongoError

ENTRY = {
    "company_id": 1,
    "entry_uuid": "6f1c2b1e-3a54-4f0e-9d55-0c4d6f3b7a10",
    "subject": "0b9f4a52-7a0f-4b53-8a6b-57f1c3f7c001",
    "subject_ref": "T-7K3M9Q",
    "subject_seq": 1,
    "kind": "paid",
    "key": "paid:1",
    "occurred_ms": 1767323045678,
    "company_currency": "PGK",
    "corrects": None,
    "payload": "{}",
    "postings": [
        ("gateway:stripe_checkout", "12.5000", "PGK", "12.5000"),
        ("customer", "-12.5000", "PGK", "-12.5000"),
    ],
}


def document(seq):
    entry = ENTRY | {"subject_seq": seq}
    return to_document(entry, seq, "0" * 64, entry_hash(entry, seq, "0" * 64))


def set_up():
    """Prepare the collections, as `pg_mirror --setup` does."""
    open_store(3).set_up()


def insert():
    """Insert the first documents twice, as a redelivery does; return what was refused."""
    store = open_store(3)
    store.ensure()
    documents = [document(seq) for seq in range(1, 4)]
    return [len(store.insert(documents)) for _time in range(2)]


def tamper():
    """Try everything that is not appending; return the answer's code to each."""
    store = open_store(3)
    place, events = {"_id": "1:000000000001"}, store.events
    wrong = document(9) | {"seq": "9"}
    attempts = {
        "update": lambda: events.update_one(place, {"$set": {"kind": "fee"}}),
        "upsert": lambda: events.update_one(place, {"$setOnInsert": {"x": 1}}, upsert=True),
        "replace": lambda: events.replace_one(place, document(1)),
        "find and modify": lambda: events.find_one_and_update(place, {"$set": {"kind": "fee"}}),
        "delete": lambda: events.delete_one(place),
        "drop": events.drop,
        "rename": lambda: events.rename("gone"),
        "drop database": lambda: store.client.drop_database(store.ledger.name),
        "drop index": lambda: events.drop_index("company_id_1_seq_1"),
        "validator": lambda: store.ledger.command("collMod", "events", validator={}),
        "out": lambda: list(events.aggregate([{"$out": "events"}])),
        "merge": lambda: list(events.aggregate([{"$merge": {"into": "events"}}])),
        "bypass": lambda: store.ledger.command(
            "insert", "events", documents=[wrong], bypassDocumentValidation=True
        ),
        "seal": lambda: store.seals.update_many({}, {"$set": {"seq": Int64(1)}}),
        "evidence": lambda: store.meta["conflicts"].delete_many({}),
        "user": lambda: store.client.admin.command("createUser", "x", pwd="x", roles=["root"]),
    }
    return {name: _answer(attempt) for name, attempt in attempts.items()}


def _answer(attempt):
    try:
        attempt()
    except PyMongoError as error:
        return getattr(error, "code", None) or type(error).__name__
    return "done"


def trouble():
    """Insert while the server is in trouble; return the kind of error, or what was refused."""
    store = open_store(3)
    try:
        return len(store.insert([document(seq) for seq in range(1, 9)]))
    except PyMongoError as error:
        return type(error).__name__


if __name__ == "__main__":
    steps = {"setup": set_up, "insert": insert, "tamper": tamper, "trouble": trouble}
    sys.stdout.write(json.dumps(steps[sys.argv[1]]()))
