"""News is processed after its answer: the gateway waits for the commit of the inbox only.

Whoever has answered works off what is new, if few are waiting; half of the HTTP workers may do that
at a time, the others answer. In a burst everybody answers, and the cron works it off, once no more
of it comes in: an answer costs a fifth of the processing and the gateway waits for it. When the
cron does not come, because it was killed or other jobs keep it busy, they do it after all. Nobody
leaves news to somebody who has looked already: whoever stops looks once more after giving his place
back. Where one process answers in many threads, one of them does this for all of them.
"""

import logging
import time
from functools import partial

from odoo.addons.pg_base.tools import steps
from odoo.exceptions import ConcurrencyError
from odoo.tools import config
from psycopg2 import OperationalError

from . import patience
from .alone import Alone

_logger = logging.getLogger(__name__)

#: More news than this is a burst. A gateway tells one payment in three to five events.
CALM = 8

#: Seconds after which news of a burst is not left to the cron any more.
CRON_IS_LATE = 10

#: Seconds for which an HTTP worker works off news.
HTTP_SECONDS = 1.0

#: One thread of this process works off news after an answer, so often until another has to. The
#: second time follows at once, each further one APART seconds later than the one before, LONGEST at
#: most: that is a burst, which is left to the cron anyway.
ALONE_TIMES = 50
APART, LONGEST = 0.1, 0.5
_alone = Alone()

#: How often an event is tried at once, while other transactions are in the way.
TRIES = 4

#: Nothing that is changed here is tracked, or finds followers by itself: no write looks for either.
QUIET = {"tracking_disable": True}

#: Namespace of our advisory locks, "PGIN"; place 0 is the cron's, those of HTTP workers follow.
PLACES = 0x5047494E
CRON = 0

FIND_NEW = """
    SELECT id, create_date < now() AT TIME ZONE 'UTC' - %s * interval '1 second'
      FROM pg_payment_event WHERE state = 'new' AND NOT id = ANY(%s) ORDER BY id LIMIT %s"""


def work_off(registry):
    """Process what is new after an answer, unless others are at it already.

    Raises nothing: the answer was sent, and what is left stays in the inbox.
    """
    is_left = _alone.run(registry.db_name, partial(_work_off_safely, registry), ALONE_TIMES, _pause)
    if is_left:
        _guard(_call_cron, registry)


def _pause(done):
    time.sleep(min(APART * (done - 1), LONGEST))


def _work_off_safely(registry):
    if _guard(_work_off, registry):
        _guard(_call_cron, registry)


def _guard(work, registry):
    try:
        return work(registry)
    except Exception:
        _logger.exception("the inbox of payment events was left to the cron")


def _work_off(registry):
    """Return whether news is left that nobody works off."""
    tried, end = [], time.monotonic() + HTTP_SECONDS
    while True:
        # Sees what others commit meanwhile.
        with steps.step(registry, read_committed=True) as guard:
            if not _is_cron_away(guard) or not _take_place(guard):
                return False
            while todo := _look(guard, tried):
                [(event_id, is_late), *others] = todo
                if len(others) >= CALM and not is_late:
                    return True
                # One at a time: a burst that begins meanwhile is answered first.
                process(registry, event_id)
                tried.append(event_id)
                if time.monotonic() > end:
                    return True
        with steps.step(registry) as env:
            if not _look(env, tried):
                return False


def process(source, event_id, tries=TRIES):
    """Process one event in a database transaction of its own, unless another one does.

    :param source: an Environment or a Registry.
    :param int tries: how often, while other transactions are in the way.
    """
    started = time.monotonic()
    try:
        steps.run_step(source, _process, event_id, tries=tries, context=QUIET)
    except (OperationalError, ConcurrencyError):
        _logger.info("payment event #%s: busy, tried again in the next run", event_id)
    let_account_rest_after(source, event_id, time.monotonic() - started)


def _process(env, event_id):
    event = env["pg.payment.event"].browse(event_id).try_lock_for_update()
    if event._is_due():
        event._handle()


def let_account_rest_after(source, event_id, seconds):
    """Let the account of an event rest if it failed after it kept us waiting for so long."""
    if seconds >= patience.SILENCE:
        steps.run_step(source, _let_account_rest, event_id, read_committed=True)


def _let_account_rest(env, event_id):
    event = env["pg.payment.event"].browse(event_id)
    if event.state == "failed":
        event._let_account_rest()


def _look(env, tried):
    """Return what is new, one more than is calm at most; none while the cron is at it.

    Each row is an id and whether the cron is late for it.

    What was tried and is still new is in somebody else's hands, or busy: it is left to the cron.
    """
    return _read_new(env, tried) if _is_cron_away(env) else []


def _is_cron_away(env):
    """Tell whether the cron is not at it, and keep it away until the transaction ends."""
    env.cr.execute("SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [PLACES, CRON])
    return env.cr.fetchone()[0]


def _read_new(env, tried):
    env.cr.execute(FIND_NEW, [CRON_IS_LATE, tried, CALM + 1])
    return env.cr.fetchall()


def _take_place(env):
    """Take a place until the end of the database transaction; a crash gives it back as well."""
    for place in range(1, 1 + max(1, config["workers"] // 2)):
        env.cr.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [PLACES, place])
        if env.cr.fetchone()[0]:
            return True
    return False


def _call_cron(registry):
    """Wake the cron, unless somebody has just done so."""
    with steps.step(registry) as env:
        cron = env.ref("pg_payments.cron_events")
        if not env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)], limit=1):
            cron._trigger()
