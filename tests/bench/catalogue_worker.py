"""One part of the catalogue's measurement, inside Odoo, in a process of its own.

Reads {"url", "api_key"} from its input; its last line is a JSON object of figures.
"""

import json
import logging
import random
import sys
import time
from pathlib import Path

import odoo.sql_db
import phonenumbers
from odoo import SUPERUSER_ID, api

from tests.bench import catalogue_load, catalogue_screens
from tests.inside import open_registry

CATALOGUE_TABLES = (
    "pg_sku",
    "pg_mobile_operator",
    "pg_sku_price",
    "pg_promotion",
    "pg_region",
    "pg_country",
    "pg_operator_region_rel",
)
LOOKUPS = 400
OFFERS = 400
NAME = "Bench"


def environment(cr):
    """Return the superuser's environment on a cursor."""
    return api.Environment(cr, SUPERUSER_ID, {})


def say(text):
    """Print a line for the person who waits."""
    print(text, flush=True)


# === MEMORY AND ROWS === #


def memory_mb(name):
    """Return a figure of /proc/self/status in MB: VmRSS now, VmHWM the most since the reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(name)


def reset_peak():
    """Let the kernel measure the most memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def row_places(registry):
    """Return where PostgreSQL keeps each row of the catalogue and who wrote it."""
    places = {}
    with registry.cursor() as cr:
        for table in CATALOGUE_TABLES:
            key = "id" if table != "pg_operator_region_rel" else "(operator_id, region_id)"
            cr.execute(f"SELECT {key}::text, ctid::text, xmin::text FROM {table}")
            places |= {(table, row_id): place for row_id, *place in cr.fetchall()}
    return places


def count_written(before, after):
    """Return how many rows are new, elsewhere or gone."""
    return sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())


# === SYNC === #


def measure_sync(registry, account):
    """Sync twice in the steps of the cron, with its progress."""
    supplier_id = make_supplier(registry, account)
    idle = memory_mb("VmRSS")
    figures = {"idle_mb": round(idle)}
    for label in ("cold", "resync"):
        before = row_places(registry)
        reset_peak()
        queries, started = odoo.sql_db.sql_counter, time.monotonic()
        with registry.cursor() as cr:
            environment(cr)["pg.supplier"]._sync_in_steps(supplier_id)
        figures[f"{label}_s"] = round(time.monotonic() - started, 2)
        figures[f"{label}_queries"] = odoo.sql_db.sql_counter - queries
        figures[f"{label}_extra_mb"] = round(memory_mb("VmHWM") - idle)
        figures[f"{label}_rows_written"] = count_written(before, row_places(registry))
        with registry.cursor() as cr:
            supplier = environment(cr)["pg.supplier"].browse(supplier_id)
            if supplier.sync_state != "done":
                raise SystemExit(f"The sync failed: {supplier.sync_message}")
            say(f"{label}: {supplier.sync_message}")
    figures["peak_extra_mb"] = max(figures["cold_extra_mb"], figures["resync_extra_mb"])
    return figures | count_rows(registry, supplier_id)


def make_supplier(registry, account):
    """Return the id of a new supplier that is not connected to anything else."""
    with registry.cursor() as cr:
        env = environment(cr)
        env["res.currency"].with_context(active_test=False).search([]).active = True
        return (
            env["pg.supplier"]
            .create(
                {
                    "name": NAME,
                    "code": "dingconnect",
                    "company_id": False,
                    "base_url": account["url"],
                    "ding_api_key": account["api_key"],
                }
            )
            .id
        )


def count_rows(registry, supplier_id):
    """Return how large the catalogue is."""
    with registry.cursor() as cr:
        env, mine = environment(cr), [("supplier_id", "=", supplier_id)]
        models = ("pg.sku", "pg.operator", "pg.country", "pg.promotion")
        return {f"{model[3:]}_count": env[model].search_count(mine) for model in models}


# === ODOO'S LOAD === #


def measure_load(registry, account):
    """Write the same operators, SKUs and prices for two new suppliers: by our sync, by load()."""
    from odoo.addons.pg_catalog.tools.feed import Scope, fetch

    with registry.cursor() as cr:
        env = environment(cr)
        source = env["pg.supplier"].search([("name", "=", NAME)])
        feed = fetch(source._get_port(), Scope(languages=("en",), reference=False))
        ours, theirs = env["pg.supplier"].create([{"name": "Ours"}, {"name": "Theirs"}]).ids
    started = time.monotonic()
    with registry.cursor() as cr:
        environment(cr)["pg.supplier"].browse(ours)._apply_feed(feed)
    figures = {"write_s": round(time.monotonic() - started, 2)}
    say(f"write: {len(feed.skus)} SKUs in {figures['write_s']} s")
    with registry.cursor() as cr:
        rows = catalogue_load.rows_to_load(environment(cr), ours)
    started = time.monotonic()
    with registry.cursor() as cr:
        catalogue_load.load_rows(environment(cr), theirs, *rows)
    figures["load_s"] = round(time.monotonic() - started, 2)
    say(f"load(): {len(feed.skus)} SKUs in {figures['load_s']} s")
    return figures


# === NUMBERS === #


def measure_lookup(registry, account):
    """Match numbers of all countries, each in a cursor of its own as a request would."""
    numbers = make_numbers()
    with registry.cursor() as cr:
        company_id = make_seller(environment(cr)).id
    times, found = [], 0
    for number in numbers:
        with registry.cursor() as cr:
            env = environment(cr)
            company = env["res.company"].browse(company_id)
            started = time.perf_counter()
            match = env["pg.operator"]._match_number(company, number)
            found += bool(match.operators)
            env.flush_all()
            times.append((time.perf_counter() - started) * 1000)
            cr.rollback()
    ordered = sorted(times)
    figures = {
        "lookups": len(times),
        "lookups_found": found,
        "lookup_p50_ms": round(ordered[len(ordered) // 2], 1),
        "lookup_p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        "lookup_max_ms": round(ordered[-1], 1),
    }
    say(f"numbers: {found} of {len(times)} have operators")
    return figures


def make_numbers():
    """Return valid mobile numbers of many countries, the same ones each time."""
    chance, numbers = random.Random(1), []
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    while len(numbers) < LOOKUPS:
        region = chance.choice(regions)
        number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if not number:
            continue
        number.national_number += chance.randint(0, 99)
        if phonenumbers.is_valid_number(number):
            e164 = phonenumbers.PhoneNumberFormat.E164
            numbers.append(phonenumbers.format_number(number, e164))
    return numbers


def make_seller(env):
    """Return a company that sells some hundred SKUs."""
    usd = env.ref("base.USD")
    company = env["res.company"].create(
        {"name": NAME, "currency_id": usd.id, "country_id": env.ref("base.pg").id}
    )
    domain = [
        ("supplier_id.name", "=", NAME),
        ("send_currency_id", "=", usd.id),
        ("kind", "in", ("topup", "data", "bundle")),
    ]
    skus = env["pg.sku"].search(domain, order="id")
    chosen = skus[:: max(len(skus) // OFFERS, 1)]
    env["product.template"].create(
        [{"pg_sku_id": sku.id, "company_id": company.id} for sku in chosen]
    )
    return company


# === SCREENS === #


def measure_screens(registry, account):
    """Open each screen as a manager of the seller of the look-ups, with an empty cache."""
    with registry.cursor() as cr:
        env = environment(cr)
        company = env["res.company"].search([("name", "=", NAME)], order="id desc", limit=1)
        user_id = catalogue_screens.make_manager(env, company).id
    times = catalogue_screens.measure(registry.cursor, environment, user_id)
    for name, milliseconds in sorted(times.items(), key=lambda item: -item[1]):
        say(f"screen: {name} {milliseconds} ms")
    return {"slowest_screen_ms": max(times.values())}


PARTS = {
    "sync": measure_sync,
    "load": measure_load,
    "lookup": measure_lookup,
    "screens": measure_screens,
}

if __name__ == "__main__":
    logging.disable(logging.INFO)
    figures = PARTS[sys.argv[1]](open_registry(), json.load(sys.stdin))
    print(json.dumps(figures), flush=True)
