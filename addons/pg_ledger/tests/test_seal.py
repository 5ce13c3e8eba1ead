import base64
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from odoo.addons.pg_base.tools import options
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import RestrictViolation

from ..tools import seal as seals
from .common import MongoCase
from .test_verify import SCRIPT

DAY, NEXT_DAY = date(2026, 1, 1), date(2026, 1, 2)
SEAL_LOG = "odoo.addons.pg_ledger.models.pg_ledger_seal"
VERIFY_LOG = "odoo.addons.pg_ledger.models.pg_ledger_verify"


def key_text(number):
    """Return a private key as the option holds it."""
    return base64.urlsafe_b64encode(bytes([number]) * 32).decode()


@tagged("post_install", "-at_install", "pg")
class TestSeal(MongoCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(os.environ, {"PG_LEDGER_SEAL_KEY": key_text(7)}))
        for amount in ("0.1", "0.2"):
            self.post(postings=self.legs(amount))
        self.run_mirror()

    def seal(self, day=DAY):
        """Seal a day for every company, as the cron does."""
        with self.enter_registry_test_mode():
            self.env["pg.ledger.seal"]._seal_all(self.env.registry, day)
        return self.seals()

    def seals(self):
        self.env.invalidate_all()
        return self.env["pg.ledger.seal"].search(
            [("company_id", "=", self.seller.id)], order="to_seq"
        )

    def found(self):
        """Verify and return the details of what is wrong with seals."""
        with mute_logger(VERIFY_LOG):
            run = self.verify()
        return [finding.detail for finding in run.finding_ids if finding.kind == "seal"]

    def change(self, column, value):
        """Change a seal in PostgreSQL with the guards switched off."""
        cr = self.env.cr
        cr.execute("ALTER TABLE pg_ledger_seal DISABLE TRIGGER pg_ledger_seal_fixed")
        cr.execute(f"UPDATE pg_ledger_seal SET {column} = %s", [value])
        cr.execute("ALTER TABLE pg_ledger_seal ENABLE ALWAYS TRIGGER pg_ledger_seal_fixed")
        self.env.invalidate_all()

    def test_seal_signs_head_and_totals(self):
        seal = self.seal()
        body = json.loads(seal.body)
        self.assertEqual((body["from_seq"], body["to_seq"], body["count"]), (1, 2, 2))
        self.assertEqual(body["head_hash"], self.links()[-1].hash)
        self.assertEqual(
            body["totals"],
            [
                ["customer", "USD", "-0.3000", "-0.3000"],
                ["gateway:stripe_checkout", "USD", "0.3000", "0.3000"],
            ],
        )
        self.assertTrue(seals.is_signed(seal.public_key, seal.body, seal.signature))
        changed = seal.body.replace("0.3000", "0.4000")
        self.assertFalse(seals.is_signed(seal.public_key, changed, seal.signature))
        self.assertEqual(self.store.seals.find_one({}), seal._prepare_document())
        self.assertEqual(self.found(), [])

    def test_each_day_is_sealed_once_and_names_the_one_before(self):
        first = self.seal()
        self.post()
        self.run_mirror()
        self.assertEqual(self.seal(), first, "the day has its seal")
        self.assertEqual(len(self.seal(NEXT_DAY)), 2)
        second = self.seals()[1]
        self.assertEqual((second.from_seq, second.to_seq), (3, 3))
        self.assertEqual(json.loads(second.body)["prev_seal"], seals.hash_body(first.body))
        self.assertEqual(len(self.seal(date(2026, 1, 3))), 2, "nothing new")
        self.assertEqual(self.found(), [])

    def test_without_a_key_nothing_is_sealed(self):
        for value in ("", "no key", base64.urlsafe_b64encode(b"short").decode()):
            with (
                self.subTest(value=value),
                patch.dict(
                    os.environ, {"PG_LEDGER_SEAL_KEY": value, "PG_LEDGER_SEAL_KEY_FILE": ""}
                ),
                mute_logger(SEAL_LOG),
            ):
                self.assertFalse(self.seal())
        self.assertFalse(self.store.seals.count_documents({}))

    def test_key_from_a_file(self):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(key_text(7) + "\n")
        path = file.name
        self.addCleanup(os.unlink, path)
        named = {"PG_LEDGER_SEAL_KEY": "", "PG_LEDGER_SEAL_KEY_FILE": path}
        with patch.dict(os.environ, named):
            loaded = seals.public_hex(seals.load_key())
        self.assertEqual(loaded, seals.public_hex(seals.load_key()))

    def test_unsound_chain_is_not_sealed(self):
        cr = self.env.cr
        self.check_now()
        cr.execute("ALTER TABLE pg_ledger_entry DISABLE TRIGGER pg_ledger_entry_frozen")
        cr.execute("UPDATE pg_ledger_entry SET subject_ref = 'T-LIE'")
        cr.execute("ALTER TABLE pg_ledger_entry ENABLE ALWAYS TRIGGER pg_ledger_entry_frozen")
        with self.assertLogs(SEAL_LOG, "ERROR"):
            self.assertFalse(self.seal())

    def test_seals_are_frozen(self):
        self.seal()
        for query in (
            "UPDATE pg_ledger_seal SET body = '{}'",
            "UPDATE pg_ledger_seal SET signature = public_key",
            "DELETE FROM pg_ledger_seal",
            "TRUNCATE pg_ledger_seal",
        ):
            with (
                self.subTest(query=query),
                mute_logger("odoo.sql_db"),
                self.assertRaises(RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query)

    def test_tampered_seals_are_found(self):
        seal = self.seal()
        for column, value, words in (
            ("body", seal.body.replace("0.3000", "9.0000"), "signature does not fit"),
            ("to_seq", 1, "columns are not what was signed"),
            ("head_hash", "a" * 64, "columns are not what was signed"),
        ):
            good = seal[column]
            with self.subTest(column=column):
                self.change(column, value)
                self.assertIn(words, " ".join(self.found()))
            self.change(column, good)
        self.store.ledger["seals"].update_one({}, {"$set": {"signature": "0"}})
        self.assertIn("copy in MongoDB differs", self.found()[0])
        self.store.ledger["seals"].delete_many({})
        self.assertIn("copy in MongoDB is gone", self.found()[0])
        self.store.seals.insert_one({"_id": "x", "company_id": self.seller.id})
        self.assertIn("does not know", " ".join(self.found()))

    def test_chain_made_anew_does_not_fit_its_seal(self):
        """Whoever owns both databases cannot make the signature of another history."""
        seal = self.seal()
        forged = seal.body.replace(seal.head_hash, "b" * 64)
        stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.change("body", forged)
        self.change("signature", seals.sign(stranger, forged))
        self.change("head_hash", "b" * 64)
        self.change("public_key", seals.public_hex(stranger))
        details = self.found()[0]
        self.assertIn("key that is not trusted", details)
        self.assertIn("has another hash", details)

    def test_older_key_stays_trusted_when_named(self):
        seal = self.seal()
        with patch.dict(os.environ, {"PG_LEDGER_SEAL_KEY": key_text(8)}):
            self.assertIn("not trusted", self.found()[0])
            named = {"PG_LEDGER_SEAL_PUBLIC_KEYS": seal.public_key}
            with patch.dict(os.environ, named):
                self.assertEqual(self.found(), [])

    def test_export(self):
        seal = self.seal()
        action = self.as_user(seal, "viewer").action_export()
        attachment_id = int(action["url"].split("/")[-1].split("?")[0])
        raw = self.env["ir.attachment"].sudo().browse(attachment_id).raw
        self.assertEqual(json.loads(raw), seal._prepare_document())
        other = self.as_user(seal, "viewer", self.other_seller)
        with self.assertRaises(AccessError):
            other.action_export()

    def test_script_checks_seals_without_odoo(self):
        seal = self.seal()
        status, output = self.run_script(seal.public_key)
        self.assertEqual(status, 0, output)
        self.assertIn(f"seal         company {self.seller.id} position 2 {DAY} is good", output)
        status, output = self.run_script("0" * 64)
        self.assertEqual(status, 1, output)
        self.store.ledger["seals"].update_one(
            {}, {"$set": {"body": seal.body.replace("0.3000", "0.4000")}}
        )
        status, output = self.run_script(seal.public_key)
        self.assertEqual(status, 1, output)
        self.assertIn("bad_seal", output)

    def run_script(self, public_key):
        if not SCRIPT.exists():
            self.skipTest("tools/verify_ledger.py is not beside the addons")
        command = [sys.executable, str(SCRIPT), options.get("pg_mongo_uri")]
        command += ["--database", f"{self.prefix}_ledger", "--seal-key", public_key]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr
