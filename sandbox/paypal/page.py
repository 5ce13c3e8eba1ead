"""The page where the payer approves, and what a click on it does."""

import urllib.parse
from html import escape

from starlette.responses import RedirectResponse

from sandbox.html import message, page
from sandbox.paypal import money, orders
from sandbox.paypal.errors import PayPalError

OUTCOMES = ("approve", "pay", "close", "decline", "echeck", "cancel", "expire")
INSTRUMENTS = {"decline": "declined", "echeck": "echeck"}


def find(registry, reference):
    """Return (account, order) of an order id, or (None, None)."""
    for account in registry.of_kind("paypal"):
        order = account.shelves["order"].get(reference)
        if order:
            return account, order
    return None, None


def click(account, order, outcome, email=""):
    """Do what a button of the page does.

    :param outcome: one of ``OUTCOMES``; ``pay`` is another word for ``approve``
    :param email: who pays, see `orders.approve`
    :return: {"url": where the browser is sent or None, "status": of the order, "message"}
    :raise PayPalError: when the order is not waiting for the payer, or the outcome is unknown
    """
    if outcome not in OUTCOMES:
        raise PayPalError("INVALID_PARAMETER_VALUE", status=400, text=", ".join(OUTCOMES))
    url = None
    if outcome == "cancel":
        url = _with(order["_cancel_url"], {"token": order["id"]})
    elif outcome == "expire":
        orders.reverse(account, order)
    else:
        orders.approve(account, order, INSTRUMENTS.get(outcome, "good"), email)
        if outcome != "close":
            url = back_url(order)
    return {"url": url, "status": order["status"], "message": None}


def back_url(order):
    """Return where a payer goes after approving, or None."""
    query = {"token": order["id"], "PayerID": order["payer"]["payer_id"]}
    return _with(order["_return_url"], query)


def _with(url, query):
    """Add parameters to an address, or return None when there is no address."""
    if not url:
        return None
    parts = urllib.parse.urlsplit(url)
    text = "&".join(filter(None, (parts.query, urllib.parse.urlencode(query))))
    return urllib.parse.urlunsplit(parts._replace(query=text))


async def show(request):
    """Show the page of an order."""
    account, order = find(request.app.state.registry, request.query_params.get("token"))
    if order is None:
        return message("Nothing to pay here", "This payment page does not exist.", 404)
    return _page(account, order)


async def submit(request):
    """Take a click."""
    account, order = find(request.app.state.registry, request.query_params.get("token"))
    if order is None:
        return message("Nothing to pay here", "This payment page does not exist.", 404)
    form = await request.form()
    try:
        result = click(account, order, form.get("outcome", "approve"))
    except PayPalError as error:
        return _page(account, order, str(error))
    if result["url"]:
        return RedirectResponse(result["url"], 303)
    return _page(account, order)


def _page(account, order, error=None):
    again = order["status"] == "APPROVED" and order["_instrument"] == "declined"
    if order["status"] not in orders.WAITING and not again:
        words = {"APPROVED": "You have approved this payment.", "COMPLETED": "This was paid."}
        text = words.get(order["status"], "This payment is not open any more.")
        return message("PayPal (sandbox)", f"{text} You can close this page.")
    unit = order["purchase_units"][0]
    total = money.text(unit["amount"])
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    cancel = ""
    if order["_cancel_url"]:
        cancel = '<button class="link" name="outcome" value="cancel">Cancel and go back</button>'
    return page(
        f"Pay {order['_brand']}",
        f"""<p class="muted">PayPal (sandbox): pay {escape(order["_brand"])}</p>
<p class="amount">{total}</p>
<ul class="lines"><li><span>{escape(unit.get("description") or unit.get("invoice_id") or "")}</span>
<span>{total}</span></li></ul>
{alert}
<form method="post" action="/paypal/checkoutnow?token={order["id"]}">
<p class="muted">Signed in as payer@example.com</p>
<button name="outcome" value="approve">Pay with PayPal</button>
<button class="second" name="outcome" value="echeck">Pay from a bank account (takes days)</button>
<button class="second" name="outcome" value="decline">Pay with a card that is declined</button>
<button class="second" name="outcome" value="close">Pay and close the tab</button>
{cancel}
</form>""",
    )
