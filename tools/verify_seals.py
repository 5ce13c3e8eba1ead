"""Seals of the ledger, for verify_ledger.py --seal-key. Needs pymongo and cryptography.

The form of a seal is described in addons/pg_ledger/tools/seal.py.
"""

import hashlib
import json
from pathlib import Path

import bson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = "0" * 64
WRONG = (InvalidSignature, ValueError, KeyError, TypeError, AttributeError)


def load(options, events, report):
    """Read the seals that verify_ledger.py was told of and check them.

    They stand in the server's database, in a dump (seals.bson) or in an export (.jsonl).

    :return: {(company, position): hash}
    """
    if options.seals and options.seals.endswith(".jsonl"):
        found = map(json.loads, Path(options.seals).read_text(encoding="utf-8").splitlines())
    elif options.seals or events is None:
        path = Path(options.seals or Path(options.source).with_name("seals.bson"))
        found = bson.decode_all(path.read_bytes())
    else:
        found = events.database["seals"].find()
    seals = [seal for seal in found if options.company in (None, seal.get("company_id"))]
    seals.sort(key=lambda seal: (str(seal.get("company_id")), str(seal.get("day"))))
    return check(seals, options.seal_key, report)


def check(seals, keys, report):
    """Check signatures and order; print the good ones and return the hashes that they vouch for.

    :param keys: public keys, 64 hexadecimal digits, as whoever holds the private one gave them
    :param report: called with (document, kind, detail) for each bad seal
    :return: {(company, position): hash}
    """
    anchors, last = {}, {}
    for seal in seals:
        place = {"company_id": seal.get("company_id"), "seq": seal.get("to_seq")}
        try:
            if seal["key"] not in keys:
                raise ValueError("it is signed with another key")
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal["key"]))
            signed = b"PG-LEDGER-SEAL-1\n" + seal["body"].encode()
            key.verify(bytes.fromhex(seal["signature"]), signed)
            body = json.loads(seal["body"])
            company, seq = body["company_id"], body["to_seq"]
            if seal["_id"] != f"{company}:{body['day']}" or seq != seal["to_seq"]:
                raise ValueError("its fields are not what was signed")
            if body["prev_seal"] != last.get(company, GENESIS):
                raise ValueError("it does not follow the seal before it")
        except WRONG as error:
            report(place | {"_id": seal.get("_id")}, "bad_seal", str(error) or "wrong signature")
            continue
        last[company] = hashlib.sha256(seal["body"].encode()).hexdigest()
        anchors[company, seq] = body["head_hash"]
        print(f"seal         company {company} position {seq} {body['day']} is good")
    return anchors
