"""A member of staff with a plain HTTP client: reads records through Odoo's own JSON routes."""

import requests


class BackOfficeError(Exception):
    """Odoo refused; the text is what it said."""


class BackOffice:
    """One login at the back office."""

    def __init__(self, base_url, database, login, password, *, timeout=30):
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.http = requests.Session()
        self.http.trust_env = False
        self._post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model."""
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def read(self, model, domain, fields, **kwargs):
        """Return the records of a domain as dicts."""
        return self.call(model, "search_read", domain, fields, **kwargs)

    def topup(self, name):
        """Return a top-up with its timeline, attempts and ledger entries."""
        fields = [
            "name", "uuid", "state", "number", "operator_id", "amount", "cost", "margin",
            "receive_value", "transfer_ref", "refund_state", "payment_tx_id", "failure",
        ]  # fmt: skip
        [topup] = self.read("pg.topup", [("name", "=", name)], fields)
        events = self.read(
            "pg.topup.event", [("topup_id", "=", topup["id"])], ["at", "kind", "state", "text"],
            order="at, id",
        )  # fmt: skip
        attempts = self.read(
            "pg.topup.attempt",
            [("topup_id", "=", topup["id"])],
            ["number", "state", "code", "transfer_ref", "started_at", "finished_at"],
            order="number",
        )
        entries = self.read(
            "pg.ledger.entry",
            [("subject", "=", topup["uuid"])],
            ["kind", "key", "posting_ids"],
            order="id",
        )
        return {**topup, "events": events, "attempts": attempts, "entries": entries}

    def _post(self, path, params):
        answer = self.http.post(
            self.base_url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=self.timeout,
        )
        answer.raise_for_status()
        body = answer.json()
        if "error" in body:
            raise BackOfficeError(body["error"]["data"].get("message") or str(body["error"]))
        return body["result"]
