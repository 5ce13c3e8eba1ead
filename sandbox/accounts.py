"""Accounts: isolated worlds, each found by its own credential."""

import secrets
import time
from collections import deque

from sandbox import jsonx
from sandbox.faults import FaultQueue

CALLS_KEPT = 2000


class Refused(ValueError):
    """A control request that makes no sense; the text says why."""


class NotHere(Exception):
    """The account or object asked for does not exist."""


class Account:
    """What both services share: a credential, settings, a fault queue and a log of calls.

    ``DEFAULTS`` names every setting of the kind with its default; no other name is accepted.
    """

    kind = ""
    credential_name = ""
    credential_prefix = ""
    DEFAULTS = {}

    def __init__(self, store, head):
        self.store = store
        self.id = head["id"]
        self.name = head["name"]
        self.credential = head["credential"]
        self.currency = head["currency"]
        self.created = head["created"]
        self.settings = dict(self.DEFAULTS)
        for name, value in head.get("settings", {}).items():
            if name in self.DEFAULTS:  # a store gives Decimal for float
                self.settings[name] = self._coerce(name, value)
        self.faults = FaultQueue()
        self.calls = deque(maxlen=CALLS_KEPT)

    @classmethod
    def new_head(cls, values):
        """Return the first document of an account from the values of a control request."""
        token = secrets.token_hex(12)
        return {
            "id": f"acct_{secrets.token_hex(6)}",
            "name": values.get("name") or f"Sandbox {cls.kind}",
            "credential": values.get(cls.credential_name) or cls.credential_prefix + token,
            "currency": (values.get("currency") or "").upper(),
            "created": int(time.time()),
            "settings": {},
        }

    def load(self):
        """Read back what the store holds for this account."""

    def start(self):
        """Arm timers; called once the event loop runs."""

    def head(self):
        """Return the document that :meth:`__init__` takes."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "credential": self.credential,
            "currency": self.currency,
            "created": self.created,
            "settings": {k: v for k, v in self.settings.items() if v != self.DEFAULTS.get(k)},
        }

    def save(self):
        """Write the head through to the store."""
        self.store.put("account", "", self.id, self.head())

    def configure(self, settings):
        """Change settings by name.

        :raise Refused: when a name is unknown
        """
        unknown = sorted(set(settings) - set(self.DEFAULTS))
        if unknown:
            known = ", ".join(sorted(self.DEFAULTS))
            raise Refused(f"Unknown setting {unknown[0]!r}; a {self.kind} account has: {known}.")
        for name, value in settings.items():
            self.settings[name] = self._coerce(name, value)
        self.save()

    def _coerce(self, name, value):
        """Bring a value from a form or JSON to the type of the default."""
        default = self.DEFAULTS[name]
        try:
            if isinstance(default, list | dict) and isinstance(value, str):
                value = jsonx.loads(value)
            if isinstance(default, list | dict) and not isinstance(value, type(default)):
                raise Refused(f"Setting {name!r} wants {type(default).__name__}.")
            if isinstance(default, bool) and isinstance(value, str):
                return value.lower() in ("1", "true", "yes", "on")
            if isinstance(default, int | float) and not isinstance(default, bool):
                return type(default)(value)
        except (TypeError, ValueError):
            raise Refused(f"Setting {name!r} wants another kind of value.") from None
        return value

    def describe(self):
        """Return the account as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            self.credential_name: self.credential,
            "currency": self.currency,
            "created": self.created,
            "settings": self.settings,
            "faults": self.faults.describe(),
        }

    def check_again(self, values):
        """Refuse to hand out an account that was asked for with another secret."""

    def check_call(self, name):
        """Refuse the name of a call that can never match, so that a slip does not pass unseen.

        :raise Refused: with what is possible
        """

    def record_call(self, method, **details):
        """Append one call to the log and return its row, to be completed with the outcome."""
        row = {"at": time.time(), "method": method, **details}
        self.calls.append(row)
        return row


class Registry:
    """All accounts of the process."""

    def __init__(self, store, classes):
        self.store = store
        self.classes = {cls.kind: cls for cls in classes}
        self.by_id = {}
        self._by_credential = {}
        for head in store.all("account", ""):
            account = self.classes[head["kind"]](store, head)
            account.load()
            self._add(account)

    def start(self):
        """Arm the timers of every account read from the store."""
        for account in self.by_id.values():
            account.start()

    def create(self, values):
        """Make an account, or return the one that already has the credential asked for.

        :raise Refused: when the kind or a setting is unknown, or the credential is a live one
        """
        cls = self.classes.get(values.get("kind"))
        if cls is None:
            raise Refused(f"kind must be one of: {', '.join(sorted(self.classes))}.")
        wanted = values.get(cls.credential_name)
        if wanted and "live" in wanted:
            raise Refused("Live keys are never accepted by the sandbox.")
        known = wanted and self.find(cls.kind, wanted)
        if known:
            known.check_again(values)
            return known
        account = cls(self.store, cls.new_head(values))
        account.configure(values.get("settings") or {})
        self._add(account)
        return account

    def _add(self, account):
        self.by_id[account.id] = account
        self._by_credential[account.kind, account.credential] = account

    def find(self, kind, credential):
        """Return the account of that kind with that credential, or None."""
        return self._by_credential.get((kind, credential))

    def remove(self, account):
        """Forget an account and everything in it."""
        self.by_id.pop(account.id, None)
        self._by_credential.pop((account.kind, account.credential), None)
        self.store.delete("account", "", account.id)
        self.store.drop_owner(account.id)

    def of_kind(self, kind):
        """Return the accounts of a kind, newest first."""
        return [a for a in reversed(self.by_id.values()) if a.kind == kind]


def account_of(request, *kinds):
    """Return the account that a control request names.

    :raise NotHere: when there is none
    :raise Refused: when it is of another kind
    """
    account = request.app.state.registry.by_id.get(request.path_params["id"])
    if account is None:
        raise NotHere("There is no such account.")
    if kinds and account.kind not in kinds:
        raise Refused(f"This is a {account.kind} account.")
    return account


def limited(request, rows):
    """Return the last rows, as many as ``?limit=`` says."""
    limit = request.query_params.get("limit", "")
    return rows[-int(limit) :] if limit.isdigit() and int(limit) else rows
