"""What happens to each order, and to whom else: decided by the seed alone."""

import random
from dataclasses import dataclass

# Endings of the supplier's test numbers: refused, timed out, for now, for good.
ENDINGS = (2, 3, 4, 5, 6, 9)
PAY, DECLINE_FIRST, LEAVE, CANCEL, CLOSE = "pay", "decline", "leave", "cancel", "close"

# (name of the fault, where, weight); seconds are scaled below
SEND_FAULTS = (
    ("lose_answer", 6),
    ("delay", 6),
    ("http_500_after", 3),
    ("http_500", 2),
    ("http_500_html", 2),
    ("html_403", 2),
    ("garbled", 3),
    ("empty", 2),
    ("throttle", 4),
    ("refuse", 3),
    ("completed_spelling", 2),
    ("extra_fields", 2),
)
LOOK_UP_FAULTS = ("http_500", "garbled", "lose_answer", "empty", "html_403")
GATEWAY_FAULTS = (
    ("POST /v1/refunds", "lose_answer"),
    ("POST /v1/refunds", "http_500"),
    ("GET /v1/checkout/sessions/*", "http_500"),
    ("GET /v1/checkout/sessions/*", "lose_answer"),
)
VICTIMS = (
    ("worker", 8),
    ("dispatcher", 6),
    ("odoo", 2),
    ("postgres", 3),
    ("mongod", 2),
    ("mirror", 2),
)


@dataclass(frozen=True)
class Order:
    """One customer: what is bought, and what the customer does."""

    key: str
    number: str
    is_batch: bool
    action: str
    comes_back: bool

    def line(self):
        """Return what the worker that places orders needs."""
        return {"key": self.key, "number": self.number, "is_batch": self.is_batch}


class Plan:
    """All of a run's decisions, drawn from one seed; streams are apart so that they replay.

    :param float longest: seconds that a delay of 120 s lasts here.
    """

    def __init__(self, seed, topups, *, longest):
        self.seed = seed
        self.longest = longest
        self._faults = random.Random(f"{seed}:faults")
        self._kills = random.Random(f"{seed}:kills")
        orders = random.Random(f"{seed}:orders")
        self.orders = [self._draw_order(orders, index) for index in range(topups)]

    def _draw_order(self, chance, index):
        if chance.random() < 0.08:
            number = f"+6757000000{chance.choice(ENDINGS)}"
        else:
            number = f"+67571{chance.randrange(10**6):06d}"
        action = chance.choices(
            (PAY, DECLINE_FIRST, LEAVE, CANCEL, CLOSE), weights=(70, 5, 2, 3, 20)
        )[0]
        is_batch = chance.random() < 0.03
        return Order(f"chaos-{self.seed}-{index}", number, is_batch, action, chance.random() < 0.2)

    def draw_faults(self, orders):
        """Return faults for so many orders: (on, fault, options) each; about one in six sends."""
        found = []
        names, weights = zip(*SEND_FAULTS, strict=True)
        for name in self._faults.choices(names, weights, k=max(1, orders // 6)):
            found.append(("SendTransfer", name, self._options(name)))
        if self._faults.random() < 0.7:
            found.append(("ListTransferRecords", self._faults.choice(LOOK_UP_FAULTS), {}))
        if self._faults.random() < 0.5:
            on, name = self._faults.choice(GATEWAY_FAULTS)
            found.append((on, name, {}))
        return found

    def _options(self, name):
        if name == "delay":
            share = self._faults.choice((0.05, 0.2, 0.5, 1.0))
            when = self._faults.choice(("before", "after"))
            return {"seconds": round(share * self.longest, 2), "when": when}
        if name == "refuse":
            return {"code": "ProviderError", "context": "ProductUnavailable"}
        return {}

    def draw_webhooks(self):
        """Return how the gateway's news travel for a while."""
        return {
            "duplicate": self._faults.choice((1, 1, 2, 5)),
            "reorder": self._faults.random() < 0.4,
            "delay": self._faults.choice((0, 0, 0.5, 2)),
        }

    def draw_kill(self, names):
        """Return (victim, seconds until its restart)."""
        known = [(name, weight) for name, weight in VICTIMS if name in names]
        victims, weights = zip(*known, strict=True)
        return self._kills.choices(victims, weights)[0], self._kills.uniform(0, 2)

    def draw_pause(self, shortest, longest):
        """Return the seconds until the next kill."""
        return self._kills.uniform(shortest, longest)

    def draw_index(self, count):
        """Return which of several processes dies."""
        return self._kills.randrange(count)
