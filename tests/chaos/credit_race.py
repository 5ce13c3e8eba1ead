"""Many sessions that spend one customer's credit at the same moment, each on its own connection.

    PG_… python -m tests.inside tests.chaos.credit_race ORDERS COVERED

Prints one JSON object: {"paid", "refused", "unexpected", "balance", "movements"}.
"""

import json
import sys
import threading
import uuid
from collections import Counter
from decimal import Decimal

from odoo.addons.pg_base.tools.steps import run_step, step
from odoo.exceptions import UserError

from tests.chaos.orders import RANGE_SKU, SLUG
from tests.inside import open_registry


def place(env, email):
    """Place an order of two dollars' credit for a customer with an address."""
    company = env["res.company"]._pg_from_slug(SLUG)
    offer = env["product.template"].search(
        [("company_id", "=", company.id), ("pg_sku_id.code", "=", RANGE_SKU)], limit=1
    )
    return (
        env["pg.topup"]
        .with_company(company)
        ._place(
            company=company,
            offer=offer,
            number="+67571" + f"{uuid.uuid4().int % 10**6:06d}",
            send_value=Decimal("2"),
            client_key=uuid.uuid4().hex,
            email=email,
        )
    )


def give(env, email, covered):
    """Give credit for so many orders; return what one costs."""
    topup = place(env, email)
    provider = env["payment.provider"]._pg_get_credit(topup.company_id)
    amount = Decimal(str(topup.amount))
    env["pg.credit"]._move(topup._create_payment(provider), topup, amount * covered)
    return topup.partner_id.id, topup.company_id.id


def spend(registry, barrier, topup_id, counts):
    """Pay one order with credit, as a request does: run again when it lost a race."""

    def work(env):
        topup = env["pg.topup"].browse(topup_id)
        topup._pay_with_credit(topup.partner_id)

    barrier.wait()
    try:
        run_step(registry, work, tries=20)
        counts["paid"] += 1
    except UserError:
        counts["refused"] += 1
    except Exception as error:
        counts[f"unexpected {type(error).__name__}: {error}"[:200]] += 1


def main():
    orders, covered = int(sys.argv[1]), int(sys.argv[2])
    registry, email, counts = open_registry(), f"{uuid.uuid4().hex}@customer.example", Counter()
    with step(registry) as env:
        partner_id, company_id = give(env, email, covered)
    ids = []
    for _index in range(orders):
        with step(registry) as env:
            ids.append(place(env, email).id)
    barrier = threading.Barrier(orders * 2)
    # Each order twice: two clicks pay once.
    threads = [
        threading.Thread(target=spend, args=(registry, barrier, id_, counts)) for id_ in ids * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with step(registry) as env:
        company = env["res.company"].browse(company_id)
        partner = env["res.partner"].browse(partner_id)
        moved = env["pg.credit"].search([("partner_id", "=", partner_id)])
        answer = {
            "counts": counts,
            "balance": str(partner._pg_credit_balance(company)),
            "spent": len(moved.filtered(lambda m: m.kind == "spent")),
            "paid": len(env["pg.topup"].browse(ids).filtered("paid_at")),
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
