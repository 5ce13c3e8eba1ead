"""Stripe's events."""

import copy

from sandbox import delivery
from sandbox.merchant import public
from sandbox.stripe.account import API_VERSION, new_id, now


def emit(account, events):
    """Write events and send them to the endpoints that listen.

    :param events: [(type, object)] of one happening, in order; the object is copied as it is now
    """
    batch = []
    for kind, subject in events:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": now(),
            "data": {"object": copy.deepcopy(public(subject))},
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        event["pending_webhooks"] = len(account.listeners(event))
        account.put("event", event)
        batch.append(event)
    delivery.send(account, batch)
