"""One run of sequencer and mirror. The cron and the process ``pg_mirror`` both call this."""

import logging
import time
from dataclasses import dataclass

from odoo.addons.pg_base.tools.steps import step
from pymongo.errors import PyMongoError

from ..const import MIRROR_WINDOW, SEQUENCER_BATCH
from .client import NotConfigured
from .mirror import check_heads, deliver_batch
from .reading import read_delivered, use_read_committed
from .sequencer import read_waiting_companies, sequence_company
from .store import open_store

_logger = logging.getLogger(__name__)

# Seconds after which a run ends even when more waits; the next one goes on.
RUN_SECONDS = 50


@dataclass
class Run:
    """What one run did. ``away``: MongoDB gave no good answer, deliver later."""

    chained: int = 0
    delivered: int = 0
    refused: int = 0
    away: bool = False

    @property
    def idle(self):
        """Tell whether there was nothing to do."""
        return not (self.chained or self.delivered or self.refused)


def run_once(registry, *, seconds=RUN_SECONDS, look_ahead=True, should_stop=lambda: False):
    """Chain all waiting entries, then deliver all undelivered links.

    Never raises because MongoDB is away: entries stay where they are, the failure and the time of
    the next attempt are kept in ``pg.ledger.mirror``.

    :param Registry registry: of the database
    :param float seconds: stop after about this long
    :param bool look_ahead: compare the heads of both sides first (a start does)
    :param should_stop: function asked between batches
    :rtype: Run
    """
    run = Run()
    deadline = time.monotonic() + seconds

    def done():
        return should_stop() or time.monotonic() > deadline

    store = _open(registry)
    if store and look_ahead:
        run.away = not _guard(registry, lambda: _check_heads(registry, store))
    _sequence(registry, run, done)
    if store and not run.away:
        run.away = not _guard(registry, lambda: _deliver(registry, store, run, done))
    if store and not run.away:
        project(registry, store, done)
    return run


def _open(registry):
    """Return the store, or None when there is none or a failed worker asked to wait."""
    try:
        store = open_store()
    except NotConfigured:
        return None
    with step(registry) as env:
        return None if env["pg.ledger.mirror"]._is_backing_off() else store


def _guard(registry, work):
    """Run work that talks to MongoDB; on its failure note it and return False."""
    try:
        work()
    except PyMongoError as error:
        with step(registry) as env:
            use_read_committed(env.cr)
            seconds = env["pg.ledger.mirror"]._note_failure(f"{type(error).__name__}: {error}")
        _logger.warning(
            "The ledger's MongoDB gives no good answer (%s), next attempt in %s s",
            type(error).__name__,
            seconds,
        )
        return False
    return True


def _check_heads(registry, store):
    """Compare the heads of both sides for every company, whether something waits or not.

    What was delivered is read before MongoDB is asked, the rest after it: either side only grows.
    """
    store.ensure()
    with step(registry) as env:
        delivered = read_delivered(env.cr)
    heads = store.read_heads()
    with step(registry) as env:
        use_read_committed(env.cr)
        check_heads(env, heads)
        env["pg.ledger.mirror"]._note_behind(
            [
                company_id
                for company_id, seq in delivered.items()
                if heads.get(company_id, (0, None))[0] < seq
            ]
        )


def _sequence(registry, run, done):
    with step(registry) as env:
        company_ids = read_waiting_companies(env.cr)
    for company_id in company_ids:
        count = SEQUENCER_BATCH
        while count == SEQUENCER_BATCH and not done():
            with step(registry) as env:
                use_read_committed(env.cr)
                count = sequence_company(env.cr, company_id)
            run.chained += count


def _deliver(registry, store, run, done):
    store.ensure()
    refills, taken = False, MIRROR_WINDOW
    while taken and not done():
        refills = _mark_refill(registry, store) or refills
        with step(registry) as env:
            use_read_committed(env.cr)
            taken, refusals = deliver_batch(env, store)
        run.delivered += taken - len(refusals)
        run.refused += len(refusals)
        if refusals:
            store.note_conflicts(refusals)
    with step(registry) as env:
        use_read_committed(env.cr)
        env["pg.ledger.mirror"]._note_reachable()
        if refills:
            env["pg.ledger.seal"]._insert_waiting(store)


def _mark_refill(registry, store):
    """Have the next part of a ledger that is filled again delivered; return whether there is one.

    Collection and indexes are looked at first: the server may be another, or was emptied.
    """
    with step(registry) as env:
        if not env["pg.ledger.mirror"]._is_refilling():
            return False
    store.ensure(renew=True)
    with step(registry) as env:
        use_read_committed(env.cr)
        return bool(env["pg.ledger.mirror"]._mark_refill(MIRROR_WINDOW))


def project(registry, store, done=lambda: False):
    """Bring ``ledger_views`` up to date. Its failure is told, and holds nothing up.

    :return: whether it worked
    :rtype: bool
    """
    try:
        with step(registry) as env:
            company_ids = env["pg.ledger.mirror"]._read_stale_views()
        for company_id in company_ids:
            goes_on = True
            while goes_on and not done():
                with step(registry) as env:
                    use_read_committed(env.cr)
                    goes_on = env["pg.ledger.mirror"]._project(store, company_id)
    except PyMongoError as error:
        with step(registry) as env:
            env["pg.ledger.mirror"]._note_view_error(f"{type(error).__name__}: {error}")
        _logger.warning("ledger_views is not up to date: %s", type(error).__name__)
        return False
    return True
