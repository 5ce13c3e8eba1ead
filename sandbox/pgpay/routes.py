"""HTTP face of PGPay: key, signature, idempotency, call log, faults."""

import re
import time

from starlette.routing import Route

from sandbox import face, jsonx
from sandbox.pgpay import channels, checks, events, page, payments, refunds, signature
from sandbox.pgpay.account import stamp
from sandbox.pgpay.errors import KEPT, PgpayError, refusal
from sandbox.wire import Reply

SEEN = 72 * 3600


def routes():
    """Return the routes below ``/pgpay``."""
    return [
        Route("/c/{payment}", page.show, methods=["GET"]),
        Route("/c/{payment}", page.submit, methods=["POST"]),
        Route("/handset/{payment}", page.show_handset, methods=["GET"]),
        Route("/handset/{payment}", page.submit_handset, methods=["POST"]),
        Route("/{path:path}", _call, methods=["GET", "POST"]),
    ]


class Call:
    """One request."""

    def __init__(self, request, raw):
        self.verb, self.raw = request.method, raw
        self.path = "/" + request.path_params["path"]
        self.query = dict(request.query_params)
        self.target = self.path + (f"?{request.url.query}" if request.url.query else "")
        self.base = f"{request.url.scheme}://{request.url.netloc}"
        self.key = request.headers.get("idempotency-key") if self.verb == "POST" else None

    @property
    def body(self):
        """The decoded body.

        :raise PgpayError: when it is not a JSON object
        """
        try:
            data = jsonx.loads(self.raw or b"{}")
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise PgpayError("invalid_request", "the body is not a JSON object")
        return data


async def _call(request):
    """Answer one API call."""
    raw = await request.body()
    call = Call(request, raw)
    try:
        account = _account_of(request, call)
    except PgpayError as error:
        return error.reply().response()
    reply = await face.run(
        account,
        f"{call.verb} {call.path}",
        lambda fault: _remembered(account, call, fault),
        refusal,
        key=call.key,
        busy=lambda: PgpayError("idempotency_in_progress", "the first request is under way"),
        query=request.url.query,
        body=raw.decode("utf-8", "replace"),
        idempotency_key=call.key,
    )
    return reply.response()


def _account_of(request, call):
    """Return the account whose key and signature a request carries."""
    key = request.headers.get("pgpay-key-id")
    if not key:
        raise PgpayError("signature_missing", "PGPay-Key-Id is required")
    account = request.app.state.registry.find("pgpay", key)
    if account is None:
        raise PgpayError("key_unknown", "no such key")
    if account.settings["key_revoked"]:
        raise PgpayError("key_revoked", "this key was revoked")
    header = request.headers.get("pgpay-signature")
    skew = account.settings["clock_skew"]
    signature.check_request(account.secret, header, call.verb, call.target, call.raw, skew)
    return account


def _remembered(account, call, fault):
    """Execute, or repeat the first answer when the key was used before."""
    if call.verb == "GET":
        return _execute(account, call, fault)
    if not call.key:
        raise PgpayError("idempotency_key_missing", "Idempotency-Key is required")
    if not checks.KEY.fullmatch(call.key):
        raise PgpayError("parameter_invalid", "Idempotency-Key is not valid", "Idempotency-Key")
    what = [call.path, call.raw.decode("utf-8", "replace")]
    seen = account.idempotency.get(call.key)
    if seen and seen["at"] > time.time() - SEEN:
        if seen["what"] != what:
            raise PgpayError("idempotency_key_reused", "same key, other body")
        headers = {"Idempotent-Replayed": "true"}
        return Reply(seen["status"], seen["body"].encode(), headers=headers)
    try:
        reply = _execute(account, call, fault)
    except PgpayError as error:
        reply = error.reply()
    if reply.status < 300 or reply.status in KEPT:
        row = {"key": call.key, "at": time.time(), "what": what, "status": reply.status}
        account.keep_answer({**row, "body": reply.body.decode()})
    return reply


def _execute(account, call, fault):
    """Do the work of one call.

    :raise PgpayError: as the contract refuses
    """
    for verb, pattern, work in WORK:
        found = re.fullmatch(pattern, call.path)
        if verb == call.verb and found:
            return work(account, call, fault, *found.groups())
    raise PgpayError("not_found", f"no such call: {call.verb} {call.path}")


def _ping(account, call, fault):
    data = {"ok": True, "livemode": False, "merchant_id": account.merchant_id}
    moment = time.time() + account.settings["clock_skew"]
    return Reply.of(200, {**data, "server_time": stamp(moment)})


def _list_channels(account, call, fault):
    return Reply.of(200, channels.describe(account))


def _create(account, call, fault):
    payment = payments.create(account, call.body, call.base, fault)
    return Reply.of(201, account.show("payment", payment))


def _find(account, call, fault):
    checks.required(call.query, "reference")
    rows = account.newest("payment", reference=call.query["reference"])
    return Reply.of(200, {"data": [account.show("payment", p) for p in rows]})


def _read(kind):
    return lambda account, call, fault, key: Reply.of(
        200, account.show(kind, account.get(kind, key))
    )


def _cancel(account, call, fault, key):
    payment = payments.cancel(account, account.get("payment", key))
    return Reply.of(200, account.show("payment", payment))


def _refund(account, call, fault, key):
    refund = refunds.create(account, account.get("payment", key), call.body)
    return Reply.of(201, account.show("refund", refund))


def _list_refunds(account, call, fault, key):
    account.get("payment", key)
    rows = [r for r in account.shelves["refund"].values() if r["payment_id"] == key]
    return Reply.of(200, {"data": [account.show("refund", r) for r in rows]})


def _list_events(account, call, fault):
    return Reply.of(200, events.page(account, call.query))


WORK = (
    ("GET", "/v1/ping", _ping),
    ("GET", "/v1/channels", _list_channels),
    ("POST", "/v1/payments", _create),
    ("GET", "/v1/payments", _find),
    ("GET", "/v1/payments/([^/]+)", _read("payment")),
    ("POST", "/v1/payments/([^/]+)/cancel", _cancel),
    ("POST", "/v1/payments/([^/]+)/refunds", _refund),
    ("GET", "/v1/payments/([^/]+)/refunds", _list_refunds),
    ("GET", "/v1/refunds/([^/]+)", _read("refund")),
    ("GET", "/v1/events", _list_events),
    ("GET", "/v1/events/([^/]+)", _read("event")),
)
