"""Runs the top-up engine: claims work, makes the calls, writes what became of them.

Each step is a database transaction of its own and no cursor is held during a call. Any number of
dispatchers may run, in cron workers and in processes of their own, on any number of machines.
"""

import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from odoo.addons.pg_base.outcomes import OutsideError, Unknown
from odoo.addons.pg_base.tools.steps import run_step, step

_logger = logging.getLogger(__name__)

# Seconds between two looks for work while calls are in flight or work is due soon.
BEAT = 0.2
# Work that falls due within these seconds is waited for rather than left to the next wake-up.
SOON = 5


class Dispatcher:
    """One worker of the engine.

    :param registry: the database's Odoo registry.
    :param int max_in_flight: calls at the same time, 1 when ``inline``.
    :param bool inline: make the calls in the caller's thread.
    """

    def __init__(self, registry, *, max_in_flight=32, inline=False):
        self.registry = registry
        self.max_in_flight = 1 if inline else max_in_flight
        self._pool = None if inline else ThreadPoolExecutor(max_in_flight, "pg-send")
        self._flying = {}
        self._stop = threading.Event()

    # === RUNNING === #

    def stop(self):
        """Ask to end: nothing new is claimed, calls in flight are finished."""
        self._stop.set()

    def run(self, seconds, *, keep_alive=False):
        """Work until nothing is due soon, or for some seconds, then finish what is in flight.

        :param bool keep_alive: do not end for lack of work.
        :return: the number of calls and look-ups that were made.
        """
        deadline, done = time.monotonic() + seconds, 0
        try:
            while not self._stop.is_set() and time.monotonic() < deadline:
                begun = self.beat()
                done += begun
                if self._flying:
                    wait(self._flying, timeout=BEAT, return_when=FIRST_COMPLETED)
                elif not begun:
                    if not keep_alive and not self._is_due_soon():
                        break
                    self._stop.wait(BEAT)
                self._reap()
        finally:
            self._finish()
        return done

    def beat(self):
        """Claim what is due and begin it.

        :return: how much was begun.
        """
        run_step(self.registry, lambda env: env["pg.topup"]._expire_leases(), read_committed=True)
        return self._begin_refunds() + self._begin_probes() + self._begin_sends()

    def _finish(self):
        if self._pool:
            self._pool.shutdown(wait=True)
            self._reap()

    def _is_due_soon(self):
        with step(self.registry) as env:
            return env["pg.topup"]._has_due_work(SOON)

    # === BEGINNING === #

    def _begin_sends(self):
        jobs = self._claim("_claim_sends")
        for job in jobs:
            self._start(self._send, job)
        return len(jobs)

    def _begin_probes(self):
        jobs = self._claim("_claim_probes")
        for job in jobs:
            self._start(self._probe, job)
        return len(jobs)

    def _begin_refunds(self):
        ids = run_step(
            self.registry, lambda env: env["pg.topup"]._claim_refunds(), read_committed=True
        )
        for transaction_id in ids:
            self._refund(transaction_id)
        return len(ids)

    def _claim(self, method):
        free = self.max_in_flight - len(self._flying)
        if free <= 0:
            return []
        return run_step(
            self.registry, lambda env: getattr(env["pg.topup"], method)(free), read_committed=True
        )

    def _start(self, function, job):
        if self._pool:
            self._flying[self._pool.submit(function, job)] = job
        else:
            function(job)

    def _reap(self):
        for future in [future for future in self._flying if future.done()]:
            del self._flying[future]
            if error := future.exception():
                # The lease ends it as a doubt, and the look-up finds the truth.
                _logger.error("a call could not be settled", exc_info=error)

    # === CALLS: nothing below holds a cursor while it waits for the outside === #

    def _send(self, job):
        self._settle("_settle_send", job.attempt_id, _call(job.port.transfer, job.request))

    def _probe(self, job):
        self._settle("_settle_probe", job.topup_id, _call(job.run))

    def _refund(self, transaction_id):
        try:
            again = run_step(self.registry, lambda env: env["pg.topup"]._run_refund(transaction_id))
            if again:
                with step(self.registry) as env:
                    env["pg.topup"]._run_refund(transaction_id, committed=True)
        except Exception:
            _logger.exception("refund of payment %s could not be asked for", transaction_id)

    def _settle(self, method, record_id, outcome):
        run_step(
            self.registry,
            lambda env: getattr(env["pg.topup"], method)(record_id, outcome),
            tries=10,
        )


def _call(function, *args):
    """Return what a call answers, or the outcome class in which it ended.

    Anything that is not one of the four classes is a fault of ours; the call may have happened.
    """
    try:
        return function(*args)
    except OutsideError as error:
        return error
    except Exception as error:
        _logger.exception("a call to a supplier broke")
        return Unknown(f"The call broke: {type(error).__name__}")
