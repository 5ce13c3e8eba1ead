"""`make demo`: buys one top-up through the running platform, as a customer would, over HTTP.

Storefront, payment page of the sandbox, webhook, dispatcher, DingConnect's sandbox, ledger,
MongoDB. Prints the story with times, ids and amounts.
"""

import json
import os
import sys
import time
from pathlib import Path

import pymongo
from bson import json_util

from sandbox.client import SandboxClient
from scripts.backoffice import BackOffice
from scripts.common import main, say
from scripts.customer import Customer

SLUG, NUMBER = "island-mobile", "7012 3456"
LOGIN, PASSWORD = "operator@island-mobile", "minutes-demo"
WAIT = 60


def entry():
    """Sell once and tell it; 1 when the top-up did not arrive."""
    started = time.monotonic()
    base_url, sandbox = os.environ["PG_BASE_URL"], SandboxClient(os.environ["PG_SANDBOX_URL"])

    def tell(text):
        say(f"{time.monotonic() - started:6.2f} s  {text}")

    customer = Customer(base_url, SLUG)
    tell(f"Customer opens {base_url}/topup/{SLUG} and asks for {NUMBER}")
    order = customer.order(NUMBER, receive=20, email="kila@customer.example")
    tell(f"Ordered: {order.status_url}")
    tell(f"Payment page: {order.pay_url.split('#')[0]}")
    customer.pay(order)
    tell("Paid with the test card 4242 4242 4242 4242")
    status = customer.wait(order, "completed", "refunded", "failed", timeout=WAIT)
    tell(f"The order's page says: {status['title']}")
    topup = show_topup(base_url, order)
    show_transfer(sandbox, topup)
    show_ledger(topup)
    receipt = Path(os.environ["PG_ROOT"]) / f"receipt-{topup['name']}.pdf"
    receipt.write_bytes(customer.receipt(order))
    say(f"\nReceipt: {receipt}")
    say(f"Back office: {base_url}/odoo/top-ups/{topup['id']}  ({LOGIN} / {PASSWORD})")
    return 0 if status["state"] == "completed" else 1


def show_topup(base_url, order):
    """Print what the seller's operator sees; return it."""
    office = BackOffice(base_url, os.environ["PG_DATABASE"], LOGIN, PASSWORD)
    [row] = office.read(
        "payment.transaction",
        [("pg_checkout_ref", "=", order.session)],
        ["reference", "provider_reference", "amount", "pg_topup_id"],
    ) or [None]
    topup = office.topup(row["pg_topup_id"][1])
    say(f"\nTop-up {topup['name']} to {topup['number']} ({topup['operator_id'][1]})")
    say(
        f"  paid {topup['amount']:.2f}, cost {topup['cost']:.2f}, margin {topup['margin']:.2f}, "
        f"recipient gets {topup['receive_value']:.2f}"
    )
    say(f"  payment {row['reference']}, at Stripe {row['provider_reference']}")
    say(f"  supplier's transfer {topup['transfer_ref']}")
    say("\nTimeline (UTC)")
    for event in topup["events"]:
        say(f"  {event['at']}  {event['kind']:8} {event['text']}")
    return topup


def show_transfer(sandbox, topup):
    """Print how often the supplier executed the transfer."""
    found = [
        transfer
        for account in sandbox.accounts("dingconnect")
        for transfer in sandbox.transfers(account)
        if transfer["transfer_ref"] == topup["transfer_ref"]
    ]
    say(f"\nDingConnect's sandbox executed it {len(found)} time(s)")


def show_ledger(topup):
    """Print the entries of the top-up as MongoDB holds them; wait for the mirror a moment."""
    client = pymongo.MongoClient(os.environ["PG_MONGO_URI"], serverSelectionTimeoutMS=3000)
    prefix = os.environ.get("PG_MONGO_DB_PREFIX")
    events = client[f"{prefix}_ledger" if prefix else "ledger"].events
    end = time.monotonic() + WAIT
    query = {"subject": topup["uuid"]}
    while events.count_documents(query) < len(topup["entries"]) and time.monotonic() < end:
        time.sleep(0.2)
    documents = list(events.find(query).sort("_id", 1))
    say(f"\nLedger in MongoDB: {len(documents)} of {len(topup['entries'])} entries")
    for document in documents:
        legs = ", ".join(
            f"{leg['account']} {leg['amount']} {leg['currency']}" for leg in document["postings"]
        )
        say(f"  {document['_id']}  {document['kind']:10} {legs}")
    if documents:
        text = json_util.dumps(documents[-1], json_options=json_util.RELAXED_JSON_OPTIONS)
        say("\nThe last document:")
        say(json.dumps(json.loads(text), indent=2))


if __name__ == "__main__":
    sys.exit(main(entry))
