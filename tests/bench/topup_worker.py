"""One part of the top-up's measurement, inside Odoo, in a process of its own.

    python -m tests.inside tests.bench.topup_worker PART

Reads a JSON object, its last line is one, too. The parts are the functions below whose names
begin with ``part_``.
"""

import json
import os
import statistics
import sys
import time
from decimal import Decimal

from odoo.addons.pg_base.tools.steps import step

from tests.inside import open_registry

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_notrack": True}


# === ODOO'S OWN SALE === #


def part_sale_order(values):
    """Confirm paid quotations one by one, as Odoo does after a payment; return sales per second.

    Timed: the payment becomes done, post-processing confirms the order, the commit. Not timed:
    making the quotation and the transaction. Mails and PDFs are put off by ``sale.async_emails``.
    """
    registry = open_registry(values["database"])
    with step(registry) as env:
        ids = _make_quotations(env, values["count"] + 5)
    times = []
    for transaction_id in ids:
        started = time.perf_counter()
        with step(registry) as env:
            transaction = env["payment.transaction"].browse(transaction_id)
            data = {"reference": transaction.reference, "simulated_state": "done"}
            transaction._process("demo", data)
            transaction._post_process()
        times.append(time.perf_counter() - started)
    times = times[5:]
    with step(registry) as env:
        orders = env["payment.transaction"].browse(ids).sale_order_ids
        assert set(orders.mapped("state")) == {"sale"}, orders.mapped("state")
    return {"sale_orders_per_s": len(times) / sum(times), "sale_orders": len(times)}


def _make_quotations(env, count):
    env["ir.config_parameter"].set_param("sale.async_emails", "True")
    provider = env.ref("payment.payment_provider_demo")
    provider.write({"state": "test", "is_published": True})
    method = provider.with_context(active_test=False).payment_method_ids[:1]
    partner = env["res.partner"].create({"name": "Bench", "email": "bench@customer.example"})
    product = env["product.product"].create(
        {"name": "Minutes", "type": "service", "list_price": 10, "invoice_policy": "order"}
    )
    ids = []
    for index in range(count):
        order = env["sale.order"].create(
            {
                "partner_id": partner.id,
                "require_payment": True,
                "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 1})],
            }
        )
        transaction = env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": f"BENCH-{os.getpid()}-{index}",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": partner.id,
                "operation": "online_redirect",
                "sale_order_ids": [(6, 0, order.ids)],
            }
        )
        ids.append(transaction.id)
    return ids


# === OURS === #


def _shop(env):
    company = env["res.company"]._pg_from_slug("island-mobile")
    offer = env["product.template"].search(
        [("company_id", "=", company.id), ("pg_sku_id.code", "=", "PG_DC_TopUp")], limit=1
    )
    provider = env["payment.provider"].search(
        [("code", "=", "stripe_checkout"), ("company_id", "=", company.id)], limit=1
    )
    return company, offer, provider


def _place(env, shop, key, index):
    company, offer, _provider = shop
    return (
        env["pg.topup"]
        .with_company(company)
        ._place(
            company=company,
            offer=offer,
            number=f"+67573{index % 10**6:06d}",
            send_value=Decimal("2"),
            client_key=key,
            confirmed=True,
        )
    )


def part_place(values):
    """Place orders and open their payment pages; return the pages."""
    registry, sessions = open_registry(values["database"]), []
    for index in range(values["count"]):
        with step(registry) as env:
            shop = _shop(env)
            topup = _place(env, shop, f"{values['key']}-{index}", index)
            topup._start_payment(shop[2])
            sessions.append(topup.payment_tx_ids.pg_checkout_ref)
    return {"sessions": sessions}


def part_queue(values):
    """Make paid top-ups that are sent from one moment on; return that moment's top-ups' ids."""
    registry, ids = open_registry(values["database"]), []
    for begin in range(0, values["count"], 50):
        with step(registry, context=QUIET) as env:
            shop = _shop(env)
            for index in range(begin, min(begin + 50, values["count"])):
                topup = _place(env, shop, f"{values['key']}-{index}", index)
                topup._set_state("paid")
                ids.append(topup.id)
    return {"ids": ids}


def part_cost(values):
    """Return the median milliseconds of one top-up from order to entry, without any network.

    Placed, paid (with its ledger entry), claimed, settled as delivered (with its entry): four
    database transactions, as in life. The supplier's answer is made up on the spot.
    """
    from odoo.addons.pg_catalog.ports import COMPLETED, TransferRecord

    registry = open_registry(values["database"])
    samples = {"place": [], "paid": [], "claim": [], "settle": [], "all": []}
    for index in range(values["count"] + 10):
        marks = [time.perf_counter()]
        with step(registry, context=QUIET) as env:
            shop = _shop(env)
            topup = _place(env, shop, f"{values['key']}-{index}", index)
            transaction = topup._create_payment(shop[2])
            topup_id, transaction_id = topup.id, transaction.id
        marks.append(time.perf_counter())
        with step(registry, context=QUIET) as env:
            env["payment.transaction"].browse(transaction_id)._set_done()
        marks.append(time.perf_counter())
        with step(registry, context=QUIET, read_committed=True) as env:
            [job] = env["pg.topup"]._claim_sends(1)
        marks.append(time.perf_counter())
        with step(registry, context=QUIET) as env:
            request = job.request
            record = TransferRecord(
                reference=request.reference,
                transfer_ref=f"B{topup_id}",
                state=COMPLETED,
                sku_code=request.sku_code,
                account_number=request.account_number,
                send_value=request.send_value,
                send_currency=request.send_currency,
                receive_value=None,
                receive_currency="PGK",
            )
            env["pg.topup"]._settle_send(job.attempt_id, record)
        marks.append(time.perf_counter())
        for name, begin, end in zip(samples, marks, marks[1:], strict=False):
            samples[name].append((end - begin) * 1000)
        samples["all"].append((marks[-1] - marks[0]) * 1000)
    return {name: round(statistics.median(times[10:]), 2) for name, times in samples.items()}


def part_fill(values):
    """Fill the tables of sales up to a number of rows, by copies of a delivered one."""
    registry = open_registry(values["database"])
    with registry.cursor() as cr:
        cr.execute("SELECT count(*) FROM pg_topup")
        [have] = cr.fetchone()
        missing = max(0, values["rows"] - have)
        cr.execute("SELECT max(id) FROM pg_topup WHERE state = 'completed'")
        [model] = cr.fetchone()
        started = time.monotonic()
        # Copies of rows that stand: nothing of them need be checked again, a million times.
        cr.execute("SET LOCAL session_replication_role = replica")
        _fill_topups(cr, model, have, missing)
        cr.execute("ANALYZE pg_topup")  # or the planner takes it for as small as it was
        _fill_payments(cr, model)
        _fill_children(cr, model)
        cr.commit()
    with registry.cursor() as cr:
        cr._cnx.autocommit = True
        for table in ("pg_topup", "pg_topup_attempt", "pg_topup_event", "payment_transaction"):
            cr.execute(f"VACUUM ANALYZE {table}")
    return {"added": missing, "seconds": round(time.monotonic() - started)}


def _columns(cr, table, replaced):
    """Return (columns, expressions) of a row's copy with some columns replaced."""
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = 'public' AND column_name <> 'id'",
        [table],
    )
    names = [name for (name,) in cr.fetchall()]
    quoted = ", ".join(f'"{name}"' for name in names)
    return quoted, ", ".join(replaced.get(name, f'm."{name}"') for name in names)


def _fill_topups(cr, model, have, missing):
    """Copy one sale many times, spread over a year, all ended; numbered after those there are."""
    replaced = {
        "name": "'B-' || g",
        "uuid": "gen_random_uuid()::text",
        "access_token": "md5(random()::text || g)",
        "client_key": "'fill-' || g",
        "supplier_reference": "md5('r' || g)",
        "transfer_ref": "'F' || g",
        "number": "'+6757' || lpad((g %% 9999999)::text, 7, '0')",
        "create_date": "m.create_date - (g %% 365) * interval '1 day'",
        "business_date": "m.business_date - (g %% 365)::int",
        "payment_tx_id": "NULL",
    }
    columns, values = _columns(cr, "pg_topup", replaced)
    cr.execute(
        f"INSERT INTO pg_topup ({columns}) SELECT {values} FROM pg_topup m,"
        " generate_series(%s, %s) g WHERE m.id = %s",
        [have + 1, have + missing, model],
    )


def _fill_payments(cr, model):
    replaced = {
        "reference": "'F-' || t.id",
        "provider_reference": "'pf' || t.id",
        "pg_checkout_ref": "'cs_f' || t.id",
        "pg_payment_ref": "'pi_f' || t.id",
        "pg_topup_id": "t.id",
    }
    columns, values = _columns(cr, "payment_transaction", replaced)
    cr.execute(
        f"INSERT INTO payment_transaction ({columns}) SELECT {values}"
        " FROM (SELECT * FROM payment_transaction WHERE pg_topup_id = %s LIMIT 1) m, pg_topup t"
        " WHERE t.client_key LIKE 'fill-%%' AND NOT EXISTS ("
        "   SELECT FROM payment_transaction p WHERE p.pg_topup_id = t.id)",
        [model],
    )
    cr.execute(
        "UPDATE payment_transaction SET pg_next_poll_at = NULL WHERE reference LIKE 'F-%'"
        " AND pg_next_poll_at IS NOT NULL"
    )


def _fill_children(cr, model):
    for table in ("pg_topup_attempt", "pg_topup_event"):
        columns, values = _columns(cr, table, {"topup_id": "t.id"})
        cr.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values}"
            f" FROM (SELECT * FROM {table} WHERE topup_id = %s) m, pg_topup t"
            " WHERE t.client_key LIKE 'fill-%%' AND NOT EXISTS ("
            f"   SELECT FROM {table} p WHERE p.topup_id = t.id)",
            [model],
        )


def main():
    part, values = sys.argv[1], json.load(sys.stdin)
    print(json.dumps(globals()[f"part_{part}"](values)))


if __name__ == "__main__":
    main()
