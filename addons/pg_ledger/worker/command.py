"""What ``odoo-bin pg_ledger`` does: asks for the work, does it at once, says how it ended."""

import logging
import time

from odoo.addons.pg_base.tools.steps import step

from ..models.pg_ledger_mirror_work import FROM_NOTHING
from .loop import run_once

_logger = logging.getLogger(__name__)

# Seconds to wait for another worker, which does the same work, to end its part.
PAUSE_SECONDS = 0.5


def refill(registry, company_id=None):
    """Deliver whole ledgers again, into an empty MongoDB; a document that is there finds itself.

    :param int company_id: only this company
    :return: whether everything was delivered
    :rtype: bool
    """
    with step(registry) as env:
        env["pg.ledger.mirror"]._get_for(_find_companies(env, company_id))._request_refill()
    return _work_until(registry, _has_waiting, company_id)


def rebuild_views(registry, company_id=None):
    """Write ``ledger_views`` anew; return whether it is up to date now."""
    with step(registry) as env:
        env["pg.ledger.mirror"]._get_for(_find_companies(env, company_id))._request_views()
    return _work_until(registry, _has_stale_views, company_id)


def verify(registry, company_id=None):
    """Verify whole ledgers; return whether all are clean."""
    with step(registry) as env:
        runs = env["pg.ledger.verify"]._queue(_find_companies(env, company_id))
        run_ids, Verify = runs.ids, env["pg.ledger.verify"]
    states = [Verify._run(registry, run_id) for run_id in run_ids]
    _logger.info("%s ledgers verified: %s", len(states), ", ".join(states))
    return set(states) <= {"clean"}


def recover(registry, company_id=None):
    """Read what PostgreSQL lost from MongoDB into reviews, for a person to decide on.

    Nothing is put back here. Companies whose MongoDB is not ahead have nothing to review.

    :return: whether every company that is stopped has its review now
    """
    with step(registry) as env:
        companies = _find_companies(env, company_id)
        stopped = env["pg.ledger.conflict"].search(
            [
                ("company_id", "in", companies.ids),
                ("kind", "=", "ahead"),
                ("state", "=", "open"),
            ]
        )
        Recovery = env["pg.ledger.recovery"]
        found = [Recovery._open_for(company) for company in stopped.company_id]
        recovery_ids = [recovery.id for recovery in found]
        unread_ids = [recovery.id for recovery in found if recovery.state == "reading"]
    for recovery_id in unread_ids:
        Recovery._read(registry, recovery_id)
    with step(registry) as env:
        reviews = env["pg.ledger.recovery"].browse(recovery_ids)
        for review in reviews:
            _logger.info(
                "company %s: %s, %s entries can be put back, %s cannot",
                review.company_id.id,
                review.state,
                review.sound_count,
                review.fault_count,
            )
        return all(review.state == "review" for review in reviews)


def _work_until(registry, waits, company_id):
    """Run sequencer and mirror until nothing waits, or MongoDB gives no good answer."""
    delivered = 0
    while True:
        run = run_once(registry)
        delivered += run.delivered
        with step(registry) as env:
            left = waits(env, _find_companies(env, company_id))
        if not left or run.away:
            break
        time.sleep(PAUSE_SECONDS if run.idle else 0)
        if run.refused or _is_stuck(registry, run):
            break
    _logger.info("%s entries delivered, %s", delivered, "some wait" if left else "none waits")
    return not left


def _is_stuck(registry, run):
    """Tell whether what waits is held up by conflicts, a back-off or by no address of a MongoDB."""
    if not run.idle:
        return False
    with step(registry) as env:
        mirrors = env["pg.ledger.mirror"].search([("company_id", "!=", False)])
        return any(
            mirror.conflict_count or mirror.failures or mirror.view_error for mirror in mirrors
        )


def _find_companies(env, company_id):
    if company_id:
        return env["res.company"].browse(company_id).exists()
    env.cr.execute("SELECT DISTINCT company_id FROM pg_ledger_chain")
    return env["res.company"].browse(row[0] for row in env.cr.fetchall())


def _has_waiting(env, companies):
    stats = env["pg.ledger.mirror"]._read_stats(companies.ids)
    mirrors = env["pg.ledger.mirror"].search([("company_id", "in", companies.ids)])
    waits = any(row["undelivered"] for row in stats.values())
    return waits or any(mirror.refill_next for mirror in mirrors) or _has_stale(mirrors)


def _has_stale_views(env, companies):
    return _has_stale(env["pg.ledger.mirror"].search([("company_id", "in", companies.ids)]))


def _has_stale(mirrors):
    return any(
        mirror.view_seq == FROM_NOTHING or mirror.view_seq < mirror.head_seq for mirror in mirrors
    )
