"""Steps of work that end in a commit of their own.

A worker commits what it is about to do before it calls the outside, and the outcome after it. This
is the only place of the suite that commits; request code never does.
"""

from contextlib import contextmanager

from odoo import SUPERUSER_ID, api


@contextmanager
def step(source, *, context=None):
    """Open an environment of the superuser on a cursor of its own.

    Commits at the end, rolls back on an exception, closes always.

    :param source: an Environment or a Registry.
    """
    registry = getattr(source, "registry", source)
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, context or {})


def commit(env):
    """Commit the running cron's own cursor: what was done so far stays done."""
    env.cr.commit()
