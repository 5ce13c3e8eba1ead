"""The parts of the ledger's measurement. Imported when Odoo knows where its addons are."""

import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

from odoo.addons.pg_base.tools.steps import step
from odoo.addons.pg_ledger.const import MIRROR_BATCH, MIRROR_WINDOW
from odoo.addons.pg_ledger.postings import Posting
from odoo.addons.pg_ledger.worker import loop
from odoo.addons.pg_ledger.worker.schema import INDEXES, VALIDATOR
from odoo.addons.pg_ledger.worker.store import SURE, open_store

from tests.bench.catalogue_worker import memory_mb, reset_peak, say

FILL_BATCH = 25_000
# Connections that fill side by side.
FILL_THREADS = 2
# Documents that mirror and insert_many are measured with.
RAW_DOCUMENTS = 100_000
SALES = 1500
# Each entry with its two or four legs, by one statement; all triggers are at work.
FILL = """
INSERT INTO pg_ledger_entry (
    uuid, company_id, company_currency_id, company_currency_code, kind, key, subject,
    subject_ref, subject_seq, occurred_at, payload, posting_count, create_uid, create_date,
    leg_accounts, leg_amounts, leg_currencies, leg_values)
SELECT gen_random_uuid()::text, company.id, currency.id, currency.name, entry.kind,
       'bench:pi_' || md5(n::text), gen_random_uuid()::text,
       'T-' || upper(substr(md5(n::text), 1, 8)), 1,
       date_trunc('milliseconds', timestamp '2026-01-01' + n * interval '31.5 seconds'),
       '{"channel":"storefront"}', cardinality(accounts), 1, now() AT TIME ZONE 'UTC',
       accounts, amounts, array_fill(currency.name::text, ARRAY[cardinality(accounts)]), amounts
  FROM generate_series(%s, %s) n
  JOIN (VALUES (0, 'paid', '{gateway:stripe_checkout,customer}'::text[]),
               (1, 'delivered', '{customer,sales,cost,supplier:dingconnect}'))
       AS entry (odd, kind, accounts) ON entry.odd = n %% 2
 CROSS JOIN round((1 + n %% 9000) / 100.0, 2) value
 CROSS JOIN LATERAL (SELECT (ARRAY[value, -value, value, -value])[:cardinality(accounts)])
       AS leg (amounts)
 CROSS JOIN res_company company JOIN res_currency currency ON currency.id = company.currency_id
 WHERE company.id = 1
"""


# === SALE === #


def measure_sale(registry, _entries):
    """Run a sale's transaction with and without the entry, in turns; both commit durably.

    The transaction does what the payment of a top-up does to the database, in small: read the
    company and its currency, lock and change the row, add a line of its story.
    """
    with step(registry) as env:
        partner_id = env["res.partner"].create({"name": "Bench"}).id
    times = {True: [], False: []}
    for number in range(2 * SALES + 40):
        posts = bool(number % 2)
        took = _sell(registry, partner_id, number, posts)
        if number >= 40:  # the connection knows its plans by then
            times[posts].append(took * 1000)
    with_entry, without = (statistics.median(times[posts]) for posts in (True, False))
    for label, posts in (("without", False), ("with", True)):
        parts = statistics.quantiles(times[posts], n=20)
        say(f"sale {label} entry: median {parts[9]:.2f} ms, 95 % below {parts[18]:.2f} ms")
    return {"sale_cost_ms": round(with_entry - without, 2)}


def _sell(registry, partner_id, number, posts):
    """Do one sale; return its seconds, from the start of the transaction to its commit."""
    started = time.perf_counter()
    with step(registry) as env:
        company = env["res.company"].browse(1)
        currency = company.currency_id.name
        partner = env["res.partner"].browse(partner_id)
        partner.lock_for_update()
        partner.ref = f"sale {number}"
        env["mail.message"].create(
            {"model": "res.partner", "res_id": partner_id, "body": f"paid {number}"}
        )
        env.flush_all()
        if posts:
            _post(env, company, currency)
    return time.perf_counter() - started


def _post(env, company, currency):
    amount = Decimal("12.50")
    env["pg.ledger.entry"]._post(
        company=company,
        kind="paid",
        key=f"sale:{uuid.uuid4()}",
        subject=str(uuid.uuid4()),
        subject_ref="T-BENCH",
        payload={"channel": "storefront"},
        postings=[
            Posting("gateway:stripe_checkout", amount, currency, amount),
            Posting("customer", -amount, currency, -amount),
        ],
    )


# === WORKERS === #


def fill(registry, entries):
    """Insert entries past `_post`, guards and checks of the database included."""
    started = time.monotonic()
    with ThreadPoolExecutor(FILL_THREADS) as pool:
        list(pool.map(partial(_fill_batch, registry, entries), range(1, entries + 1, FILL_BATCH)))
    with registry.cursor() as cr:
        cr.execute("ANALYZE")
    say(f"{entries} entries in {time.monotonic() - started:.0f} s")
    return {}


def _fill_batch(registry, entries, first):
    with step(registry) as env:
        env.cr.execute(FILL, [first, min(first + FILL_BATCH - 1, entries)])


def measure_sequencer(registry, _entries):
    """Chain everything that waits."""
    run, started = loop.Run(), time.monotonic()
    loop._sequence(registry, run, lambda: False)
    return {"sequencer_per_s": round(run.chained / (time.monotonic() - started))}


def measure_mirror(registry, entries):
    """Deliver everything; in turns insert the same documents as pymongo does it.

    In turns, so that both meet the same load of the machine. The statistics of the tables are
    fresh, as autovacuum keeps them.
    """
    with registry.cursor() as cr:
        cr.execute("ANALYZE")
    store, run = open_store(), loop.Run()
    store.ensure()
    rivals = {"whole": _make_rival(store, True), "plain": _make_rival(store, False)}
    seconds = dict.fromkeys(("mirror", "whole", "plain"), 0.0)
    while run.delivered < min(RAW_DOCUMENTS, entries):
        start = run.delivered
        seconds["mirror"] += _time(partial(_deliver_window, registry, store, run))
        documents = list(store.events.find().sort("_id").skip(start).limit(run.delivered - start))
        for name, rival in rivals.items():
            seconds[name] += _time(partial(_insert_many, rival, documents))
    rates = {name: run.delivered / spent for name, spent in seconds.items()}
    say(f"mirror: {run.delivered} at {rates['mirror']:.0f}/s")
    say(f"insert_many into the same kind of collection: {rates['whole']:.0f}/s")
    say(f"insert_many without validator and indexes: {rates['plain']:.0f}/s")
    for rival in rivals.values():
        rival.drop()
    loop._deliver(registry, store, run, lambda: False)
    ratio = round(rates["mirror"] / rates["whole"], 2)
    return {"mirror_per_s": round(rates["mirror"]), "ratio_to_insert_many": ratio}


def _deliver_window(registry, store, run):
    wanted = run.delivered + MIRROR_WINDOW
    loop._deliver(registry, store, run, lambda: run.delivered >= wanted)


def _make_rival(store, whole):
    """Return an empty collection, with the ledger's validator and indexes or with neither."""
    settings = {"validator": VALIDATOR} if whole else {}
    collection = store.meta.create_collection(f"rival_{whole}", write_concern=SURE, **settings)
    for keys, choices in INDEXES if whole else ():
        collection.create_index(keys, **choices)
    return collection


def _insert_many(collection, documents):
    for start in range(0, len(documents), MIRROR_BATCH):
        collection.insert_many(documents[start : start + MIRROR_BATCH], ordered=False)


def _time(work):
    """Return how many seconds some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_verify(registry, _entries):
    """Verify the whole ledger as the nightly cron does."""
    with step(registry) as env:
        company = env["res.company"].browse(1)
        run_id = env["pg.ledger.verify"]._queue(company).id
        Verify = env["pg.ledger.verify"]
    idle = memory_mb("VmRSS")
    reset_peak()
    Verify._run(registry, run_id)
    peak = memory_mb("VmHWM")
    with step(registry) as env:
        run = env["pg.ledger.verify"].browse(run_id)
        figures = run.read(["state", "checked_count", "total_count", "seconds"])[0]
    if figures["state"] != "clean" or not figures["checked_count"]:
        raise SystemExit(f"the verification ended as {figures}")
    say(
        f"{figures['checked_count']} documents and {figures['total_count']} totals in"
        f" {figures['seconds']:.1f} s; {peak - idle:.0f} MB above the idle {idle:.0f} MB"
    )
    per_million = figures["seconds"] * 1_000_000 / figures["checked_count"]
    return {"verify_1m_s": round(per_million, 1), "verify_peak_mb": round(peak)}


PARTS = {
    "sale": measure_sale,
    "fill": fill,
    "sequencer": measure_sequencer,
    "mirror": measure_mirror,
    "verify": measure_verify,
}
