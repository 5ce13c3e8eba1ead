"""The control API: make accounts, order faults, click for the payer, read what happened."""

from fnmatch import fnmatchcase

from starlette.responses import RedirectResponse
from starlette.routing import Route

from sandbox import jsonx
from sandbox.accounts import Refused
from sandbox.dingconnect.routes import METHODS
from sandbox.faults import BadFault, parse_fault
from sandbox.stripe import page, refunds, webhooks
from sandbox.stripe.account import public
from sandbox.stripe.errors import StripeError
from sandbox.wire import Reply

SHELVES = {
    "customers": "customer",
    "sessions": "session",
    "payment_intents": "intent",
    "charges": "charge",
    "refunds": "refund",
    "balance_transactions": "transaction",
    "endpoints": "endpoint",
    "events": "event",
}


class NotHere(Exception):
    """The account or object asked for does not exist."""


def routes():
    """Return the routes below ``/_control``."""
    return [
        Route("/health", _endpoint(health)),
        Route("/accounts", _endpoint(list_accounts)),
        Route("/accounts", _endpoint(create_account), methods=["POST"]),
        Route("/pay", _endpoint(pay), methods=["POST"]),
        Route("/accounts/{id}", _endpoint(show_account)),
        Route("/accounts/{id}", _endpoint(change_account), methods=["POST", "PATCH"]),
        Route("/accounts/{id}", _endpoint(delete_account), methods=["DELETE"]),
        Route("/accounts/{id}/calls", _endpoint(list_calls)),
        Route("/accounts/{id}/transfers", _endpoint(list_transfers)),
        Route("/accounts/{id}/deliveries", _endpoint(list_deliveries)),
        Route("/accounts/{id}/faults", _endpoint(list_faults)),
        Route("/accounts/{id}/faults", _endpoint(add_fault), methods=["POST"]),
        Route("/accounts/{id}/faults", _endpoint(clear_faults), methods=["DELETE"]),
        Route("/accounts/{id}/faults/clear", _endpoint(clear_faults), methods=["POST"]),
        Route("/accounts/{id}/pay", _endpoint(pay), methods=["POST"]),
        Route("/accounts/{id}/webhooks", _endpoint(switch_webhooks), methods=["POST"]),
        Route("/accounts/{id}/webhooks/release", _endpoint(release_webhooks), methods=["POST"]),
        Route("/accounts/{id}/events/{key}/send", _endpoint(send_event), methods=["POST"]),
        Route("/accounts/{id}/refunds", _endpoint(create_refund), methods=["POST"]),
        Route("/accounts/{id}/refunds/{key}", _endpoint(finish_refund), methods=["POST"]),
        Route("/accounts/{id}/{shelf}", _endpoint(list_shelf)),
    ]


def _endpoint(function):
    """Wrap a function (request, values) -> data; forms are answered with a way back."""

    async def endpoint(request):
        values, is_form = await _values(request)
        try:
            data = function(request, values)
        except NotHere as error:
            return Reply.of(404, {"error": str(error)}).response()
        except (Refused, BadFault, StripeError) as error:
            return Reply.of(400, {"error": str(error)}).response()
        if is_form:
            return RedirectResponse(request.headers.get("referer", "/"), 303)
        return Reply.of(200, data).response()

    return endpoint


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


def _account(request, kind=None):
    account = request.app.state.registry.by_id.get(request.path_params["id"])
    if account is None:
        raise NotHere("There is no such account.")
    if kind and account.kind != kind:
        raise Refused(f"This is a {account.kind} account.")
    return account


def _limited(request, rows):
    limit = request.query_params.get("limit", "")
    return rows[-int(limit) :] if limit.isdigit() and int(limit) else rows


def health(request, values):
    return {"status": "ok", "accounts": len(request.app.state.registry.by_id)}


def list_accounts(request, values):
    return {"items": [a.describe() for a in request.app.state.registry.by_id.values()]}


def create_account(request, values):
    return request.app.state.registry.create(values).describe()


def show_account(request, values):
    return _account(request).describe()


def change_account(request, values):
    """Change name, balance or settings; fields of a form that are settings count as settings."""
    account = _account(request)
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
    request.app.state.registry.remove(_account(request))
    return {"deleted": True}


def list_calls(request, values):
    """List the calls, oldest first; ``?method=`` takes ``*`` for anything."""
    method = request.query_params.get("method") or "*"
    rows = [c for c in _account(request).calls if fnmatchcase(c["method"], method)]
    return {"items": _limited(request, rows)}


def list_transfers(request, values):
    """List executed transfers, oldest first; ``?all=1`` adds the refused ones."""
    account = _account(request, "dingconnect")
    rows = account.executed()
    if request.query_params.get("all"):
        rows = account.transfers
    return {"items": _limited(request, rows)}


def list_deliveries(request, values):
    return {"items": _limited(request, _account(request, "stripe").deliveries)}


def list_faults(request, values):
    return {"items": _account(request).faults.describe()}


def add_fault(request, values):
    account = _account(request)
    fault = parse_fault(values)
    _check_call_name(account, fault.on)
    account.faults.add(fault)
    return fault.describe()


def _check_call_name(account, name):
    """Refuse a call name that can never match, so that a slip does not pass unseen."""
    if "*" in name:
        return
    if account.kind == "dingconnect":
        if name.lower() not in {known.lower() for known, _function in METHODS.values()}:
            raise Refused(f"on: DingConnect has no method {name}.")
    elif name.partition(" ")[0].upper() not in ("GET", "POST", "DELETE") or " /v1/" not in name:
        raise Refused("on: write a Stripe call as POST /v1/refunds.")


def clear_faults(request, values):
    _account(request).faults.clear()
    return {"items": []}


def pay(request, values):
    """Click for the payer."""
    account, session = page.find(request.app.state.registry, values.get("session"))
    if session is None:
        raise NotHere("There is no such session.")
    card = values.get("card") or page.payments.GOOD_CARD
    return page.click(account, session, values.get("outcome") or "pay", card)


def switch_webhooks(request, values):
    """Set hold, duplicate, reorder, delay; what is left out stays."""
    account = _account(request, "stripe")
    kinds = {"hold": _flag, "reorder": _flag, "duplicate": int, "delay": float}
    unknown = set(values) - set(kinds)
    if unknown:
        raise Refused(f"Unknown switch {sorted(unknown)[0]!r}; there are: {', '.join(kinds)}.")
    try:
        account.webhooks.update({k: kinds[k](v) for k, v in values.items()})
    except (TypeError, ValueError):
        raise Refused("duplicate and delay must be numbers.") from None
    return account.webhooks


def _flag(value):
    return value.lower() in ("1", "true", "yes", "on") if isinstance(value, str) else bool(value)


def release_webhooks(request, values):
    return {"released": webhooks.release(_account(request, "stripe"))}


def send_event(request, values):
    """Deliver one event again, ``times`` times at once."""
    account = _account(request, "stripe")
    event = account.get("event", request.path_params["key"])
    webhooks.send_again(account, event, int(values.get("times") or 1))
    return {"event": event["id"]}


def create_refund(request, values):
    """Refund as the merchant does in the dashboard."""
    texts = {k: str(v) for k, v in values.items() if not isinstance(v, dict)}
    texts.update({k: v for k, v in values.items() if isinstance(v, dict)})
    return public(refunds.create(_account(request, "stripe"), texts))


def finish_refund(request, values):
    """End a refund as ``succeeded`` or ``failed``."""
    account = _account(request, "stripe")
    refund = account.get("refund", request.path_params["key"])
    if values.get("outcome") not in ("succeeded", "failed"):
        raise Refused("outcome must be succeeded or failed.")
    refunds.finish(account, refund, values["outcome"])
    return public(refund)


def list_shelf(request, values):
    account, kind = _account(request, "stripe"), SHELVES.get(request.path_params["shelf"])
    if kind is None:
        raise NotHere("There is no such list.")
    return {"items": _limited(request, [public(d) for d in account.shelves[kind].values()])}
