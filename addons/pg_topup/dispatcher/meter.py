"""Keeps the records of calls in many rows at a time, off the thread that makes the call."""

import queue
import threading

# Most records written in one step.
BATCH = 200
# Threads that may ask the budget at once: each uses a connection to the database.
ASKING = threading.BoundedSemaphore(8)


class BufferedMeter:
    """Stands before a supplier's meter: asks it for the budget, and keeps records for later.

    :param meter: see :mod:`odoo.addons.pg_catalog.calls`.
    :param records: a queue of (meter's supplier, call).
    """

    def __init__(self, supplier_id, meter, records):
        self._supplier_id = supplier_id
        self._meter = meter
        self._records = records

    def reserve(self, *, is_daily=False):
        """Ask the supplier's own meter; see :class:`..Meter`."""
        with ASKING:
            self._meter.reserve(is_daily=is_daily)

    def record(self, call):
        """Put the record where the dispatcher writes it from. Never raises."""
        self._records.put((self._supplier_id, call))


def take_batch(records):
    """Return records that wait, without waiting for more."""
    batch = []
    while len(batch) < BATCH:
        try:
            batch.append(records.get_nowait())
        except queue.Empty:
            break
    return batch
