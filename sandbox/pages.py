"""The page for people: accounts, what happened in them, and a form to add a fault."""

import time
from html import escape

from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.faults import KINDS
from sandbox.html import PAGE_HEADERS, document, table
from sandbox.paypal import money
from sandbox.pgecom import page as pgecom
from sandbox.pgpay import page as pgpay
from sandbox.stripe.page import amount_text

SHOWN = 15


def routes():
    """Return the routes of the pages."""
    return [Route("/", index), Route("/accounts/{id}", account_page)]


def _clock(moment):
    return time.strftime("%H:%M:%S", time.localtime(float(moment))) if moment else ""


async def index(request):
    """List the accounts, newest first."""
    registry = request.app.state.registry
    rows = [
        [
            (f'<a href="/accounts/{a.id}">{escape(a.name)}</a>',),
            a.kind,
            (f"<code>{escape(a.credential)}</code>",),
            f"{a.currency} {a.balance}" if a.kind == "dingconnect" else "",
            len(a.faults.faults),
        ]
        for a in list(reversed(registry.by_id.values()))[:50]
    ]
    base = f"{request.url.scheme}://{request.url.netloc}"
    body = (
        "<main><h1>Prepaid minutes sandbox</h1>"
        f"<p>Base address of a kind: <code>{base}/</code> and its name, as {base}/stripe</p>"
        + table(("Account", "Kind", "Credential", "Balance", "Faults waiting"), rows)
        + _create_form()
        + "</main>"
    )
    return HTMLResponse(document("Sandbox", body), headers=PAGE_HEADERS)


def _create_form():
    kinds = "".join(f"<option>{kind}</option>" for kind in PARTS)
    return (
        '<h2>New account</h2><form class="row" method="post" action="/_control/accounts">'
        f'<label>Kind<select name="kind">{kinds}</select></label>'
        '<label>Name<input name="name"></label>'
        '<label>Currency<input name="currency" placeholder="USD" maxlength="3"></label>'
        "<button>Create</button></form>"
    )


async def account_page(request):
    """Show one account."""
    account = request.app.state.registry.by_id.get(request.path_params["id"])
    if account is None:
        return HTMLResponse(document("Not found", "<main><h1>Not found</h1></main>"), 404)
    parts = PARTS[account.kind](account)
    head = (
        f'<main><p><a href="/">All accounts</a></p><h1>{escape(account.name)}</h1>'
        f"<p>{account.kind} · <code>{escape(account.credential)}</code></p>"
    )
    body = head + _fault_part(account) + "".join(parts) + _calls_part(account) + "</main>"
    return HTMLResponse(document(account.name, body), headers=PAGE_HEADERS)


def _section(title, heads, rows):
    return f"<h2>{title}</h2>{table(heads, rows)}"


def _fault_part(account):
    options = "".join(f'<option title="{escape(v[1])}">{k}</option>' for k, v in KINDS.items())
    call = getattr(account, "CALL_EXAMPLE", "SendTransfer")
    rows = [
        [f["on"], f["fault"], f["times"], f.get("seconds", "")] for f in account.faults.describe()
    ]
    form = (
        f'<form class="row" method="post" action="/_control/accounts/{account.id}/faults">'
        f'<label>On call<input name="on" value="{call}"></label>'
        f'<label>Fault<select name="fault">{options}</select></label>'
        '<label>Times<input name="times" value="1" inputmode="numeric"></label>'
        '<label>Seconds<input name="seconds" value="0"></label>'
        '<label>Code<input name="code"></label><label>Context<input name="context"></label>'
        "<button>Add fault</button></form>"
        f'<form class="row" method="post" action="/_control/accounts/{account.id}/faults/clear">'
        '<button class="second">Clear faults</button></form>'
    )
    return _section("Faults waiting", ("On", "Fault", "Times", "Seconds"), rows) + form


def _ding_parts(account):
    account.settle()
    rows = [
        [
            _clock(t["started_at"]),
            t["transfer_ref"],
            t["distributor_ref"],
            t["sku_code"],
            t["account_number"],
            f"{t['send_currency']} {t['send']}",
            f"{t['receive_currency']} {t['receive']}",
            t["state"],
        ]
        for t in account.transfers[: -SHOWN - 1 : -1]
    ]
    heads = ("At", "TransferRef", "DistributorRef", "SKU", "Number", "Sent", "Received", "State")
    yield f"<h2>Balance</h2><p>{account.currency} {account.balance}</p>"
    yield (
        f'<form class="row" method="post" action="/_control/accounts/{account.id}">'
        f'<label>Set balance<input name="balance" value="{account.balance}"></label>'
        "<button>Set</button></form>"
    )
    yield _section("Last transfers", heads, rows)


def _stripe_parts(account):
    sessions = [
        [
            (f'<a href="/stripe/pay/{s["id"]}">{s["id"][:20]}…</a>',),
            amount_text(s["amount_total"], s["currency"]),
            s["client_reference_id"] or "",
            s["status"],
            s["payment_status"],
        ]
        for s in account.newest("session")[:SHOWN]
    ]
    refunds = [
        [r["id"], amount_text(r["amount"], r["currency"]), r["status"], r["payment_intent"]]
        for r in account.newest("refund")[:SHOWN]
    ]
    yield _section("Sessions", ("Session", "Amount", "Reference", "Status", "Paid"), sessions)
    yield _section("Refunds", ("Refund", "Amount", "Status", "Intent"), refunds)
    yield from _webhook_parts(account)


def _paypal_parts(account):
    orders = [
        [
            (f'<a href="/paypal/checkoutnow?token={o["id"]}">{o["id"]}</a>',),
            money.text(o["purchase_units"][0]["amount"]),
            o["purchase_units"][0].get("custom_id", ""),
            o["status"],
        ]
        for o in account.newest("order")[:SHOWN]
    ]
    yield _section("Orders", ("Order", "Amount", "Custom id", "Status"), orders)
    for title, kind, parent in (
        ("Captures", "capture", "_order"),
        ("Refunds", "refund", "_capture"),
    ):
        rows = [
            [d["id"], money.text(d["amount"]), d["status"], d[parent]]
            for d in account.newest(kind)[:SHOWN]
        ]
        yield _section(title, ("Id", "Amount", "Status", "Of"), rows)
    yield from _webhook_parts(account)


def _pgpay_parts(account):
    payments = [
        [
            (f'<a href="/pgpay/c/{p["id"]}">{p["id"][:16]}…</a>',),
            pgpay.amount_text(p["amount"], p["currency"]),
            p["reference"],
            p["channel"] or "",
            (p["payer"] or {}).get("msisdn", ""),
            p["status"],
            (f'<a href="/pgpay/handset/{p["id"]}">Handset</a>',),
        ]
        for p in account.newest("payment")[:SHOWN]
    ]
    refunds = [
        [r["id"], pgpay.amount_text(r["amount"], r["currency"]), r["reference"], r["status"]]
        for r in account.newest("refund")[:SHOWN]
    ]
    heads = ("Payment", "Amount", "Reference", "Channel", "Payer", "Status", "")
    yield _section("Payments", heads, payments)
    yield _section("Refunds", ("Refund", "Amount", "Reference", "Status"), refunds)
    yield from _webhook_parts(account)


def _pgecom_parts(account):
    orders = [
        [
            (f'<a href="/pgecom/payment/pgpay/{o["metadata"]["token"]}">{o["id"][:20]}</a>',),
            pgecom.amount_text(o),
            o["status"],
        ]
        for o in account.newest("order")[:SHOWN]
    ]
    yield _section("Orders", ("Order", "Amount", "Status"), orders)
    yield from _webhook_parts(account)


def _webhook_parts(account):
    rows = [
        [_clock(d["at"]), d["type"], d["url"], d["attempt"], d["status"] or d.get("error") or ""]
        for d in account.deliveries[: -SHOWN - 1 : -1]
    ]
    yield _webhook_form(account)
    yield _section("Deliveries", ("At", "Event", "To", "Attempt", "Answer"), rows)


def _webhook_form(account):
    held = sum(map(len, account.held))
    address = f"/_control/accounts/{account.id}/webhooks"
    flip = "false" if account.webhooks["hold"] else "true"
    word = "Stop holding" if account.webhooks["hold"] else "Hold"
    switches = account.webhooks
    reorder = "".join(
        f'<option value="{value}"{" selected" if switches["reorder"] is value else ""}>{word}'
        for value, word in ((False, "in order"), (True, "reversed"))
    )
    return (
        f"<h2>Webhooks</h2><p>{held} held</p>"
        f'<form class="row" method="post" action="{address}">'
        f'<input type="hidden" name="hold" value="{flip}"><button>{word}</button></form>'
        f'<form class="row" method="post" action="{address}/release"><button class="second">'
        f'Release</button></form><form class="row" method="post" action="{address}">'
        f'<label>Copies of each<input name="duplicate" value="{switches["duplicate"]}"></label>'
        f'<label>Order<select name="reorder">{reorder}</select></label>'
        f'<label>Delay (s)<input name="delay" value="{switches["delay"]}"></label>'
        f'<label>Lose the next<input name="drop" value="{switches["drop"]}"></label>'
        '<button class="second">Set</button></form>'
    )


def _calls_part(account):
    rows = [
        [_clock(c["at"]), c["method"], c.get("status", "…"), c.get("ms", ""), c.get("fault") or ""]
        for c in list(account.calls)[: -SHOWN - 1 : -1]
    ]
    return _section("Last calls", ("At", "Call", "Status", "ms", "Fault"), rows)


PARTS = {
    "dingconnect": _ding_parts,
    "stripe": _stripe_parts,
    "paypal": _paypal_parts,
    "pgpay": _pgpay_parts,
    "pgecom": _pgecom_parts,
}
