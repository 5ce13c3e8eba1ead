"""The payer's page, and what a click on it does."""

import urllib.parse
from html import escape

from starlette.responses import RedirectResponse

from sandbox.html import message, page
from sandbox.pgecom import orders
from sandbox.pgecom.account import PgecomError

OUTCOMES = ("pay", "approve", "close", "decline", "cancel")


def find(registry, reference):
    """Return (account, order) of an order id or a token, or (None, None)."""
    for account in registry.of_kind("pgecom"):
        order = account.shelves["order"].get(reference)
        if order is None and reference.count(".") == 2:
            order = account.order_of(reference)
        if order is not None:
            return account, order
    return None, None


def click(account, order, outcome):
    """Do what a button of the page does.

    :param outcome: one of ``OUTCOMES``; ``cancel`` leaves the order pending
    :return: {"url": where the browser is sent or None, "status", "message"}
    :raise PgecomError: when the order has ended, or the outcome is unknown
    """
    if outcome not in OUTCOMES:
        raise PgecomError(f"outcome must be one of: {', '.join(OUTCOMES)}.")
    url, text = order["successUrl"], None
    if outcome in ("decline", "cancel"):
        url, text = order["errorUrl"], "Payment was cancelled"
        if outcome == "decline":
            text = "Insufficient funds"
            orders.finish(account, order, "failed")
    else:
        orders.finish(account, order, "completed")
    url = None if outcome == "close" or not url else _with(url, order, text)
    return {"url": url, "status": order["status"], "message": text}


def _with(url, order, text):
    """Add what PGecom adds to the addresses of the shop."""
    parts = urllib.parse.urlsplit(url)
    added = {"transactionId": order["id"], "token": order["metadata"]["token"]}
    if text:
        added["errorMessage"] = text
    query = "&".join(filter(None, (parts.query, urllib.parse.urlencode(added))))
    return urllib.parse.urlunsplit(parts._replace(query=query))


def amount_text(order):
    """Write what is asked for people: ``HTG 55``, ``USD 10.00``."""
    amount = order.get("gourdes", order["amount"])
    return f"{order['currency'].upper()} {amount:,}"


async def show(request):
    """Show the payer's page."""
    try:
        account, order = find(request.app.state.registry, request.path_params["token"])
    except PgecomError:
        return message("This page has expired", "Go back to the shop and start again.", 401)
    return _nothing() if order is None else _page(account, order)


async def submit(request):
    """Take a click on the payer's page."""
    form = await request.form()
    try:
        account, order = find(request.app.state.registry, request.path_params["token"])
        if order is None:
            return _nothing()
        result = click(account, order, form.get("outcome", "pay"))
    except PgecomError as error:
        return message("PG Pay (sandbox)", str(error), error.status)
    return RedirectResponse(result["url"], 303) if result["url"] else _page(account, order)


def _nothing():
    return message("Nothing to pay here", "This payment page does not exist.", 404)


def _page(account, order):
    if order["status"] != "pending":
        return message("PG Pay (sandbox)", f"This payment is {order['status']}.")
    total = amount_text(order)
    action = f"/pgecom/payment/pgpay/{order['metadata']['token']}"
    return page(
        f"Pay {account.name}",
        f"""<p class="muted">PG Pay (sandbox): pay {escape(account.name)}</p>
<p class="amount">{total}</p><p>{escape(order["description"])}</p>
<form method="post" action="{action}">
<button name="outcome" value="pay">Pay {total}</button>
<button class="second" name="outcome" value="decline">Pay without enough money</button>
<button class="second" name="outcome" value="close">Pay and close the tab</button>
<button class="link" name="outcome" value="cancel">Cancel and go back</button>
</form>""",
    )
