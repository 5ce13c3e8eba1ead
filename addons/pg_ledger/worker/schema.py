"""What `ledger.events` looks like to MongoDB: validator and indexes."""

from pymongo import ASCENDING, DESCENDING

_HASH = {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT = {"bsonType": "string"}
VALIDATOR = {
    "$jsonSchema": {
        "required": [
            "_id", "v", "company_id", "seq", "entry_uuid", "subject", "subject_ref",
            "subject_seq", "kind", "key", "occurred_at", "company_currency", "corrects",
            "postings", "payload", "prev", "hash",
        ],
        "properties": {
            "_id": {"bsonType": "string", "pattern": "^[0-9]+:[0-9]{12,}$"},
            "v": {"bsonType": "int"},
            "company_id": {"bsonType": "int"},
            "seq": {"bsonType": "long", "minimum": 1},
            "entry_uuid": _TEXT,
            "subject": _TEXT,
            "subject_ref": _TEXT,
            "subject_seq": {"bsonType": "int"},
            "kind": _TEXT,
            "key": _TEXT,
            "occurred_at": {"bsonType": "date"},
            "company_currency": _TEXT,
            "corrects": {"bsonType": ["string", "null"]},
            "payload": {"bsonType": "object"},
            "prev": _HASH,
            "hash": _HASH,
            "postings": {
                "bsonType": "array",
                "minItems": 2,
                "items": {
                    "bsonType": "object",
                    "required": ["account", "amount", "currency", "company_amount"],
                    "properties": {
                        "account": _TEXT,
                        "amount": {"bsonType": "decimal"},
                        "currency": _TEXT,
                        "company_amount": {"bsonType": "decimal"},
                    },
                },
            },
        },
    }
}  # fmt: skip
INDEXES = (
    ([("company_id", ASCENDING), ("seq", ASCENDING)], {}),
    ([("subject", ASCENDING), ("subject_seq", ASCENDING)], {"unique": True}),
    ([("company_id", ASCENDING), ("occurred_at", DESCENDING)], {}),
    ([("company_id", ASCENDING), ("kind", ASCENDING), ("occurred_at", DESCENDING)], {}),
)
SEAL_INDEX = [("company_id", ASCENDING), ("to_seq", ASCENDING)]
# Of ``ledger_views.transactions``.
VIEW_INDEXES = (
    [("company_id", ASCENDING), ("state", ASCENDING), ("last_at", DESCENDING)],
    [("company_id", ASCENDING), ("subject_ref", ASCENDING)],
)
