"""What the accounts of all payment services share: objects, keys already used, webhook switches."""

import asyncio

from sandbox.accounts import Account, Refused

SWITCHES = {"hold": False, "duplicate": 1, "reorder": False, "delay": 0.0, "drop": 0}


def public(document):
    """Return a document without what the sandbox notes for itself (names with underscore)."""
    return {k: v for k, v in document.items() if not k.startswith("_")}


class MerchantAccount(Account):
    """One merchant. Objects are plain dicts in the service's shape, by kind and id, oldest first.

    ``SHELVES`` names the kinds of objects, ``LISTS`` what the control API calls them, ``VERBS`` and
    ``CALL_MARKS`` how the name of a call may begin and what must be in it.
    """

    SHELVES = ()
    LISTS = {}
    VERBS = ("GET", "POST", "DELETE")
    CALL_MARKS = (" /v1/",)
    CALL_EXAMPLE = "POST /v1/refunds"

    def __init__(self, store, head):
        super().__init__(store, head)
        self.shelves = {kind: {} for kind in self.SHELVES}
        self.idempotency = {}
        self.in_flight = set()
        self.deliveries = []
        self.held = []
        self.gathered = None
        self.webhooks = dict(SWITCHES)

    def load(self):
        for kind, shelf in self.shelves.items():
            for document in self.store.all(kind, self.id):
                shelf[document["id"]] = document
        for row in self.store.all("idempotency", self.id):
            self.idempotency[row["key"]] = row

    # === OBJECTS === #

    def put(self, kind, document):
        """Keep an object and write it through."""
        self.shelves[kind][document["id"]] = document
        self.store.put(kind, self.id, document["id"], document)
        return document

    def get(self, kind, reference):
        """Return an object; an unknown id is refused in the service's words."""
        try:
            return self.shelves[kind][reference]
        except KeyError:
            raise self.missing(kind, reference) from None

    def missing(self, kind, reference):
        """Return the error of the service for an object that is not there."""
        return Refused(f"There is no {kind} {reference}.")

    def discard(self, kind, reference):
        """Forget an object."""
        del self.shelves[kind][reference]
        self.store.delete(kind, self.id, reference)

    def newest(self, kind, **values):
        """Return the objects of a kind whose fields have these values, newest first."""
        return [
            d
            for d in reversed(self.shelves[kind].values())
            if all(d.get(k) == v for k, v in values.items())
        ]

    def show(self, kind, document):
        """Return an object as the control API shows it."""
        return public(document)

    def keep_answer(self, row):
        """Remember what was answered under an idempotency key; ``row`` holds ``key``."""
        self.idempotency[row["key"]] = row
        self.store.put("idempotency", self.id, row["key"], row)

    def later(self, seconds, function, *arguments):
        """Run something after a while, on the event loop."""
        asyncio.get_running_loop().call_later(max(0.0, float(seconds)), function, *arguments)

    # === WEBHOOKS === #

    def listeners(self, event):
        """Return the endpoints of an event, as dicts with ``id`` and ``url``."""
        return []

    def is_listening(self, endpoint):
        """Say whether an endpoint still exists, so that another attempt makes sense."""
        return endpoint["id"] in self.shelves.get("endpoint", {})

    def signed(self, endpoint, event, age=0):
        """Return (body as bytes, headers) of one delivery.

        :param age: how many seconds ago it was signed, as far as the receiver can tell
        """
        raise Refused("Nothing is delivered from this account.")

    def label(self, event):
        """Return (type of an event, id of its object) for the list of deliveries."""
        return event["type"], event["data"]["object"].get("id")

    def taken(self, event):
        """Note that an endpoint took an event."""

    # === CONTROL === #

    def check_call(self, name):
        """Refuse the name of a call that can never match.

        :raise Refused: with an example
        """
        verb = name.partition(" ")[0].upper()
        if verb not in self.VERBS or not any(mark in name for mark in self.CALL_MARKS):
            raise Refused(f"on: write a call of {self.kind} as {self.CALL_EXAMPLE}.")

    def describe(self):
        return {
            **super().describe(),
            "webhooks": {**self.webhooks, "held": sum(map(len, self.held))},
            "objects": {kind: len(shelf) for kind, shelf in self.shelves.items()},
        }
