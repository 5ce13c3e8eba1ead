import hashlib
import json

import bson
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from odoo.tests import BaseCase, tagged

from ..tools import canonical, document, encoding, forms

ENTRY = {
    "company_id": 7,
    "entry_uuid": "6f1c2b1e-3a54-4f0e-9d55-0c4d6f3b7a10",
    "subject": "0b9f4a52-7a0f-4b53-8a6b-57f1c3f7c001",
    "subject_ref": "T-7K3M9Q",
    "subject_seq": 1,
    "kind": "paid",
    "key": "paid:pi_1",
    "occurred_ms": 1767323045678,
    "company_currency": "PGK",
    "corrects": None,
    "payload": '{"note":"Zoë → ok","tries":2}',
    "postings": [
        ("gateway:stripe_checkout", "12.5000", "PGK", "12.5000"),
        ("customer", "-12.5000", "PGK", "-12.5000"),
    ],
}
# Computed with jq -cS and sha256sum from the same data, not with the code under test.
FIRST = "dca63fff2bfbccf6babf9aa748878d4236ed8d2d0b2914ddfcc2d27d4a15a33e"
SECOND = "a476be7eefcbe7919f5bffd7cdcb03396d4b0c429f282eda49a4d0931f0d2a9d"


@tagged("post_install", "-at_install", "pg")
class TestCanonical(BaseCase):
    def test_vectors(self):
        first = canonical.entry_hash(ENTRY, 1, canonical.GENESIS)
        self.assertEqual(first, FIRST)
        corrected = ENTRY | {"corrects": ENTRY["entry_uuid"], "subject_seq": 2}
        self.assertEqual(canonical.entry_hash(corrected, 2, first), SECOND)

    def test_every_field_is_in_the_hash(self):
        changes = [{key: "other"} for key in canonical.ENTRY_KEYS]
        changes += [{"payload": "{}"}, {"postings": ENTRY["postings"][::-1]}]
        digests = {canonical.entry_hash(ENTRY | change, 1, "0" * 64) for change in changes}
        digests.add(canonical.entry_hash(ENTRY, 1, "0" * 64))
        digests.add(canonical.entry_hash(ENTRY, 2, "0" * 64))
        digests.add(canonical.entry_hash(ENTRY, 1, "1" * 64))
        self.assertEqual(len(digests), len(changes) + 3)

    def test_canonical_json(self):
        self.assertEqual(
            canonical.canonical_json({"b": [1, True, None], "a": {"é": "\n"}}),
            '{"a":{"é":"\\n"},"b":[1,true,null]}',
        )
        for value in (1.5, {"a": 1.0}, {"$a": 1}, {"a.b": 1}, {"": 1}, {1: 1}, 2**63, b"x"):
            with self.subTest(value=value), self.assertRaises(ValueError):
                canonical.canonical_json(value)

    def test_text_is_brought_to_one_form(self):
        self.assertEqual(canonical.normalise({"e\u0301": ["e\u0301"]}), {"é": ["é"]})

    def test_document_round_trip(self):
        made = document.to_document(ENTRY, 1, "0" * 64, FIRST)
        self.assertEqual(made["_id"], "7:000000000001")
        self.assertEqual(document.from_document(made), ENTRY)

    def test_template_and_encoder_equal_the_generic_ones(self):
        """The fast ways give the bytes of json and bson, whatever the text is."""
        odd = 'q"\\\b\f\n\r\t\x01\x1f\x7f\u2028é→😀%s%%{0}'
        word = odd.replace("\x1f", "")  # what keeps the parts of a posting apart
        changes = [{}, {"corrects": odd}, {"company_id": 2**31 - 1, "occurred_ms": -1}]
        names = ("subject_ref", "key", "company_currency", "subject", "entry_uuid", "kind")
        changes += [{name: odd} for name in names]
        changes += [{"payload": canonical.canonical_json({"é": [1, None, {"x": 2**40}], "b": odd})}]
        changes += [{"postings": [(word, "-0.0001", word, "999999999999999.9999")] * 12}]
        changes += [{"postings": []}]
        for change in changes:
            entry = ENTRY | change
            with self.subTest(change=change):
                body = {name: entry[name] for name in canonical.ENTRY_KEYS}
                payload_hash = hashlib.sha256(entry["payload"].encode()).hexdigest()
                body |= {"v": 1, "seq": 2**40, "prev": FIRST, "payload_sha256": payload_hash}
                body["postings"] = [list(row) for row in entry["postings"]]
                text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                made = canonical.canonical_entry(entry, 2**40, FIRST)
                self.assertEqual(made, "PG-LEDGER-1\n" + text)
                generic = bson.encode(document.to_document(entry, 2**40, FIRST, SECOND))
                self.assertEqual(encoding.encode_entry(entry, 2**40, FIRST, SECOND), generic)
                both = forms.make_forms(*self.make_row(entry), 2**40, FIRST, SECOND)
                digest = hashlib.sha256(made.encode()).hexdigest()
                self.assertEqual(both, (digest, generic))
                self.assertEqual(forms.to_entry(*self.make_row(entry)), entry)

    def make_row(self, entry, order=None):
        """Return an entry as PostgreSQL gives it, its postings in some order."""
        row = (1, *(entry[name] for name in canonical.ENTRY_KEYS), entry["payload"])
        texts = [
            f"{place}\x1e{account}\x1e{currency}\x1f{amount}\x1f{'' if value == amount else value}"
            for place, (account, amount, currency, value) in enumerate(entry["postings"], 1)
        ]
        return row, "\x1f".join(texts[place] for place in order or range(len(texts))) or None

    def test_postings_are_put_in_order(self):
        """PostgreSQL gives them in any order: the position counts, as a number."""
        legs = [(f"fee:{n}", f"{n}.0000", "PGK", f"{n % 3}.0000") for n in range(1, 13)]
        entry = ENTRY | {"postings": legs}
        known = forms.make_forms(*self.make_row(entry), 1, FIRST, SECOND)
        for order in (range(11, -1, -1), [3, 1, 2, 0, *range(4, 12)], [0, 9, *range(1, 9), 10, 11]):
            with self.subTest(order=list(order)):
                row = self.make_row(entry, order)
                self.assertEqual(forms.make_forms(*row, 1, FIRST, SECOND), known)
                self.assertEqual(forms.to_entry(*row), entry)
        swapped = ENTRY | {"postings": [legs[1], legs[0], *legs[2:]]}
        self.assertNotEqual(
            forms.make_forms(*self.make_row(swapped), 1, FIRST, SECOND)[0], known[0]
        )

    def test_postings_that_are_none(self):
        row, text = self.make_row(ENTRY)
        for wrong in (
            text.replace("12.5000", "NaN"),
            text.replace("12.5000", "Infinity"),
            text.replace("customer", "cust\x1fomer"),
            text.replace("customer", "cust\x1eomer"),
            text + "\x1f",
            text.replace("2\x1e", "\x1e"),
        ):
            with self.subTest(text=wrong), self.assertRaises((ValueError, TypeError)):
                forms.make_forms(row, wrong, 1, FIRST, SECOND)

    def test_answer_of_mongodb_is_cut(self):
        documents = [bson.encode({"_id": number, "x": "é" * number}) for number in range(101)]
        for name in ("firstBatch", "nextBatch"):
            for part in (documents, documents[:1], []):
                batch = [RawBSONDocument(data) for data in part]
                answer = bson.encode({name: batch, "id": Int64(2**40), "ns": "a.b"})
                self.assertEqual(encoding.split_cursor(answer), (part, 2**40))
        with self.assertRaises(ValueError):
            encoding.split_cursor(bson.encode({"id": 0, "firstBatch": []}))

    def test_decimals_are_those_of_bson(self):
        for text in ("0.0001", "-0.0001", "12.5000", "-12.5000", "0.0000", "999999999999999.9999"):
            with self.subTest(text=text):
                self.assertEqual(document.to_decimal128(text).bid, Decimal128(text).bid)

    def test_document_is_read_strictly(self):
        good = document.to_document(ENTRY, 1, "0" * 64, FIRST)
        for change in (
            {"company_id": 7.0},
            {"v": 2},
            {"extra": 1},
            {"payload": {"tries": 2.0}},
            {"postings": [{"account": "customer"}]},
            {"postings": [good["postings"][0] | {"amount": 12.5}]},
        ):
            with self.subTest(change=change), self.assertRaises(ValueError):
                document.from_document(good | change)
