"""How many calls a supplier may still get: counted per second of the last minute, and per day.

Pure arithmetic on a small dict that is kept as JSON beside the supplier.
"""

from datetime import UTC, datetime, timedelta

# Whole seconds that are looked back at: any 60 seconds lie within 61 of them.
SLOTS = 61
PER_MINUTE, PER_DAY = "minute", "day"


def take(state, moment, *, per_minute=0, per_day=0, is_daily=False):
    """Take one call out of a budget.

    :param dict state: what was kept last time; empty at first.
    :param float moment: Unix time.
    :param int per_minute: the most calls in any minute, 0 for no limit; ``per_day`` likewise in a
        day of UTC, of the calls for which ``is_daily`` is set.
    :return: (new state, None), or (None, (PER_MINUTE or PER_DAY, seconds to wait)) when it is
        used up.
    """
    # A clock that is set back, or another server's, must not open the budget again.
    second = max(int(moment), state.get("second", 0))
    slots = _shifted(state, second)
    day = datetime.fromtimestamp(second, UTC).date()
    used = state.get("used", 0) if state.get("day") == day.isoformat() else 0
    if per_day and is_daily and used >= per_day:
        return None, (PER_DAY, _until_tomorrow(moment))
    if per_minute and sum(slots) >= per_minute:
        return None, (PER_MINUTE, _until_free(slots, per_minute, moment - int(moment)))
    slots[0] += 1
    kept = {"second": second, "slots": slots, "day": day.isoformat(), "used": used + is_daily}
    return kept, None


def _shifted(state, second):
    """Return the calls of this second, of the one before it and so on."""
    passed = min(second - state.get("second", second), SLOTS)
    slots = ([0] * passed + list(state.get("slots", ())))[:SLOTS]
    return slots + [0] * (SLOTS - len(slots))


def _until_free(slots, limit, fraction):
    """Return the seconds until enough of the oldest calls are out of sight."""
    excess = sum(slots) - limit + 1
    for age in range(SLOTS - 1, -1, -1):
        excess -= slots[age]
        if excess <= 0:
            return round(SLOTS - age - fraction, 3)
    return float(SLOTS)


def _until_tomorrow(moment):
    now = datetime.fromtimestamp(moment, UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((tomorrow - now).total_seconds(), 3)
