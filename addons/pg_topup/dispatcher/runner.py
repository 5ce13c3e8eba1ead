"""Runs the top-up engine: claims work, makes the calls, writes what became of them.

Each step is a database transaction of its own and no cursor is held during a call. Any number of
dispatchers may run, in cron workers and in processes of their own, on any number of machines.

Calls wait in one pool of threads, outcomes are written by a small second one: two hundred answers
at once need no two hundred connections to the database.
"""

import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import psycopg2
from odoo.addons.pg_base.outcomes import OutsideError, Unknown
from odoo.addons.pg_base.tools.steps import run_step

from ..clock import now
from .listener import Listener
from .meter import take_batch
from .settler import Outcome, Settler, settle_all

_logger = logging.getLogger(__name__)

# Seconds between two looks for work while there is some, and while a listener would tell of it.
BEAT = 0.2
IDLE = 5
# Work that falls due within these seconds is waited for rather than left to the next wake-up.
SOON = 15
# Seconds between two claims while there is work: what falls due meanwhile is claimed together, sent
# together and written together. A sale after a quiet moment is claimed at once; the more sales
# come, the more of them share the work. PACE after one, longer by STRIDE for each further one, but
# no more than that again once a claim takes MANY: there is enough to share.
PACE, STRIDE, LONGEST_PACE, MANY = 0.2, 0.1, 0.5, 12
# Seconds between two looks at whether Odoo changed under a process that runs for long.
SIGNALLING = 10
QUIET = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "tracking_disable": True,
    "mail_notrack": True,
}


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
        self._flying = set()
        self._settler = None
        if not inline:
            self._settler = Settler(lambda: self.registry, QUIET, lambda: len(self._flying))
        self._records = queue.SimpleQueue()
        self._stop = threading.Event()
        self._news = threading.Event()
        self._listener = None
        self._signalled = time.monotonic()

    # === RUNNING === #

    def stop(self):
        """Ask to end: nothing new is claimed, calls in flight are finished."""
        self._stop.set()
        self._news.set()

    def run(self, seconds, *, keep_alive=False):
        """Work until nothing is due soon, or for some seconds, then finish what is in flight.

        :param bool keep_alive: do not end for lack of work, nor because the database is away.
        :return: the number of calls and look-ups that were made.
        """
        deadline, done = time.monotonic() + seconds, 0
        if keep_alive:
            self._listener = Listener(self.registry.db_name, self._news.set)
            self._listener.start()
        try:
            while not self._stop.is_set() and time.monotonic() < deadline:
                self._news.clear()
                work, begun, errors = self._beat_safely(keep_alive)
                done += begun
                if errors:
                    self._stop.wait(1)
                if begun:
                    self._stop.wait(pick_pace(begun))
                else:
                    if not keep_alive and not self._flying and not self._is_soon(work):
                        break
                    self._news.wait(self._get_pause(work))
        finally:
            self._finish()
        return done

    def _beat_safely(self, keep_alive):
        """Beat; a process of its own outlives a database that is away."""
        try:
            return self._beat()
        except Exception as error:
            if not keep_alive:
                raise
            is_away = isinstance(error, psycopg2.Error)
            _logger.warning("a beat failed: %s", type(error).__name__, exc_info=not is_away)
            return None, 0, [error]

    def _get_pause(self, work):
        """Return the seconds until the next look; news end it at once."""
        if work is None or (work.sends or work.probes or work.refunds):
            # Due, but not for us: a full supplier, a pause, another worker.
            return BEAT
        pause = IDLE if self._listener and self._listener.is_up else BEAT
        if work.next_at:
            pause = min(pause, max((work.next_at - now()).total_seconds(), 0.01))
        return pause

    def _is_soon(self, work):
        return bool(work and work.next_at and work.next_at <= now() + timedelta(seconds=SOON))

    def beat(self):
        """Claim what is due and begin it.

        :return: how much was begun.
        :raise Exception: what broke first; the other parts were done all the same.
        """
        _work, begun, errors = self._beat()
        if errors:
            raise errors[0]
        return begun

    def _beat(self):
        """Return (what was due, how much was begun, what broke)."""
        self._check_signals()
        self._write_records()
        work = self._step("_look_for_work")
        begun, errors = 0, []
        for part in self._find_parts(work):
            try:
                begun += part() or 0
            except psycopg2.Error:
                raise
            except Exception as error:
                _logger.exception("a part of a beat failed")
                errors.append(error)
        return work, begun, errors

    def _find_parts(self, work):
        """Yield what is to be done, one after the other: one that breaks stops no other."""
        if work.leases:
            yield self._end_leases
        if work.refunds:
            yield self._begin_refunds
        if work.probes:
            yield partial(self._begin, "_claim_probes", self._probe)
        if work.sends or not self._pool:
            yield partial(self._begin, "_claim_sends", self._send)
            yield partial(self._step, "_give_up_unsent")

    def _end_leases(self):
        self._step("_expire_leases")

    def _check_signals(self):
        """Follow upgrades and changed caches of Odoo, in a process that runs for long."""
        if self._listener and time.monotonic() - self._signalled > SIGNALLING:
            self._signalled = time.monotonic()
            self.registry = self.registry.check_signaling()

    def _finish(self):
        """Wait for the calls in flight and for the writing of what became of them."""
        if self._pool:
            self._pool.shutdown(wait=True)
            self._settler.stop()
        self._write_records()
        if self._listener:
            self._listener.stop()

    # === BEGINNING === #

    def _begin(self, method, function):
        free = self.max_in_flight - len(self._flying)
        if free <= 0:
            return 0
        jobs = self._step(method, free)
        for job in jobs:
            self._start(function, job)
        return len(jobs)

    def _begin_refunds(self):
        ids = self._step("_claim_refunds")
        for transaction_id in ids:
            self._start(self._refund, transaction_id)
        return len(ids)

    def _start(self, function, job):
        if not self._pool:
            function(job)
            return
        token = object()
        self._flying.add(token)
        self._pool.submit(self._fly, token, function, job)

    def _fly(self, token, function, job):
        try:
            function(job)
        except Exception:
            # The lease ends it as a doubt, and the look-up finds the truth.
            _logger.exception("a call could not be settled")
        finally:
            self._flying.discard(token)
            self._news.set()

    # === CALLS: nothing below holds a cursor while it waits for the outside === #

    def _send(self, job):
        if hasattr(job, "check"):
            self._ask_price(job)
            return
        outcome = _call(job.run)
        is_fault = self._settle("_settle_send", job.attempt_id, outcome)
        if is_fault or job.is_trial:
            run_step(
                self.registry,
                lambda env: env["pg.circuit"]._judge(
                    job.supplier_id, job.operator_id, is_fault=is_fault, is_trial=job.is_trial
                ),
                read_committed=True,
            )

    def _ask_price(self, job):
        self._settle("_settle_price", job, _call(job.check.run))

    def _probe(self, job):
        self._settle("_settle_probe", job.topup_id, _call(job.run))

    def _refund(self, transaction_id):
        try:
            again = run_step(self.registry, lambda env: env["pg.topup"]._run_refund(transaction_id))
            if again:
                run_step(
                    self.registry,
                    lambda env: env["pg.topup"]._run_refund(transaction_id, committed=True),
                    tries=1,
                )
        except Exception:
            _logger.exception("refund of payment %s could not be asked for", transaction_id)

    # === STEPS === #

    def _step(self, method, *args):
        """Run a method of `pg.topup` in a step that sees rows as they are when they are locked."""
        return run_step(
            self.registry,
            lambda env: getattr(env["pg.topup"], method)(*args),
            context={**QUIET, "pg_call_records": self._records},
            read_committed=True,
        )

    def _settle(self, method, record_id, outcome):
        """Write an outcome, together with others that wait at this moment."""
        if self._settler:
            return self._settler.settle(method, record_id, outcome)
        [result] = settle_all(self.registry, [Outcome(method, record_id, outcome)], QUIET)
        return result

    def _write_records(self):
        """Write the records of calls that were made; a failure is only logged."""
        while batch := take_batch(self._records):
            try:
                run_step(self.registry, _keep_calls, batch, tries=2)
            except Exception:
                _logger.warning("records of %s calls could not be kept", len(batch), exc_info=True)


def pick_pace(begun):
    """Return the seconds until the next claim after one that has begun so many calls."""
    if begun >= MANY:
        return PACE
    return min(PACE + STRIDE * (begun - 1), LONGEST_PACE)


def _keep_calls(env, batch):
    for supplier_id, call in batch:
        env["pg.supplier.call"]._keep(supplier_id, call)


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
