"""Faults on demand: a queue per account, each fault used up by the calls it matches."""

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from sandbox import jsonx
from sandbox.wire import DROPPED, HTML, Reply

BEFORE, AFTER = "before", "after"
HANG_SECONDS = 600

# name: (when by default, what it does)
KINDS = {
    "lose_answer": (AFTER, "execute, then drop the connection without an answer"),
    "delay": (AFTER, "wait `seconds`: `when` before or after executing"),
    "http_500": (BEFORE, "HTTP 500 without JSON, nothing executed"),
    "http_500_after": (AFTER, "HTTP 500 without JSON, executed"),
    "http_500_html": (BEFORE, "HTTP 500 with an HTML page, nothing executed"),
    "html_403": (BEFORE, "HTTP 403 with an HTML page, as a firewall answers"),
    "garbled": (AFTER, "executed, then half of the JSON"),
    "empty": (AFTER, "executed, then HTTP 200 with an empty body"),
    "http_503": (BEFORE, "HTTP 503 without JSON, nothing executed"),
    "hang": (AFTER, "executed, then silence for `seconds` (600), then the connection drops"),
    "refuse": (BEFORE, "refuse with `code` and `context`, nothing executed"),
    "throttle": (BEFORE, "RateLimited, nothing executed"),
    "completed_spelling": (AFTER, "`Completed` instead of `Complete`"),
    "extra_fields": (AFTER, "add unknown fields to every object of the answer"),
    "wrong_amount": (BEFORE, "the payer is charged `amount` (minor units; one less when left out)"),
    "wrong_currency": (BEFORE, "the payer is charged in the currency `code`"),
}
HTML_PAGE = (
    "<html><head><title>{title}</title></head><body><h1>{title}</h1>"
    "<p>Request unsuccessful. Incident ID: 0-000000000</p></body></html>"
)


class BadFault(ValueError):
    """A fault that cannot be queued; the text says why."""


@dataclass
class Fault:
    """One entry of the queue. ``on`` is a call name; ``*`` inside it stands for anything."""

    on: str
    fault: str
    times: int = 1
    seconds: float = 0.0
    when: str = AFTER
    code: str = ""
    context: str = ""
    status: int = 0
    amount: int = 0
    used: int = 0

    def matches(self, name):
        """Say whether a call of that name uses this fault."""
        return fnmatchcase(name.lower(), self.on.lower())

    def describe(self):
        """Return the fault as the control API shows it."""
        return {k: v for k, v in vars(self).items() if v not in ("", 0, 0.0)}


def parse_fault(values):
    """Build a fault from a control request.

    :raise BadFault: when the kind, the time or a number is wrong
    """
    kind = values.get("fault")
    if kind not in KINDS:
        raise BadFault(f"fault must be one of: {', '.join(KINDS)}.")
    when = values.get("when") or KINDS[kind][0]
    if when not in (BEFORE, AFTER):
        raise BadFault("when must be before or after.")
    on = values.get("on") or "*"
    try:
        numbers = {k: int(values.get(k) or 0) for k in ("times", "status", "amount")}
        seconds = float(values.get("seconds") or 0)
    except (TypeError, ValueError):
        raise BadFault("times, seconds, status and amount must be numbers.") from None
    numbers["times"] = numbers["times"] or 1
    texts = {k: str(values.get(k) or "") for k in ("code", "context")}
    on = "*".join(part.partition("}")[-1] if i else part for i, part in enumerate(on.split("{")))
    if kind == "hang":
        seconds = seconds or HANG_SECONDS
    return Fault(on=on, fault=kind, when=when, seconds=seconds, **numbers, **texts)


@dataclass
class FaultQueue:
    """Faults in the order they were added; a call takes the first one that matches."""

    faults: list = field(default_factory=list)

    def add(self, fault):
        """Append one fault."""
        self.faults.append(fault)

    def clear(self):
        """Drop everything that is still waiting."""
        self.faults.clear()

    def describe(self):
        """Return what is still waiting."""
        return [fault.describe() for fault in self.faults]

    def take(self, name):
        """Use up and return the first fault for a call of that name, or None."""
        for fault in self.faults:
            if fault.matches(name):
                fault.used += 1
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None


async def play(fault, execute, refusal):
    """Run a call under a fault.

    :param fault: the fault, or None
    :param execute: does the work and returns a Reply; never waits
    :param refusal: gives the Reply of a ``refuse`` or ``throttle`` fault in the service's words
    :return: the Reply to send
    """
    if fault is None:
        return execute()
    if fault.when == BEFORE:
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        early = _instead(fault, refusal)
        return early if early else _altered(fault, execute())
    reply = execute()
    if fault.seconds:
        await asyncio.sleep(fault.seconds)
    return _instead(fault, refusal) or _altered(fault, reply)


def _instead(fault, refusal):
    """Return the answer that replaces the true one, or None."""
    kind = fault.fault
    if kind in ("lose_answer", "hang"):
        return DROPPED
    if kind in ("http_500", "http_500_after", "http_503"):
        status, text = (
            (503, b"Unavailable") if kind == "http_503" else (500, b"Internal Server Error")
        )
        return Reply(status, text, "text/plain")
    if kind in ("http_500_html", "html_403"):
        status, title = (403, "403 Forbidden") if kind == "html_403" else (500, "Server Error")
        return Reply(status, HTML_PAGE.format(title=title).encode(), HTML)
    if kind == "empty":
        return Reply(200, b"")
    if kind in ("refuse", "throttle"):
        return refusal(fault)
    return None


def _altered(fault, reply):
    """Return the true answer, changed as the fault says."""
    if fault.fault == "garbled":
        reply.body = reply.body[: len(reply.body) // 2]
    elif fault.fault == "completed_spelling":
        spell_completed(reply)
    elif fault.fault == "extra_fields":
        add_extra_fields(reply)
    return reply


def spell_completed(reply):
    """Write the success state the way the documentation's prose does."""
    reply.body = reply.body.replace(
        b'"ProcessingState":"Complete"', b'"ProcessingState":"Completed"'
    )


def add_extra_fields(reply):
    """Add fields that no contract names to every object of a JSON answer."""
    reply.body = jsonx.encode(_extended(jsonx.loads(reply.body)))


def _extended(value):
    if isinstance(value, list):
        return [_extended(item) for item in value]
    if not isinstance(value, dict):
        return value
    grown = {k: v if k in ("metadata", "ReceiptParams") else _extended(v) for k, v in value.items()}
    grown["SandboxExtra"] = {"Note": "a field from a later version", "Number": 1}
    return grown
