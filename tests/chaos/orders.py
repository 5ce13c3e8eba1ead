"""Places orders and opens their payment pages, inside Odoo, in a process of its own.

Says that it is ready, then reads one order a line and writes one answer a line: {"key", "session",
"token"}. Goes on through deaths of the database: the same key is the same order.
"""

import json
import sys
import time
from decimal import Decimal

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError

from tests.inside import open_registry

PATIENCE = 120
SLUG = "island-mobile"
BATCH_SKU, RANGE_SKU = "DCPG51880", "PG_DC_TopUp"


def place(env, order):
    """Place one order and open its payment page."""
    company = env["res.company"]._pg_from_slug(SLUG)
    code = BATCH_SKU if order["is_batch"] else RANGE_SKU
    offer = env["product.template"].search(
        [("company_id", "=", company.id), ("pg_sku_id.code", "=", code)], limit=1
    )
    provider = env["payment.provider"].search(
        [("code", "=", "stripe_checkout"), ("company_id", "=", company.id)], limit=1
    )
    topup = (
        env["pg.topup"]
        .with_company(company)
        ._place(
            company=company,
            offer=offer,
            number=order["number"],
            send_value=None if order["is_batch"] else Decimal("2"),
            client_key=order["key"],
            confirmed=True,
        )
    )
    if topup.state == "pending":
        topup._start_payment(provider)
    payment = topup.payment_tx_ids[-1:]
    return {
        "key": order["key"],
        "session": payment.pg_checkout_ref,
        "token": topup.access_token,
    }


def place_stubbornly(registry, order):
    """Place an order, again from the start while the database is away."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with registry.cursor() as cr:
                answer = place(api.Environment(cr, SUPERUSER_ID, {}), order)
                cr.commit()
                return answer
        except (psycopg2.Error, ConcurrencyError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def main():
    registry = open_registry()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = place_stubbornly(registry, order)
        except Exception as error:
            answer = {"key": order["key"], "error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
