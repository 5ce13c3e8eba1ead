import os
import uuid
from decimal import Decimal
from unittest import SkipTest
from unittest.mock import patch

from odoo.addons.pg_base.tests.common import BaseCase
from odoo.addons.pg_base.tools import options
from odoo.tools import mute_logger
from pymongo import MongoClient

from ..postings import Posting
from ..worker import loop
from ..worker.store import open_store

POSTING = """INSERT INTO pg_ledger_posting (entry_id, position, company_id, kind, occurred_at,
    account, amount, currency_id, currency_code, company_amount, company_currency_id)
    SELECT entry_id, %s, company_id, kind, occurred_at, account, %s, currency_id, currency_code,
    %s, company_currency_id FROM pg_ledger_posting WHERE id = %s"""
LEGS = ("leg_accounts", "leg_amounts", "leg_currencies", "leg_values")


class LedgerCase(BaseCase):
    """Two sellers with ledgers, in dollars."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Entry = cls.env["pg.ledger.entry"].sudo()
        cls.usd = cls.env.ref("base.USD")
        (cls.seller + cls.other_seller).currency_id = cls.usd

    @classmethod
    def legs(cls, amount="12.50", currency="USD", value=None):
        """Return a payment's two postings."""
        amount = Decimal(amount)
        value = amount if value is None else Decimal(value)
        return [
            Posting("gateway:stripe_checkout", amount, currency, value),
            Posting("customer", -amount, currency, -value),
        ]

    @classmethod
    def post(cls, **values):
        """Post a payment; every value can be given."""
        defaults = {
            "company": cls.seller,
            "kind": "paid",
            "key": f"paid:{uuid.uuid4()}",
            "subject": str(uuid.uuid4()),
            "subject_ref": "T-TEST",
            "postings": cls.legs(),
        }
        return cls.Entry._post(**(defaults | values))

    def check_now(self):
        """Let the database do now what it does at commit."""
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")

    def links(self, company=None):
        """Return the chain of a company in order."""
        company = company or self.seller
        return self.env["pg.ledger.chain"].search([("company_id", "=", company.id)], order="seq")


class GuardCase(LedgerCase):
    """An entry, and SQL that PostgreSQL must refuse."""

    def setUp(self):
        super().setUp()
        self.entry = self.post()
        self.leg = self.entry.posting_ids[0]

    def refused(self, error, query, *params):
        """Run SQL that must fail, together with what the commit would check."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(error),
            self.env.cr.savepoint(flush=False),
        ):
            self.env.cr.execute(query, params or None)
            self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")


class MongoCase(LedgerCase):
    """A ledger with databases of its own in the real MongoDB of the installation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        uri = options.get("pg_mongo_uri")
        if not uri:
            raise SkipTest("pg_mongo_uri names no MongoDB")
        cls.prefix = f"test_{uuid.uuid4().hex[:10]}"
        cls.startClassPatcher(patch.dict(os.environ, {"PG_MONGO_DB_PREFIX": cls.prefix}))
        cls.admin = MongoClient(uri, serverSelectionTimeoutMS=2000)
        cls.addClassCleanup(cls.admin.close)
        cls.addClassCleanup(cls._drop_databases)
        cls.store = open_store()
        cls.store.set_up()
        cls.events = cls.admin[f"{cls.prefix}_ledger"]["events"]

    @classmethod
    def _drop_databases(cls):
        for name in ("ledger", "ledger_meta", "ledger_views"):
            cls.admin.drop_database(f"{cls.prefix}_{name}")

    def setUp(self):
        super().setUp()
        self.events.delete_many({})
        self.store.meta["conflicts"].delete_many({})
        self.store.seals.delete_many({})

    def run_mirror(self):
        """Do one run of sequencer and mirror, as the cron does."""
        with self.enter_registry_test_mode():
            return loop.run_once(self.env.registry)

    def verify(self, company=None, scope="whole"):
        """Queue a verification and run it as the cron does."""
        company = company or self.seller
        run = self.env["pg.ledger.verify"]._queue(company, scope)
        with self.enter_registry_test_mode():
            self.env["pg.ledger.verify"]._run(self.env.registry, run.id)
        return run

    def named(self, run):
        """Return the findings of a verification as pairs of kind and position."""
        return sorted((finding.kind, finding.seq) for finding in run.finding_ids)
