"""Calls to suppliers: what an adapter tells of each, and who allows them. Plain Python."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

# outcome of a call: what people read
OUTCOMES = {
    "ok": "Answered",
    "rejected": "Refused",
    "later": "Refused for now",
    "not_sent": "Not sent",
    "throttled": "Slowed down",
    "unknown": "Unknown",
}


@dataclass(frozen=True)
class SupplierCall:
    """One call that was made. All texts are redacted by the adapter: no key, no whole number.

    :param started_at: naive UTC. :param seconds: how long it took.
    :param outcome: a key of :data:`OUTCOMES`. :param status: HTTP status, None without an answer.
    :param number: the number concerned, masked.
    :param request: JSON text of what was asked; ``answer``: of what came back.
    """

    method: str
    correlation_id: str
    started_at: datetime
    seconds: float
    outcome: str
    status: int | None = None
    code: str = ""
    context: str = ""
    message: str = ""
    number: str = ""
    request: str = ""
    answer: str = ""


class Meter(Protocol):
    """What an adapter asks before a call and tells after it."""

    def reserve(self, *, is_daily: bool = False) -> None:
        """Take one call out of the budget.

        :param is_daily: the call counts against the supplier's limit per day.
        :raise Throttled: the budget is used up; nothing must be sent.
        :raise NotSent: the budget cannot be read; nothing must be sent.
        """

    def record(self, call: SupplierCall) -> None:
        """Keep a call. Never raises: a call that cannot be kept is only logged."""


class FreeMeter:
    """Allows everything and keeps nothing."""

    def reserve(self, *, is_daily=False):
        """Allow the call."""

    def record(self, call):
        """Forget the call."""
