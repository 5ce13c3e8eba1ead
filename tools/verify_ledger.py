#!/usr/bin/env python3
"""Verify the ledger in a MongoDB server or in a mongodump file. Needs pymongo, nothing else.

    verify_ledger.py mongodb://host:27017/ | dump/ledger/events.bson [--company 1]
    verify_ledger.py ... --anchor 1:250:3fa9...  (a printed hash)  --seal-key 8c1f... [--seals FILE]

Every hash is computed anew (form: addons/pg_ledger/tools/canonical.py). One line per finding; ends
with status 0 when the ledger is whole, 1 with findings, 2 when it could not be read.
"""

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import bson
import pymongo

HASHED = ("v", "company_id", "seq", "prev", "entry_uuid", "subject", "subject_ref", "subject_seq")
HASHED += ("kind", "key", "company_currency", "corrects")
FIELDS = {"_id", "occurred_at", "postings", "payload", "hash", *HASHED}


def canonical(value):
    """Write a value as canonical JSON. A number that is no integer never gives the same text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def amount(value):
    """Return a Decimal128 as text with four decimals."""
    exact = isinstance(value, bson.Decimal128) and value.to_decimal().quantize(Decimal("0.0001"))
    if exact is False or exact != value.to_decimal():
        raise ValueError("an amount is not a decimal, or has more than four decimals")
    return f"{exact + 0:f}"


def posting_row(posting):
    if set(posting) != {"account", "amount", "currency", "company_amount"}:
        raise ValueError("a posting has other fields")
    value, company_value = map(amount, (posting["amount"], posting["company_amount"]))
    return [posting["account"], value, posting["currency"], company_value]


def entry_hash(document):
    """Compute the hash of a document from its content."""
    if set(document) != FIELDS or document["v"] != 1:
        raise ValueError(f"fields {sorted(set(document) ^ FIELDS)} or version")
    body = {name: document[name] for name in HASHED}
    body["occurred_ms"] = (document["occurred_at"] - datetime(1970, 1, 1)) // timedelta(0, 0, 1000)
    body["payload_sha256"] = hashlib.sha256(canonical(document["payload"]).encode()).hexdigest()
    body["postings"] = [posting_row(posting) for posting in document["postings"]]
    return hashlib.sha256(b"PG-LEDGER-1\n" + canonical(body).encode()).hexdigest()


class Verifier:
    """Walks the documents in order of company and position and prints what is wrong."""

    def __init__(self, anchors):
        self.anchors, self.heads, self.totals = anchors, {}, defaultdict(Decimal)
        self.findings = self.count = 0

    def report(self, document, kind, detail=""):
        self.findings += 1
        company, seq, name = map(document.get, ("company_id", "seq", "_id"))
        print(f"{kind:<12} company {company} position {seq} {name} {detail}")

    def check(self, document):
        self.count += 1
        company, seq = document.get("company_id"), document.get("seq")
        last, digest = self.heads.get(company, (0, "0" * 64))
        try:
            if document["_id"] != f"{company}:{seq:012d}" or seq <= last:
                return self.report(document, "extra", "doubles a position or has a wrong _id")
            if seq != last + 1:
                self.report(document, "gap", f"after {last}: missing {last + 1} to {seq - 1}")
            elif document["prev"] != digest:
                self.report(document, "broken_link", "does not follow the entry before it")
            self.heads[company] = (seq, document["hash"])
            if entry_hash(document) != document["hash"]:
                self.report(document, "bad_hash", "the hash is not that of the content")
            if self.anchors.pop((company, seq), document["hash"]) != document["hash"]:
                self.report(document, "anchor", "the hash is not the one that was printed")
            self.add_totals(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.report(document, "unreadable", str(error))

    def add_totals(self, document):
        sums = defaultdict(Decimal)
        for account, value, currency, company_value in map(posting_row, document["postings"]):
            self.totals[document["company_id"], account, currency] += Decimal(value)
            sums[currency] += Decimal(value)
            sums["company value"] += Decimal(company_value)
        if any(sums.values()):
            self.report(document, "unbalanced")


def read_dump(source):
    """Yield the documents of a dump by their ids; in memory are only ids and places in the file."""
    places, start = [], 0
    with open(source, "rb") as file:
        for document in bson.decode_file_iter(file):
            places.append((str(document.get("_id")), start))
            start = file.tell()
        for _id, start in sorted(places):
            file.seek(start)
            yield next(bson.decode_file_iter(file))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="address of a server, or an events.bson file")
    parser.add_argument("--database", default="ledger")
    parser.add_argument("--company", type=int)
    parser.add_argument("--anchor", action="append", default=[], metavar="COMPANY:POSITION:HASH")
    parser.add_argument("--seal-key", action="append", default=[], metavar="PUBLIC_KEY")
    parser.add_argument("--seals", help="seals.bson or an export; the server's own if left out")
    options = parser.parse_args()
    anchors = {(int(c), int(s)): h for c, s, h in (a.split(":") for a in options.anchor)}
    verifier, source, events = Verifier(anchors), options.source, None
    if source.startswith("mongodb"):
        events = pymongo.MongoClient(source, serverSelectionTimeoutMS=5000)[options.database].events
    try:
        if options.seal_key:
            from verify_seals import load  # beside this file; needs one package more

            verifier.anchors = load(options, events, verifier.report) | anchors
        query = {} if options.company is None else {"company_id": options.company}
        found = read_dump(source) if events is None else events.find(query).sort("_id")
        for document in filter(lambda read: query.items() <= read.items(), found):
            verifier.check(document)
    except (pymongo.errors.PyMongoError, OSError, bson.errors.InvalidBSON) as error:
        print(f"cannot read {source.split('@')[-1]}: {type(error).__name__}")
        sys.exit(2)
    for company, seq in verifier.anchors:
        verifier.report({"company_id": company, "seq": seq}, "missing", "an anchor names it")
    for (company, account, currency), total in sorted(verifier.totals.items()):
        print(f"total        company {company} {account:<28} {total:>20f} {currency}")
    for company, (seq, digest) in sorted(verifier.heads.items()):
        print(f"head         company {company} position {seq} {digest}")
    print(f"{verifier.count} documents, {verifier.findings} findings")
    sys.exit(1 if verifier.findings else 0)


if __name__ == "__main__":
    main()
