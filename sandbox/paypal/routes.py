"""HTTP face of PayPal: tokens, request ids, call log, faults."""

import base64
import binascii
import time
import urllib.parse

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox import face, jsonx
from sandbox.paypal import captures, certs, orders, page, refunds, views, webhooks
from sandbox.paypal.account import stamp
from sandbox.paypal.errors import PayPalError, malformed, missing, refusal
from sandbox.wire import Reply

HOUR = 3600
# how long a request id is kept: (path begins with, seconds)
KEPT = (("/v2/checkout/orders", 6 * HOUR), ("/v2/payments/", 45 * 24 * HOUR))
SCOPE = "https://uri.paypal.com/services/payments/payment https://uri.paypal.com/services/webhooks"


def routes():
    """Return the routes below ``/paypal``."""
    return [
        Route("/checkoutnow", page.show, methods=["GET"]),
        Route("/checkoutnow", page.submit, methods=["POST"]),
        Route("/v1/oauth2/token", _token, methods=["POST"]),
        Route("/v1/notifications/certs/{name}", _certificate, methods=["GET"]),
        Route("/{path:path}", _call, methods=["GET", "POST", "PATCH", "DELETE"]),
    ]


def base_of(request):
    """Return the address by which this process was reached."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def _certificate(request):
    authority = certs.of(request.app.state.registry.store)
    if request.path_params["name"] != authority.name:
        return PlainTextResponse("No such certificate.", 404)
    return PlainTextResponse(authority.chain, media_type="application/x-pem-file")


# === TOKENS === #


async def _token(request):
    """Give an access token for client id and secret."""
    account = _client_of(request)
    if account is None:
        data = {"error": "invalid_client", "error_description": "Client Authentication failed"}
        return Reply.of(401, data).response()
    text = (await request.body()).decode("utf-8", "replace")
    reply = await face.run(
        account, "POST /v1/oauth2/token", lambda fault: _give_token(account, text), refusal
    )
    return reply.response()


def _client_of(request):
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    client, secret = urllib.parse.unquote(client), urllib.parse.unquote(secret)
    account = request.app.state.registry.find("paypal", client)
    is_right = scheme.lower() == "basic" and account and account.client_secret == secret
    return account if is_right else None


def _give_token(account, text):
    grants = urllib.parse.parse_qs(text).get("grant_type")
    if grants != ["client_credentials"]:
        words = "Grant Type is NULL" if not grants else "unsupported grant_type"
        return Reply.of(400, {"error": "unsupported_grant_type", "error_description": words})
    token, seconds = account.new_token()
    return Reply.of(
        200,
        {
            "scope": SCOPE,
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": seconds,
            "nonce": stamp() + token[-20:],
        },
    )


def _account_of(request):
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = request.app.state.registry.by_id.get("acct_" + token[5:17])
    if scheme.lower() == "bearer" and account and account.kind == "paypal":
        return account if account.accepts(token) else None
    return None


# === CALLS === #


class Call:
    """One request, decoded."""

    def __init__(self, request, raw):
        self.verb, self.raw = request.method, raw
        self.path = "/" + request.path_params["path"].rstrip("/")
        self.parts = self.path.strip("/").split("/")
        self.base = base_of(request)
        self.is_json = request.headers.get("content-type", "").startswith("application/json")
        self.is_whole = "return=representation" in request.headers.get("prefer", "")
        self.key = self.verb == "POST" and request.headers.get("paypal-request-id") or None

    @property
    def body(self):
        """The decoded body; an empty one is an empty object.

        :raise PayPalError: when it is not JSON, or not the kind of JSON that is asked for
        """
        if not self.is_json and self.verb in ("POST", "PATCH"):
            raise PayPalError("INVALID_PARAMETER_SYNTAX", status=400, text="Not application/json.")
        try:
            data = jsonx.loads(self.raw) if self.raw.strip() else {}
        except ValueError:
            raise malformed("MALFORMED_REQUEST_JSON", "/") from None
        if not isinstance(data, list if self.verb == "PATCH" else dict):
            raise malformed("INVALID_PARAMETER_SYNTAX", "/")
        return data


async def _call(request):
    """Answer one API call."""
    account = _account_of(request)
    if account is None:
        return PayPalError("INVALID_ACCOUNT_STATUS", status=401).reply().response()
    raw = await request.body()
    call = Call(request, raw)
    reply = await face.run(
        account,
        f"{call.verb} {call.path}",
        lambda fault: _remembered(account, call, fault),
        refusal,
        key=call.key and f"{call.path} {call.key}",
        busy=lambda: PayPalError("PREVIOUS_REQUEST_IN_PROGRESS", status=409),
        query=request.url.query,
        body=raw.decode("utf-8", "replace"),
        idempotency_key=call.key,
    )
    return reply.response()


def _remembered(account, call, fault):
    """Execute; when the request id was used before, answer what became of the first request."""
    seconds = next((s for start, s in KEPT if call.path.startswith(start)), 0)
    key = call.key and seconds and f"{call.path} {call.key}"
    seen = account.idempotency.get(key) if key else None
    if seen and seen["at"] > time.time() - seconds:
        document = account.get(seen["kind"], seen["reference"])
        return _answer(account, call, seen["kind"], document, is_new=False)
    result = _execute(account, call, fault)
    if isinstance(result, Reply):
        return result
    kind, document = result
    if key:
        row = {"key": key, "at": time.time(), "kind": kind, "reference": document["id"]}
        account.keep_answer(row)
    return _answer(account, call, kind, document, is_new=True)


def _answer(account, call, kind, document, is_new):
    """Return what a call that makes or changes something answers.

    A repeated order call answers 200 instead of 201, as the contract has it.
    """
    if kind == "order":
        whole = views.order(account, document)
        data = whole if call.is_whole else views.minimal(account, document)
        return Reply.of(201 if is_new else 200, data)
    data = account.show(kind, document)
    if kind == "refund" and not call.is_whole:
        data = {k: data[k] for k in ("id", "status", "links")}
    return Reply.of(201, data)


def _execute(account, call, fault):
    """Do the work of one call; return a Reply or (kind, object) of what was made."""
    work = WORK.get((call.verb, *_shape(call.parts)))
    if work is None:
        raise missing(call.path)
    return work(account, call, fault)


def _shape(parts):
    """Return the parts of a path with the fourth, which is an id, replaced by ``*``."""
    return (*parts[:3], *("*" for _ in parts[3:4]), *parts[4:])


def _reading(kind, at=3):
    """Return the work that shows an object whose id is one part of the path."""
    return lambda account, call, fault: Reply.of(
        200, account.show(kind, account.get(kind, call.parts[at]))
    )


def _create_order(account, call, fault):
    return "order", orders.create(account, call.body, call.base)


def _patch_order(account, call, fault):
    orders.patch(account, account.get("order", call.parts[3]), call.body)
    return Reply(204)


def _capture_order(account, call, fault):
    order = account.get("order", call.parts[3])
    if call.body.get("payment_source"):
        raise malformed("INVALID_PARAMETER_VALUE", "/payment_source")
    return "order", captures.capture(account, order, fault)


def _refund(account, call, fault):
    return "refund", refunds.create(account, account.get("capture", call.parts[3]), call.body)


def _create_endpoint(account, call, fault):
    return "endpoint", webhooks.create_endpoint(account, call.body, call.base)


def _list_endpoints(account, call, fault):
    rows = [account.show("endpoint", e) for e in account.shelves["endpoint"].values()]
    return Reply.of(200, {"webhooks": rows})


def _delete_endpoint(account, call, fault):
    account.get("endpoint", call.parts[3])
    account.discard("endpoint", call.parts[3])
    return Reply(204)


def _verify(account, call, fault):
    return Reply.of(200, webhooks.verify(account, call.body, call.raw))


def _list_event_types(account, call, fault):
    return Reply.of(200, webhooks.event_types())


ORDERS = ("v2", "checkout", "orders")
CAPTURES = ("v2", "payments", "captures")
NOTES = ("v1", "notifications")
WORK = {
    ("POST", *ORDERS): _create_order,
    ("GET", *ORDERS, "*"): _reading("order"),
    ("PATCH", *ORDERS, "*"): _patch_order,
    ("POST", *ORDERS, "*", "capture"): _capture_order,
    ("GET", *CAPTURES, "*"): _reading("capture"),
    ("POST", *CAPTURES, "*", "refund"): _refund,
    ("GET", "v2", "payments", "refunds", "*"): _reading("refund"),
    ("POST", *NOTES, "webhooks"): _create_endpoint,
    ("GET", *NOTES, "webhooks"): _list_endpoints,
    ("GET", *NOTES, "webhooks", "*"): _reading("endpoint"),
    ("DELETE", *NOTES, "webhooks", "*"): _delete_endpoint,
    ("GET", *NOTES, "webhooks-events", "*"): _reading("event"),
    ("GET", *NOTES, "webhooks-event-types"): _list_event_types,
    ("POST", *NOTES, "verify-webhook-signature"): _verify,
    ("GET", "v1", "customer", "disputes", "*"): _reading("dispute"),
}
