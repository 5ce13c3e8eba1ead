"""Posts entries until it is killed: ``python -m tests.inside tests.chaos.ledger_poster SEED``.

With ``companies`` for a seed it makes two more companies and ends.

Some transactions are rolled back, some last so long that they are committed out of the order of
their numbers, some subjects get several entries. A line is printed for each commit that is known.
"""

import random
import sys
import time
import uuid
from decimal import Decimal

import psycopg2
from odoo.addons.pg_base.tools.steps import step
from odoo.addons.pg_ledger.postings import Posting

from tests.inside import open_registry

ROLLBACKS, LONG_ONES = 0.05, 0.1


class _RolledBack(Exception):
    """What a sale that fails does to its transaction."""


def post(env, chance):
    """Post one to three entries of one subject."""
    company = env["res.company"].browse(chance.choice(COMPANIES))
    subject, currency = str(uuid.uuid4()), company.currency_id.name
    for _number in range(chance.randrange(1, 4)):
        amount = Decimal(chance.randrange(1, 10**6)) / 10**4
        env["pg.ledger.entry"]._post(
            company=company,
            kind="paid",
            key=f"chaos:{uuid.uuid4()}",
            subject=subject,
            subject_ref=f"T-{subject[:8].upper()}",
            payload={"channel": "chaos"},
            postings=[
                Posting("gateway:stripe_checkout", amount, currency, amount),
                Posting("customer", -amount, currency, -amount),
            ],
        )
    if chance.random() < LONG_ONES:
        time.sleep(chance.uniform(0, 0.3))
    if chance.random() < ROLLBACKS:
        raise _RolledBack


def main():
    chance, registry = random.Random(sys.argv[1]), open_registry()
    if sys.argv[1] == "companies":
        with step(registry) as env:
            env["res.company"].create([{"name": "Chaos 1"}, {"name": "Chaos 2"}])
        return
    with step(registry) as env:
        COMPANIES.extend(env["res.company"].search([], limit=3).ids)
    while True:
        try:
            with step(registry) as env:
                post(env, chance)
            sys.stdout.write("committed\n")
            sys.stdout.flush()
        except _RolledBack:
            continue
        except psycopg2.Error as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            time.sleep(0.2)
        time.sleep(0.01)


COMPANIES = []
if __name__ == "__main__":
    main()
