"""The control API: make accounts, order faults, read what happened."""

from fnmatch import fnmatchcase

from starlette.responses import RedirectResponse
from starlette.routing import Route

from sandbox import jsonx, merchants
from sandbox.accounts import NotHere, Refused, account_of, limited
from sandbox.face import ServiceError
from sandbox.faults import BadFault, parse_fault
from sandbox.sms import routes as sms
from sandbox.wire import Reply


def routes():
    """Return the routes below ``/_control``."""
    return [
        Route("/health", endpoint(health)),
        Route("/accounts", endpoint(list_accounts)),
        Route("/accounts", endpoint(create_account), methods=["POST"]),
        Route("/accounts/{id}", endpoint(show_account)),
        Route("/accounts/{id}", endpoint(change_account), methods=["POST", "PATCH"]),
        Route("/accounts/{id}", endpoint(delete_account), methods=["DELETE"]),
        Route("/accounts/{id}/calls", endpoint(list_calls)),
        Route("/accounts/{id}/transfers", endpoint(list_transfers)),
        Route("/accounts/{id}/faults", endpoint(list_faults)),
        Route("/accounts/{id}/faults", endpoint(add_fault), methods=["POST"]),
        Route("/accounts/{id}/faults", endpoint(clear_faults), methods=["DELETE"]),
        Route("/accounts/{id}/faults/clear", endpoint(clear_faults), methods=["POST"]),
        *merchants.routes(endpoint),
        *sms.control_routes(endpoint),
    ]


def endpoint(function):
    """Wrap a function (request, values) -> data; forms are answered with a way back."""

    async def answer(request):
        values, is_form = await _values(request)
        try:
            data = function(request, values)
        except NotHere as error:
            return Reply.of(404, {"error": str(error)}).response()
        except (Refused, BadFault, ServiceError) as error:
            return Reply.of(400, {"error": str(error)}).response()
        if is_form:
            return RedirectResponse(request.headers.get("referer", "/"), 303)
        return Reply.of(200, data).response()

    return answer


async def _values(request):
    """Return (fields of the body, whether it was an HTML form)."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(await request.form()), True
    body = await request.body()
    try:
        values = jsonx.loads(body) if body else {}
    except ValueError:
        values = {}
    return values if isinstance(values, dict) else {}, False


def health(request, values):
    return {"status": "ok", "accounts": len(request.app.state.registry.by_id)}


def list_accounts(request, values):
    return {"items": [a.describe() for a in request.app.state.registry.by_id.values()]}


def create_account(request, values):
    return request.app.state.registry.create(values).describe()


def show_account(request, values):
    return account_of(request).describe()


def change_account(request, values):
    """Change name, balance or settings; fields of a form that are settings count as settings."""
    account = account_of(request)
    settings = dict(values.get("settings") or {})
    settings.update({k: v for k, v in values.items() if k in account.DEFAULTS})
    if "balance" in values:
        if account.kind != "dingconnect":
            raise Refused("Only a dingconnect account has a balance that can be set.")
        account.balance = account.parse_balance(values["balance"])
    account.name = values.get("name") or account.name
    account.configure(settings)
    return account.describe()


def delete_account(request, values):
    request.app.state.registry.remove(account_of(request))
    return {"deleted": True}


def list_calls(request, values):
    """List the calls, oldest first; ``?method=`` takes ``*`` for anything."""
    method = request.query_params.get("method") or "*"
    rows = [c for c in account_of(request).calls if fnmatchcase(c["method"], method)]
    return {"items": limited(request, rows)}


def list_transfers(request, values):
    """List executed transfers, oldest first; ``?all=1`` adds the refused ones."""
    account = account_of(request, "dingconnect")
    rows = account.executed()
    if request.query_params.get("all"):
        rows = account.transfers
    return {"items": limited(request, rows)}


def list_faults(request, values):
    return {"items": account_of(request).faults.describe()}


def add_fault(request, values):
    account = account_of(request)
    fault = parse_fault(values)
    if "*" not in fault.on:
        account.check_call(fault.on)
    account.faults.add(fault)
    return fault.describe()


def clear_faults(request, values):
    account_of(request).faults.clear()
    return {"items": []}
