"""The running platform of `make test`, seen from outside: over HTTP, SQL, MongoDB and signals."""

import contextlib
import itertools
import os
import time

import psycopg2
import psycopg2.extras
import pymongo
import pytest

from sandbox.client import SandboxClient
from scripts.backoffice import BackOffice
from scripts.customer import Customer
from scripts.services import Stack, wake_crons

SLUG = "island-mobile"
PASSWORD = "minutes-demo"
_numbers = itertools.count(int(time.time()) % 9000 + 1000)


class Platform:
    """Everything a test needs to sell, to look, and to break things."""

    def __init__(self):
        self.base_url = os.environ["PG_BASE_URL"]
        self.database = os.environ["PG_DATABASE"]
        self.stack = Stack.join(os.environ["PG_ROOT"])
        self.sandbox = SandboxClient(os.environ["PG_SANDBOX_URL"])
        self.ding = self._account("dingconnect", "Prepaid platform")
        self.stripe = self._account("stripe", "Island Mobile")
        self.mongo = pymongo.MongoClient(os.environ["PG_MONGO_URI"])
        self._offices = {}

    def _account(self, kind, name):
        """Return the sandbox's account that the demo data made."""
        [account] = [a for a in self.sandbox.accounts(kind) if a["name"] == name]
        return account

    # === SELLING === #

    def customer(self, slug=SLUG):
        return Customer(self.base_url, slug)

    def number(self, ending=None):
        """Return a number of Digicel that no other test uses, or one whose ending decides."""
        return f"7000 000{ending}" if ending is not None else f"7012 {next(_numbers)}"

    def order(self, ending=None, **values):
        """Return (customer, order) at the payment page."""
        customer = self.customer()
        return customer, customer.order(self.number(ending), receive=20, **values)

    def name_of(self, order):
        return self.sql("SELECT name FROM pg_topup WHERE access_token = %s", order.token)[0]["name"]

    def office(self, role="operator", slug=SLUG):
        login = f"{role}@{slug}"
        if login not in self._offices:
            self._offices[login] = BackOffice(self.base_url, self.database, login, PASSWORD)
        return self._offices[login]

    # === LOOKING === #

    def sql(self, query, *params):
        """Run one statement on a connection of its own, committed; return rows as dicts."""
        with contextlib.closing(psycopg2.connect(dbname=self.database)) as connection:
            connection.autocommit = True
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(query, params)
                return cursor.fetchall() if cursor.description else []

    def topup(self, order):
        [row] = self.sql("SELECT * FROM pg_topup WHERE access_token = %s", order.token)
        return row

    def attempts(self, order):
        return self.sql(
            "SELECT a.* FROM pg_topup_attempt a JOIN pg_topup t ON t.id = a.topup_id"
            " WHERE t.access_token = %s ORDER BY a.number",
            order.token,
        )

    def entries(self, order):
        """Return the kinds of the order's ledger entries, sorted."""
        rows = self.sql(
            "SELECT kind FROM pg_ledger_entry WHERE subject = %s", self.topup(order)["uuid"]
        )
        return sorted(row["kind"] for row in rows)

    def transfers(self, order):
        """Return what the supplier executed for the order."""
        reference = self.topup(order)["supplier_reference"]
        return [
            transfer
            for transfer in self.sandbox.transfers(self.ding)
            if transfer["distributor_ref"] == reference
        ]

    def sends(self, order):
        """Return the SendTransfer calls that reached the supplier for the order."""
        reference = self.topup(order)["supplier_reference"]
        calls = self.sandbox.calls(self.ding, method="SendTransfer")
        return [call for call in calls if reference in str(call)]

    def refunds(self, order):
        intent = self.sql(
            "SELECT pg_payment_ref FROM payment_transaction WHERE pg_checkout_ref = %s",
            order.session,
        )[0]["pg_payment_ref"]
        return [
            refund
            for refund in self.sandbox.refunds(self.stripe)
            if refund["payment_intent"] == intent
        ]

    def documents(self, order):
        """Return MongoDB's documents of the order, in the order of the chain."""
        query = {"subject": self.topup(order)["uuid"]}
        return list(self.mongo.ledger.events.find(query).sort("_id", 1))

    def wait_until(self, check, timeout=30, what=""):
        """Wait until a check gives something true; return it."""
        end = time.monotonic() + timeout
        while True:
            found = check()
            if found:
                return found
            assert time.monotonic() < end, f"not within {timeout} s: {what or check}"
            time.sleep(0.1)

    # === TIME === #

    def run_cron(self, module, name):
        """Let the next run of a scheduled action be now."""
        self.sql(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id = (SELECT res_id"
            " FROM ir_model_data WHERE module = %s AND name = %s)",
            module,
            name,
        )
        wake_crons(self.stack.settings)

    def let_lease_end(self, order):
        """Let the time pass after which a dead worker's attempt is nobody's any more."""
        self.sql(
            "UPDATE pg_topup_attempt SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 s'"
            " WHERE state = 'sending' AND topup_id = %s",
            self.topup(order)["id"],
        )

    # === ASSERTING === #

    def assert_sold_once(self, order):
        """The truth of a delivered sale: one transfer, one delivery in the books, no refund."""
        assert len(self.transfers(order)) == 1
        assert self.topup(order)["state"] == "completed"
        assert self.entries(order) == ["delivered", "fee", "paid"]
        assert self.refunds(order) == []

    def assert_nothing_happened(self, order):
        """Neither money nor airtime moved."""
        assert self.transfers(order) == []
        assert self.entries(order) == []


@pytest.fixture(scope="session")
def platform():
    if "PG_ROOT" not in os.environ:
        pytest.skip("no platform runs here: use make test")
    return Platform()


@pytest.fixture(autouse=True)
def clean(platform):
    """Leave no fault and no switch of one test to the next, and Odoo running.

    All tests come from one address: what one has used up of a limit is forgotten for the next.
    """
    platform.sql("DELETE FROM pg_rate_limit")
    yield
    platform.sandbox.clear_faults(platform.ding)
    platform.sandbox.clear_faults(platform.stripe)
    platform.sandbox.webhooks(platform.stripe, hold=False, duplicate=0, reorder=False, delay=0)
    platform.stack.start("odoo")
