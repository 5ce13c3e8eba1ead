import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from odoo.addons.pg_base.tools.steps import run_step

# Threads that write outcomes: while they are busy, what waits is written together.
THREADS = 2
# Outcomes in one transaction.
MOST = 25
# Seconds to wait for the outcomes of other calls in flight: sent together, they end together.
GATHER = 0.03


@dataclass(frozen=True)
class Outcome:
    """What became of one call, and where its caller waits for the writing of it."""

    method: str
    record_id: int
    outcome: Any
    written: Future = field(default_factory=Future)


class Settler:
    """Writes outcomes in few threads, those that wait at the same moment in one transaction.

    :param get_registry: returns the database's registry of the moment.
    :param count_flying: returns how many calls are in flight, those that wait here among them.
    """

    def __init__(self, get_registry, context, count_flying=lambda: 0):
        self._get_registry = get_registry
        self._context = context
        self._count_flying = count_flying
        self._waiting = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(THREADS, "pg-settle")

    def settle(self, method, record_id, outcome):
        """Write one outcome; return what its method of `pg.topup` returns, once committed."""
        item = Outcome(method, record_id, outcome)
        self._waiting.put(item)
        self._pool.submit(self._write_waiting)
        return item.written.result()

    def stop(self):
        """End, after everything is written."""
        self._pool.shutdown(wait=True)

    def _write_waiting(self):
        items = self._take()
        try:
            results = self._write(items)
        except Exception:
            # One of them is at fault: each by itself, so that it spoils no other.
            self._write_each(items)
        else:
            for item, result in zip(items, results, strict=True):
                item.written.set_result(result)

    def _write_each(self, items):
        for item in items:
            try:
                [result] = self._write([item])
            except Exception as error:
                item.written.set_exception(error)
            else:
                item.written.set_result(result)

    def _write(self, items):
        return settle_all(self._get_registry(), items, self._context)

    def _take(self):
        if 0 < self._waiting.qsize() < min(self._count_flying(), MOST):
            time.sleep(GATHER)
        items = []
        while len(items) < MOST:
            try:
                items.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return items


def settle_all(registry, items, context):
    """Write some outcomes in one transaction.

    :return: what the method of each returns, in their order.
    """
    if not items:
        return []
    return run_step(
        registry, lambda env: env["pg.topup"]._settle_all(items), tries=10, context=context
    )
