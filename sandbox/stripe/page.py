"""The hosted payment page, and what a click on it does."""

from decimal import Decimal
from html import escape

from starlette.responses import HTMLResponse, RedirectResponse

from sandbox.html import PAGE_HEADERS, document, message
from sandbox.stripe import payments, sessions
from sandbox.stripe.errors import StripeError

OUTCOMES = ("pay", "decline", "cancel", "close", "expire")


def find(registry, reference):
    """Return (account, session) of a session id, or (None, None)."""
    for account in registry.of_kind("stripe"):
        session = account.shelves["session"].get(reference)
        if session:
            return account, session
    return None, None


def click(account, session, outcome, card=payments.GOOD_CARD):
    """Do what a button of the page does.

    :param outcome: one of ``OUTCOMES``
    :return: {"url": where the browser is sent or None, "status": of the session, "message"}
    :raise StripeError: when the session is not open any more, or the outcome is unknown
    """
    if outcome not in OUTCOMES:
        raise StripeError(f"outcome must be one of: {', '.join(OUTCOMES)}.")
    url = message = None
    if outcome == "cancel":
        url = session["cancel_url"]
    elif outcome == "expire":
        sessions.expire(account, session["id"])
    else:
        card = payments.DECLINED_CARD if outcome == "decline" else card
        message = payments.pay(account, session, card)
        if outcome == "pay" and not message:
            url = success_url(session)
    return {"url": url, "status": session["status"], "message": message}


def success_url(session):
    """Return where a payer goes after paying."""
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


async def show(request):
    """Show the page of a session."""
    account, session = find(request.app.state.registry, request.path_params["session"])
    if session is None:
        return message("Nothing to pay here", "This payment page does not exist.", 404)
    return _page(account, session)


async def submit(request):
    """Take a click."""
    account, session = find(request.app.state.registry, request.path_params["session"])
    if session is None:
        return message("Nothing to pay here", "This payment page does not exist.", 404)
    form = await request.form()
    outcome = form.get("outcome", "pay")
    if session["status"] != "open":
        if session["status"] == "complete" and outcome == "pay":
            return RedirectResponse(success_url(session), 303)
        return _page(account, session)
    try:
        result = click(account, session, outcome, form.get("card") or payments.GOOD_CARD)
    except StripeError as error:
        return _page(account, session, str(error))
    if result["url"]:
        return RedirectResponse(result["url"], 303)
    return _page(account, session, result["message"])


def amount_text(amount, currency):
    """Write minor units for people: ``PGK 12.50``."""
    decimals = 0 if currency in payments.WHOLE_UNITS else 2
    return f"{currency.upper()} {Decimal(amount).scaleb(-decimals):,.{decimals}f}"


def _page(account, session, error=None):
    if session["status"] == "complete":
        link = (
            f'<p><a class="button" href="{escape(success_url(session))}">Back to the shop</a></p>'
        )
        paid = amount_text(session["amount_total"], session["currency"])
        return message("Payment complete", f"{paid} paid. You may close this page.", link=link)
    if session["status"] == "expired":
        return message("This page has expired", "Go back to the shop and start again.")
    return HTMLResponse(
        document(f"Pay {account.name}", _form(account, session, error)), 200, PAGE_HEADERS
    )


def _form(account, session, error):
    total = amount_text(session["amount_total"], session["currency"])
    rows = "".join(
        f"<li><span>{escape(name)}{f' × {quantity}' if quantity > 1 else ''}</span>"
        f"<span>{amount_text(quantity * unit, currency)}</span></li>"
        for name, quantity, unit, currency in session["_items"]
    )
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    cancel = ""
    if session["cancel_url"]:
        cancel = '<button class="link" name="outcome" value="cancel">Cancel and go back</button>'
    email = escape(session["customer_email"] or "")
    return f"""<main class="card">
<p class="muted">Pay {escape(account.name)}</p>
<p class="amount">{total}</p>
<ul class="lines">{rows}</ul>
{alert}
<form method="post" action="/stripe/pay/{session["id"]}">
<label>E-mail<input name="email" type="email" value="{email}" placeholder="you@example.com"></label>
<label>Card number<input name="card" value="4242 4242 4242 4242" inputmode="numeric"></label>
<div class="pair"><label>Expires<input value="12 / 34" inputmode="numeric"></label>
<label>CVC<input value="123" inputmode="numeric"></label></div>
<label>Name on card<input value="Test Payer"></label>
<button name="outcome" value="pay">Pay {total}</button>
<button class="second" name="outcome" value="decline">Pay with a card that is declined</button>
<button class="second" name="outcome" value="close">Pay and close the tab</button>
{cancel}
</form>
<p class="muted small">Other test cards: 4000 0000 0000 0002 is declined,
4000 0000 0000 9995 has no money, 4000 0000 0000 0069 has expired.</p>
</main>"""
