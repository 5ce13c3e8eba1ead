"""HTTP face of DingConnect: credential, call log, faults, one function per method."""

import time

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox import faults, jsonx
from sandbox.dingconnect import bills, logos, methods, oauth, queries, records  # noqa: F401 (they register)
from sandbox.dingconnect.errors import Problem, answer
from sandbox.dingconnect.transfers import send_transfer

METHODS = {
    ("POST", "sendtransfer"): ("SendTransfer", send_transfer),
    **{(verb, f.wire_name.lower()): (f.wire_name, f) for verb, f in methods.METHODS},
}


def routes():
    """Return the routes below ``/dingconnect``."""
    return [
        Route("/api/V1/{method}", _call, methods=["GET", "POST"]),
        Route("/logo/{name}", logos.serve),
        Route("/idp/connect/token", oauth.token, methods=["POST"]),
    ]


async def _call(request):
    """Answer one call: find the account, note the call, play the faults, execute."""
    started = time.perf_counter()
    logos.note_origin(request)
    name, function = METHODS.get(
        (request.method, request.path_params["method"].lower()), (None, None)
    )
    if function is None:
        return PlainTextResponse("Not Found", 404)
    account = oauth.account_of_headers(request.app.state.registry, request.headers)
    if account is None:
        return answer({}, Problem("AuthenticationFailed")).response()
    body, unreadable = await _read(request)
    row = account.record_call(
        name,
        query=[list(pair) for pair in request.query_params.multi_items()],
        body=body,
        correlation=request.headers.get("x-correlation-id"),
    )
    fault = account.faults.take(name)

    def execute():
        if unreadable:
            return answer({}, Problem("RequestInvalid"))
        if account.is_over_daily_limit(name):
            return answer({}, Problem("RateLimited"))
        argument = body if request.method == "POST" else methods.Filters(request.query_params)
        return _finish(account, function(account, argument, request.headers))

    def refusal(fault):
        code = fault.code or ("RateLimited" if fault.fault == "throttle" else "ProviderError")
        return answer({}, Problem(code, fault.context))

    reply = await faults.play(fault, execute, refusal)
    row.update(
        status=reply.status,
        fault=fault.fault if fault else None,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )
    return reply.response()


async def _read(request):
    """Return (decoded body, whether it could not be decoded)."""
    if request.method != "POST":
        return None, False
    try:
        return jsonx.loads(await request.body()), False
    except ValueError:
        return None, True


def _finish(account, reply):
    """Apply the standing switches of the account to an answer."""
    if account.settings["completed_spelling"]:
        faults.spell_completed(reply)
    if account.settings["extra_fields"]:
        faults.add_extra_fields(reply)
    return reply
