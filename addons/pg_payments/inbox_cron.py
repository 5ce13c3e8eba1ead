"""The cron's part of the inbox: what a burst, a crash or a busy moment has left.

It asks several gateways at the same time, since most of its time it waits for answers; news of one
payment stays one after the other. News of several payments shares a database transaction: a third
of the work is reading anew, for each transaction, what is the same for all of them. They are of one
account: a gateway that keeps us waiting holds the payments of no other seller.
"""

import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from odoo.addons.pg_base.tools import steps
from odoo.sql_db import Cursor

from .exceptions import EventFault
from .inbox import CALM, CRON, PLACES, QUIET, let_account_rest_after, process

_logger = logging.getLogger(__name__)

#: Seconds for which one run of the cron works off news.
CRON_SECONDS = 30.0

#: Threads of the cron, each with a connection of its own, and how much it takes on at a time.
LANES = 4
BATCH = 192

#: Payments whose news shares a database transaction, and seconds after which it takes on no more:
#: their payers' pages wait for its end.
TOGETHER = 16
TOGETHER_SECONDS = 2.0

#: The cron gives way to a burst: it looks again after WAY seconds, until no more than STRAY events
#: came in between; in one run it looks WAYS times at most.
WAY = 0.1
STRAY = 1
WAYS = 20

FIND_BATCH = """
    SELECT id, provider_id,
           COALESCE(NULLIF(reference, ''), NULLIF(checkout_ref, ''), payment_ref, id::text)
      FROM pg_payment_event WHERE state = 'new' AND NOT id = ANY(%s) ORDER BY id LIMIT %s"""
FIND_NEWEST = "SELECT COALESCE(max(id), 0) FROM pg_payment_event"
COUNT_SINCE = "SELECT count(*), COALESCE(max(id), %s) FROM pg_payment_event WHERE id > %s"


def work_off_all(env):
    """Process everything that is new, from the cron; return whether something is left."""
    tried, ways = [], WAYS
    end, todo = time.monotonic() + CRON_SECONDS, True
    with _open_lanes(env) as lanes:
        while todo and time.monotonic() < end:
            with steps.step(env) as guard:
                # Waits for those who only look.
                guard.cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PLACES, CRON])
                while (todo := _find_batch(env, tried)) and time.monotonic() < end:
                    if len(todo) > CALM:
                        ways = _give_way(env, ways)
                    _process_batch(env.registry, todo, tried, lanes, end)
            todo = _find_batch(env, tried)
    return bool(todo)


def _open_lanes(env):
    """Return the executor of the lanes as a context; that of none in Odoo's test cursors, which are
    one connection: the caller's thread is the lane."""
    with steps.step(env) as probe:
        is_real = type(probe.cr) is Cursor
    return ThreadPoolExecutor(LANES, "pg-inbox") if is_real else nullcontext()


def _process_batch(registry, todo, tried, lanes, end):
    """Process events, those of one payment one after the other, until the time is over.

    :param todo: an event's id, its account's and what names its payment, each.
    :param list tried: takes the ids of those that were begun.
    :param lanes: an executor, or None for the caller's thread.
    """

    def work(ids):
        if time.monotonic() < end:
            _process_together(registry, ids, tried, end)

    # What one lane raises comes out here, after all have ended.
    shares = _share_out(todo)
    list(lanes.map(work, shares) if lanes else map(work, shares))


def _share_out(todo):
    """Return lists of the ids of events that are processed together: of one account, of TOGETHER
    payments at most, of fewer when that gives work to all lanes."""
    accounts = defaultdict(lambda: defaultdict(list))
    for event_id, provider_id, payment in todo:
        accounts[provider_id][payment].append(event_id)
    shares = []
    for payments in accounts.values():
        size = min(TOGETHER, -(-len(payments) // LANES))
        ids = list(payments.values())
        shares += [sum(ids[i : i + size], []) for i in range(0, len(ids), size)]
    return shares


def _process_together(registry, ids, tried, end):
    """Process events in one database transaction; when one breaks, the others one by one.

    :param list tried: takes the ids of those that were begun.
    """
    try:
        tried += steps.run_step(registry, _handle_together, ids, tries=1, context=QUIET)
        return
    except EventFault as fault:
        _logger.info("%s payment events are processed one by one", len(ids))
        tried.append(fault.event_id)
        steps.run_step(registry, _keep_fault, fault)
        let_account_rest_after(registry, fault.event_id, fault.seconds)
    except Exception as error:
        # Another transaction is in the way, or what only their common end has shown.
        _logger.info("%s payment events one by one: %s", len(ids), type(error).__name__)
    for event_id in ids:
        if event_id not in tried and time.monotonic() < end:
            tried.append(event_id)
            process(registry, event_id)


def _handle_together(env, ids):
    events = env["pg.payment.event"].browse(ids).try_lock_for_update()
    done = events.filtered(lambda event: event._is_due())._handle_together(TOGETHER_SECONDS)
    # Those in somebody else's hands are left to him.
    return [*done.ids, *(set(ids) - set(events.ids))]


def _keep_fault(env, fault):
    event = env["pg.payment.event"].browse(fault.event_id).try_lock_for_update()
    if event._is_due():
        event._keep_fault(fault.__cause__)


def _give_way(source, ways, pause=time.sleep):
    """Wait until no more of a burst comes in, but look so many times at most.

    :param pause: what passes the seconds given to it.
    :return: how many times are left.
    """
    newest, came = _read_one(source, FIND_NEWEST)[0], STRAY + 1
    while ways and came > STRAY:
        pause(WAY)
        ways -= 1
        came, newest = _read_one(source, COUNT_SINCE, newest, newest)
    return ways


def _find_batch(env, tried):
    with steps.step(env) as look:
        look.cr.execute(FIND_BATCH, [tried, BATCH])
        return look.cr.fetchall()


def _read_one(source, query, *values):
    with steps.step(source) as env:
        env.cr.execute(query, values)
        return env.cr.fetchone()
