"""One API call from start to end: call log, faults, keys in use."""

import time

from sandbox import delivery, faults


class ServiceError(Exception):
    """A refusal in a service's own words; :meth:`reply` carries it."""

    def reply(self):
        """Return the Reply to send."""
        raise TypeError("a service has its own error")


async def run(account, name, execute, refusal, *, key=None, busy=None, **details):
    """Log a call, play its fault around the execution and return the Reply.

    :param execute: takes the fault (or None), returns a Reply or raises a ServiceError; never waits
    :param refusal: gives the Reply of a ``refuse`` or ``throttle`` fault
    :param key: idempotency key; a second call that comes while one is under way raises ``busy()``
    :param details: what else the call log keeps
    """
    started = time.perf_counter()
    row = account.record_call(name, **details)
    fault = account.faults.take(name)
    try:
        if key and key in account.in_flight:
            raise busy()
        if key:
            account.in_flight.add(key)
        try:
            reply = await faults.play(fault, lambda: _whole(account, execute, fault), refusal)
        finally:
            account.in_flight.discard(key)
    except ServiceError as error:
        reply = error.reply()
    row.update(
        status=reply.status,
        fault=fault.fault if fault else None,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )
    return reply


def _whole(account, execute, fault):
    """Execute; whatever that tells the merchant is one happening."""
    if not hasattr(account, "gathered"):
        return execute(fault)
    with delivery.together(account):
        return execute(fault)
