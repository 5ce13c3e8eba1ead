"""The frame of every page: one style, one banner, nothing from outside."""

from html import escape

from starlette.responses import HTMLResponse

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#f6f7f9;color:#1a1f36;font:16px/1.5 system-ui,sans-serif}
.banner{background:#8a4b00;color:#fff;text-align:center;padding:.5rem 1rem;font-weight:600}
main{max-width:70rem;margin:1.5rem auto;padding:0 1rem}
main.card{max-width:27rem;background:#fff;padding:1.5rem;border-radius:12px;
 box-shadow:0 4px 24px rgba(20,30,60,.1)}
@media(max-width:30rem){main.card{margin:0;border-radius:0;min-height:calc(100vh - 2.5rem)}}
h1{font-size:1.4rem;margin:0 0 .75rem}h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
.muted{color:#5a6178;margin:0}.small{font-size:.85rem;margin-top:1rem}
.amount{font-size:2.2rem;font-weight:700;margin:.1rem 0 1rem}
.lines{list-style:none;margin:0 0 1rem;padding:.75rem 0;border:solid #e3e6ee;border-width:1px 0}
.lines span:last-child{white-space:nowrap}
.lines li{display:flex;justify-content:space-between;gap:1rem}
label{display:block;font-size:.85rem;font-weight:600;margin-bottom:.75rem}
input,select{display:block;width:100%;font:inherit;font-weight:400;
 padding:.6rem .7rem;margin-top:.2rem;border:1px solid #c3c9d9;border-radius:8px;background:#fff}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
button,.button{display:block;width:100%;font:inherit;font-weight:600;padding:.75rem;margin-top:.6rem;
 border:0;border-radius:8px;background:#4b45c6;color:#fff;cursor:pointer;text-align:center;
 text-decoration:none}
button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid #a8a4ff}
button.second{background:#eceef6;color:#1a1f36}
button.link{background:none;color:#4b45c6;text-decoration:underline}
.error{background:#fdeaea;color:#8f1717;border-radius:8px;padding:.6rem .8rem;margin:0 0 1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;background:#fff;font-size:.87rem}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #e3e6ee;white-space:nowrap}
form.row{margin-top:.75rem;display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}
form.row label{margin:0;flex:0 1 11rem}form.row button{width:auto;margin:0}
code{font-size:.9em;background:#eceef6;padding:.1em .3em;border-radius:4px}
"""


def document(title, body):
    """Return a whole HTML page.

    :param title: plain text
    :param body: HTML
    """
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        '<div class="banner">Sandbox: no real money, no real cards</div>'
        f"{body}</body></html>"
    )


def table(heads, rows):
    """Return an HTML table.

    :param rows: lists of cells; a cell is escaped unless it is a ``(html,)`` tuple
    """
    if not rows:
        return '<p class="muted">None yet.</p>'
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join("<tr>" + "".join(_cell(c) for c in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _cell(value):
    return f"<td>{value[0] if isinstance(value, tuple) else escape(str(value))}</td>"


def page(title, body, status=200):
    """Return the answer with a narrow page, as on a phone.

    :param body: HTML
    """
    return HTMLResponse(document(title, f'<main class="card">{body}</main>'), status, PAGE_HEADERS)


def message(title, text, status=200, link=""):
    """Return the answer with a page that only says something.

    :param link: HTML
    """
    return page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{link}", status)
