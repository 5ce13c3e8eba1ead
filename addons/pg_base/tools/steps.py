"""Steps of work that end in a commit of their own.

A worker commits what it is about to do before it calls the outside, and the outcome after it. This
is the only place of the suite that commits; request code never does.
"""

import logging
import random
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError
from odoo.sql_db import Cursor
from psycopg2 import InterfaceError, OperationalError

_logger = logging.getLogger(__name__)


@contextmanager
def step(source, *, context=None, read_committed=False):
    """Open an environment of the superuser on a cursor of its own.

    Commits at the end, rolls back on an exception, closes always.

    :param source: an Environment or a Registry.
    :param bool read_committed: see rows as they are when they are locked, not as they were when
        the step began; for claiming work beside other workers. Without effect in Odoo's test
        cursors, which are savepoints of one transaction.
    """
    registry = getattr(source, "registry", source)
    with registry.cursor() as cr:
        if read_committed and type(cr) is Cursor:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        yield api.Environment(cr, SUPERUSER_ID, context or {})


def run_step(source, function, *args, tries=8, context=None, read_committed=False):
    """Run ``function(env, *args)`` in a step, again from the start when the database says so.

    For serialization failures, deadlocks and a database that is away for some seconds. The
    function must reach nothing outside, since it may run several times.

    :return: what the function returns, once it is committed.
    """
    for left in reversed(range(tries)):
        try:
            with step(source, context=context, read_committed=read_committed) as env:
                result = function(env, *args)
                env.flush_all()
            return result
        except (OperationalError, InterfaceError, ConcurrencyError) as error:
            if not left:
                raise
            wait = random.uniform(0.02, 0.1) * 2 ** (tries - 1 - left)
            _logger.info("step runs again in %.2f s: %s", wait, type(error).__name__)
            time.sleep(wait)


def commit(env):
    """Commit the running cron's own cursor: what was done so far stays done."""
    env.cr.commit()
