"""PGPay's events: written, delivered, listed."""

import copy
from datetime import datetime

from sandbox import delivery
from sandbox.merchant import public
from sandbox.pgpay import checks
from sandbox.pgpay.account import API_VERSION, new_id, stamp
from sandbox.pgpay.errors import PgpayError


def emit(account, happenings):
    """Write events and send them.

    :param happenings: [(type, object)] in order; the object is copied as it is now
    """
    batch = []
    for kind, subject in happenings:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "type": kind,
            "livemode": False,
            "api_version": API_VERSION,
            "created_at": stamp(),
            "data": {"object": copy.deepcopy(public(subject))},
        }
        batch.append(account.put("event", event))
    delivery.send(account, batch)


def page(account, query):
    """Return the events since a moment, oldest first.

    :param query: mapping with ``since``, ``starting_after``, ``limit``
    :raise PgpayError: when one of them is not valid
    """
    checks.required(query, "since")
    since = _moment(query["since"], "since")
    try:
        limit = int(query.get("limit", 50))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 100:
        raise PgpayError("parameter_invalid", "limit must be from 1 to 100", "limit")
    rows = list(account.shelves["event"].values())
    after = query.get("starting_after")
    if after:
        ids = [row["id"] for row in rows]
        if after not in ids:
            raise PgpayError("parameter_invalid", "no such event", "starting_after")
        rows = rows[ids.index(after) + 1 :]
    rows = [row for row in rows if _moment(row["created_at"], "since") >= since]
    return {"data": rows[:limit], "has_more": len(rows) > limit}


def _moment(text, name):
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PgpayError("parameter_invalid", f"{name} must be a moment with its zone", name)
    return moment
