"""The payer's page and the payer's handset, and what a click on them does."""

from html import escape

from starlette.responses import RedirectResponse

from sandbox.html import message, page
from sandbox.pgpay import channels, checks, payments
from sandbox.pgpay.errors import PgpayError

# what a button or a test says: how the payment fails
FAILING = {
    "decline": "payer_rejected",
    "reject": "payer_rejected",
    "timeout": "payer_timeout",
    "pin": "pin_incorrect",
    "otp": "otp_incorrect",
    "funds": "insufficient_funds",
}
ENDED = {
    "processing": "Your approval was passed on. The result is not known yet.",
    "succeeded": "Paid. Thank you.",
    "failed": "This payment failed.",
    "cancelled": "This payment was cancelled.",
    "expired": "This payment has expired.",
    "reversed": "This payment was taken back.",
}


def find(registry, reference):
    """Return (account, payment) of a payment id, or (None, None)."""
    for account in registry.of_kind("pgpay"):
        payment = account.shelves["payment"].get(reference)
        if payment:
            return account, payment
    return None, None


def click(account, payment, outcome):
    """Do what a payer can do.

    :param outcome: approve (or pay), close, cancel, expire, settle, a key of ``FAILING`` or the
        code of a failure
    :return: {"url": where the browser is sent or None, "status", "message"}
    :raise PgpayError: when the payment is not waiting, or the outcome is unknown
    """
    url, code = payment["return_url"], FAILING.get(outcome, outcome)
    if outcome in ("approve", "pay", "close"):
        _open(account, payment)
        payments.answer(account, payment, "approve")
        url = None if outcome == "close" else url
    elif outcome == "cancel":
        payments.cancel(account, payment)
        url = payment["cancel_url"]
    elif outcome == "expire":
        payments.move(account, payment, "expired")
        url = None
    elif outcome == "settle":
        payments.settle(account, payment)
    elif code in payments.FAILURES:
        _open(account, payment)
        payments.answer(account, payment, code)
    else:
        raise PgpayError("parameter_invalid", f"unknown outcome {outcome}", "outcome")
    failure = payment["failure"] or {}
    return {"url": url, "status": payment["status"], "message": failure.get("message")}


def _open(account, payment):
    """Note that the payer was asked, when nobody opened the page before."""
    if payment["status"] == "created":
        payments.move(account, payment, "pending")


def choose(account, payment, code, number):
    """Choose a channel on the page, for a payment that was made without one."""
    number = "".join(number.split())
    number = f"+675{number}" if number and not number.startswith("+") else number
    payer = checks.payer({"payer": {**(payment["payer"] or {}), "msisdn": number or None}})
    payments.check_channel(account, code, payment["amount"], payment["currency"], payer)
    payment.update(channel=code, payer=payer)
    payment["next_action"] = channels.next_action(payment)
    account.put("payment", payment)
    payments.ask(account, payment)


# === THE PAGE === #


async def show(request):
    """Show the payer's page; opening it is being asked."""
    account, payment = _found(request)
    if payment is None:
        return _nothing()
    if payment["status"] == "created" and payment["channel"]:
        payments.ask(account, payment)
    return _page(account, payment)


async def submit(request):
    """Take a click on the payer's page."""
    account, payment = _found(request)
    if payment is None:
        return _nothing()
    form = await request.form()
    try:
        if form.get("outcome") == "choose":
            choose(account, payment, form.get("channel"), form.get("msisdn", ""))
            return _page(account, payment)
        result = click(account, payment, form.get("outcome", "approve"))
    except PgpayError as error:
        return _page(account, payment, error.error["message"])
    return RedirectResponse(result["url"], 303) if result["url"] else _page(account, payment)


async def show_handset(request):
    """Show the payer's handset."""
    account, payment = _found(request)
    return _nothing() if payment is None else _handset(payment)


async def submit_handset(request):
    """Take a press on the payer's handset."""
    account, payment = _found(request)
    if payment is None:
        return _nothing()
    form = await request.form()
    try:
        click(account, payment, form.get("outcome", "approve"))
    except PgpayError as error:
        return _handset(payment, error.error["message"])
    return _handset(payment)


def _found(request):
    return find(request.app.state.registry, request.path_params["payment"])


def _nothing():
    return message("Nothing to pay here", "This payment does not exist.", 404)


def amount_text(amount, currency):
    """Write toea for people: ``PGK 12.50``."""
    return f"{currency} {amount // 100:,}.{amount % 100:02}"


def _head(account, payment, error=None):
    total = amount_text(payment["amount"], payment["currency"])
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return (
        f'<p class="muted">PGPay (sandbox): pay {escape(account.name)}</p>'
        f'<p class="amount">{total}</p><p>{escape(payment["description"] or "")}</p>{alert}'
    )


def _page(account, payment, error=None):
    if payment["status"] not in payments.WAITING:
        link = f'<a class="button" href="{escape(payment["return_url"])}">Back to the shop</a>'
        text = (payment["failure"] or {}).get("message", "")
        return message("PGPay (sandbox)", f"{ENDED[payment['status']]} {text}", link=link)
    if not payment["channel"]:
        body = _choice(account)
    elif channels.CHANNELS[payment["channel"]][1] == "redirect":
        body = _buttons(payment)
    else:
        body = _waiting(payment)
    action = f"/pgpay/c/{payment['id']}"
    cancel = '<button class="link" name="outcome" value="cancel">Cancel and go back</button>'
    form = f'<form method="post" action="{action}">{body}{cancel}</form>'
    return page(f"Pay {account.name}", _head(account, payment, error) + form)


def _choice(account):
    options = "".join(
        f'<option value="{code}">{escape(row[0])}</option>'
        for code, row in channels.CHANNELS.items()
        if channels.is_enabled(account, code)
    )
    return (
        f'<label>Pay with<select name="channel">{options}</select></label>'
        '<label>Mobile number<input name="msisdn" inputmode="tel" placeholder="7000 1234"></label>'
        '<button name="outcome" value="choose">Continue</button>'
    )


def _buttons(payment):
    name = escape(channels.name(payment["channel"]))
    return f"""<label>One-time code from your SMS<input value="123456" inputmode="numeric"></label>
<button name="outcome" value="approve">Pay with {name}</button>
<button class="second" name="outcome" value="otp">Give a wrong code</button>
<button class="second" name="outcome" value="funds">Pay without enough money</button>
<button class="second" name="outcome" value="close">Pay and close the tab</button>"""


def _waiting(payment):
    text = escape(payment["next_action"]["message"])
    return (
        f'<p>{text}</p><a class="button" href="/pgpay/handset/{payment["id"]}">Open the handset</a>'
    )


def _handset(payment, error=None):
    if payment["status"] not in payments.WAITING:
        text = (payment["failure"] or {}).get("message", "")
        link = f'<a class="button" href="{escape(payment["checkout_url"])}">Payment page</a>'
        return message("Handset (sandbox)", f"{ENDED[payment['status']]} {text}", link=link)
    number = escape((payment["payer"] or {}).get("msisdn", ""))
    total = amount_text(payment["amount"], payment["currency"])
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return page(
        "Handset (sandbox)",
        f"""<p class="muted">Handset {number}: {escape(channels.name(payment["channel"]))}</p>
<p class="amount">{total}</p>{alert}
<form method="post" action="/pgpay/handset/{payment["id"]}">
<label>PIN<input type="password" value="1234" inputmode="numeric"></label>
<button name="outcome" value="approve">Approve</button>
<button class="second" name="outcome" value="reject">Reject</button>
<button class="second" name="outcome" value="pin">Enter a wrong PIN</button>
<button class="second" name="outcome" value="funds">Approve without enough money</button>
<button class="second" name="outcome" value="timeout">Do not answer</button>
</form>""",
    )
