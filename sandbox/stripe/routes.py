"""HTTP face of Stripe: credential, idempotency keys, call log, faults."""

import re
import time

from starlette.routing import Route

from sandbox import face
from sandbox.stripe import objects, page, params, refunds, sessions
from sandbox.stripe.account import API_VERSION, new_id
from sandbox.stripe.errors import StripeError
from sandbox.wire import Reply

SEEN = 24 * 3600


def _read(kind):
    return lambda account, form, reference: account.get(kind, reference)


def _list(kind, *filters):
    return lambda account, form, url: objects.page(account, kind, url, form, filters)


def _plain(function):
    return lambda account, form: function(account, form)


# (verb, path with one * for an id): what to do
CALLS = {
    ("POST", "/v1/customers"): _plain(objects.create_customer),
    ("GET", "/v1/customers/*"): _read("customer"),
    ("POST", "/v1/customers/*"): objects.update_customer,
    ("GET", "/v1/checkout/sessions/*"): _read("session"),
    ("POST", "/v1/checkout/sessions/*/expire"): lambda a, form, ref: sessions.expire(a, ref),
    ("GET", "/v1/payment_intents/*"): _read("intent"),
    ("GET", "/v1/charges/*"): _read("charge"),
    ("POST", "/v1/refunds"): _plain(refunds.create),
    ("GET", "/v1/refunds/*"): _read("refund"),
    ("GET", "/v1/balance"): lambda account, form: objects.balance(account),
    ("GET", "/v1/balance_transactions/*"): _read("transaction"),
    ("POST", "/v1/webhook_endpoints"): _plain(objects.create_endpoint),
    ("GET", "/v1/webhook_endpoints/*"): _read("endpoint"),
    ("DELETE", "/v1/webhook_endpoints/*"): objects.delete_endpoint,
    ("GET", "/v1/events/*"): _read("event"),
    ("GET", "/v1/disputes/*"): _read("dispute"),
}
LISTS = {
    "/v1/customers": _list("customer", "email"),
    "/v1/checkout/sessions": _list("session", "payment_intent", "customer", "status"),
    "/v1/refunds": _list("refund", "payment_intent", "charge"),
    "/v1/balance_transactions": _list("transaction", "type", "source", "currency"),
    "/v1/webhook_endpoints": _list("endpoint"),
    "/v1/events": _list("event", "type"),
    "/v1/disputes": _list("dispute", "charge", "payment_intent"),
}


def routes():
    """Return the routes below ``/stripe``."""
    return [
        Route("/pay/{session}", page.show, methods=["GET"]),
        Route("/pay/{session}", page.submit, methods=["POST"]),
        Route("/{path:path}", _call, methods=["GET", "POST", "DELETE"]),
    ]


def _find(verb, path):
    """Return (the function of a call, its id argument or None).

    :raise StripeError: when there is no such call
    """
    parts = path.split("/")
    for index in (None, len(parts) - 1, len(parts) - 2):
        pattern = path
        if index is not None:
            pattern = "/".join("*" if i == index else p for i, p in enumerate(parts))
        if (verb, pattern) in CALLS:
            return CALLS[verb, pattern], parts[index] if index is not None else None
    message = f"Unrecognized request URL ({verb}: {path})."
    raise StripeError(message, status=404)


async def _call(request):
    """Answer one API call."""
    verb, path = request.method, "/" + request.path_params["path"].rstrip("/")
    headers = {"Request-Id": new_id("req", 14)}
    headers["Stripe-Version"] = request.headers.get("stripe-version", API_VERSION)
    text = (await request.body()).decode("utf-8", "replace")
    account = _account_of(request)
    if account is None:
        reply = _unknown_key(request).reply()
        return _response(reply, headers)
    key = request.headers.get("idempotency-key") if verb == "POST" else None
    base = f"{request.url.scheme}://{request.url.netloc}"

    def execute(fault):
        form = params.decode(text if verb == "POST" else request.url.query)
        return _remembered(account, key, (verb, path, form), fault, base)

    reply = await face.run(
        account,
        f"{verb} {path}",
        execute,
        _refusal,
        key=key,
        busy=_busy,
        query=request.url.query,
        body=text,
        idempotency_key=key,
    )
    return _response(reply, headers)


def _response(reply, headers):
    reply.headers = {**headers, **reply.headers}
    return reply.response()


def _account_of(request):
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return request.app.state.registry.find("stripe", key.strip())


def _unknown_key(request):
    if not request.headers.get("authorization"):
        return StripeError("You did not provide an API key.", status=401)
    return StripeError("Invalid API Key provided.", status=401, code="api_key_invalid")


def _busy():
    return StripeError(
        "There is currently another in-progress request using this Idempotency Key.",
        **{"kind": "idempotency_error", "code": "idempotency_key_in_use", "status": 409},
    )


def _remembered(account, key, call, fault, base):
    """Execute, or repeat the first answer when the key was used before."""
    seen = account.idempotency.get(key) if key else None
    if seen and seen["at"] > time.time() - SEEN:
        if seen["call"] != [call[0], call[1], call[2]]:
            return StripeError(
                "Keys for idempotent requests can only be used with the same parameters they"
                f" were first used with. Try using a key other than '{key}'.",
                kind="idempotency_error",
            ).reply()
        return Reply(seen["status"], seen["body"].encode(), headers={"Idempotent-Replayed": "true"})
    kept = True
    try:
        reply = Reply.of(200, _execute(account, call, fault, base))
    except StripeError as error:
        reply, kept = error.reply(), error.kept
    if key and kept:
        row = {"key": key, "at": time.time(), "call": list(call)}
        row.update(status=reply.status, body=reply.body.decode())
        account.keep_answer(row)
    return reply


def _execute(account, call, fault, base):
    """Do the work of one call; return the answer's object."""
    verb, path, form = call
    if verb == "GET" and path in LISTS:
        return LISTS[path](account, form, path)
    expand = form.get("expand")
    if (verb, path) == ("POST", "/v1/checkout/sessions"):
        document = sessions.create(account, form, base)
        if fault and fault.fault == "wrong_amount":
            document["_pay_amount"] = fault.amount or document["amount_total"] - 1
        elif fault and fault.fault == "wrong_currency":
            other = "aud" if document["currency"] == "usd" else "usd"
            document["_pay_currency"] = fault.code.lower() or other
        account.put("session", document)
    else:
        function, reference = _find(verb, path)
        arguments = (account, form) if reference is None else (account, form, reference)
        document = function(*arguments)
    return objects.expanded(account, document, expand)


def _refusal(fault):
    """Return the answer of a ``refuse`` or ``throttle`` fault."""
    if fault.fault == "throttle":
        return StripeError("Too many requests hit the API.", code="rate_limit", status=429).reply()
    code = fault.code or "card_declined"
    is_card = re.match(r"card_|expired_card|insufficient", code) is not None
    return StripeError(
        fault.context or f"The sandbox was told to refuse with {code}.",
        code=code,
        kind="card_error" if is_card else None,
        status=fault.status or (402 if is_card else 400),
    ).reply()
