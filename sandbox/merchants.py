"""The control API for payments: click for the payer, act for merchant, bank and operator."""

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox import delivery
from sandbox.accounts import NotHere, Refused, account_of, limited
from sandbox.paypal import certs
from sandbox.paypal import hand as paypal
from sandbox.pgecom import hand as pgecom
from sandbox.pgpay import hand as pgpay
from sandbox.stripe import hand as stripe

HANDS = {"stripe": stripe, "paypal": paypal, "pgpay": pgpay, "pgecom": pgecom}
SWITCH_KINDS = {"hold": bool, "reorder": bool, "duplicate": int, "delay": float, "drop": int}


def routes(endpoint):
    """Return the routes; ``endpoint`` wraps a function (request, values) -> data."""
    account = "/accounts/{id}"
    return [
        Route("/pay", endpoint(pay), methods=["POST"]),
        Route("/paypal/ca", root_certificate),
        Route(account + "/pay", endpoint(pay), methods=["POST"]),
        Route(account + "/deliveries", endpoint(list_deliveries)),
        Route(account + "/webhooks", endpoint(switch_webhooks), methods=["POST"]),
        Route(account + "/webhooks/release", endpoint(release_webhooks), methods=["POST"]),
        Route(account + "/events/{key}/send", endpoint(send_event), methods=["POST"]),
        Route(account + "/events/{key}/signed", endpoint(show_signed)),
        Route(account + "/{shelf}", endpoint(list_shelf)),
        Route(account + "/{shelf}", endpoint(act), methods=["POST"]),
        Route(account + "/{shelf}/{key}", endpoint(end), methods=["POST"]),
    ]


def _merchant(request):
    return account_of(request, *HANDS)


# === PAYER === #


def pay(request, values):
    """Click for the payer; ``session`` is the id of whatever the page is for."""
    reference = str(values.get("session") or "")
    for hand in HANDS.values():
        account, subject = hand.find(request.app.state.registry, reference)
        if subject is not None:
            with delivery.together(account):
                return hand.click(account, subject, values)
    raise NotHere("There is no such session.")


# === MERCHANT, BANK, OPERATOR === #


def list_shelf(request, values):
    """List the objects of a kind, oldest first."""
    account = _merchant(request)
    kind = account.LISTS.get(request.path_params["shelf"])
    if kind is None:
        raise NotHere("There is no such list.")
    rows = [account.show(kind, d) for d in account.shelves[kind].values()]
    return {"items": limited(request, rows)}


def act(request, values):
    """Make something by hand: a refund, a dispute."""
    account = _merchant(request)
    action = HANDS[account.kind].ACTIONS.get(request.path_params["shelf"])
    if action is None:
        raise NotHere("There is no such action.")
    with delivery.together(account):
        return action(account, values)


def end(request, values):
    """Bring something that waits to the end that ``outcome`` says."""
    account, shelf = _merchant(request), request.path_params["shelf"]
    ending = HANDS[account.kind].ENDINGS.get(shelf)
    if ending is None:
        raise NotHere("There is nothing to end here.")
    outcomes, function = ending
    if values.get("outcome") not in outcomes:
        raise Refused(f"outcome must be one of: {', '.join(outcomes)}.")
    document = account.get(account.LISTS[shelf], request.path_params["key"])
    with delivery.together(account):
        function(account, document, values["outcome"], values)
    return account.show(account.LISTS[shelf], document)


# === WEBHOOKS === #


def list_deliveries(request, values):
    return {"items": limited(request, _merchant(request).deliveries)}


def switch_webhooks(request, values):
    """Set hold, duplicate, reorder, delay, drop; what is left out stays."""
    account = _merchant(request)
    unknown = set(values) - set(SWITCH_KINDS)
    if unknown:
        known = ", ".join(SWITCH_KINDS)
        raise Refused(f"Unknown switch {sorted(unknown)[0]!r}; there are: {known}.")
    try:
        account.webhooks.update({k: _switch(k, v) for k, v in values.items()})
    except (TypeError, ValueError):
        raise Refused("duplicate, delay and drop must be numbers.") from None
    return account.webhooks


def _switch(name, value):
    kind = SWITCH_KINDS[name]
    if kind is bool and isinstance(value, str):
        return value.lower() in ("1", "true", "yes", "on")
    return kind(value)


def release_webhooks(request, values):
    return {"released": delivery.release(_merchant(request))}


def send_event(request, values):
    """Deliver one event again, ``times`` times at once."""
    account = _merchant(request)
    event = account.get("event", request.path_params["key"])
    delivery.send_again(account, event, int(values.get("times") or 1))
    return {"event": event["id"]}


def show_signed(request, values):
    """Return an event as it is delivered, signed anew: for those who post it themselves.

    ``?age=`` signs as if that many seconds ago.
    """
    account = _merchant(request)
    event = account.get("event", request.path_params["key"])
    age = request.query_params.get("age") or "0"
    if not age.lstrip("-").isdigit():
        raise Refused("age must be a whole number of seconds.")
    rows = []
    for endpoint in account.listeners(event):
        body, headers = account.signed(endpoint, event, int(age))
        row = {"endpoint": endpoint["id"], "url": endpoint["url"], "headers": headers}
        rows.append({**row, "body": body.decode()})
    return {"items": rows}


async def root_certificate(request):
    """Return the root that signed PayPal's certificate here, as PEM."""
    return PlainTextResponse(certs.of(request.app.state.registry.store).root)
