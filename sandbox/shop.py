"""A seller's own site: one page with the top-up widget, so that another origin is a real one.

`/shop?server=http://127.0.0.1:8069&key=pk_…&slug=…`; the other attributes of the widget may follow.
"""

import re
from html import escape
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.html import document
from sandbox.wire import is_loopback_url

ATTRIBUTES = re.compile(
    r"(key|slug|colour|logo|country|operator|amount|language|theme|compact|payment)"
)
STYLE = """
.host{max-width:64rem;display:grid;gap:2rem;grid-template-columns:minmax(0,1fr)}
.host header{border-bottom:3px double #7a5c3e;padding-bottom:.75rem}
.host h1{font:700 1.8rem/1.2 Georgia,serif;color:#4a3320;margin:0}
.host article{font-family:Georgia,serif}
.log{background:#fff;border:1px solid #e3e6ee;border-radius:8px;padding:.75rem;min-height:3rem;
 font:.85rem/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
@media(min-width:48rem){.host{grid-template-columns:1fr 26rem}.host header{grid-column:1/-1}}
"""
# Notes what the widget tells, over the way to the payment page and back.
SCRIPT = """
const log = document.querySelector(".log");
log.textContent = sessionStorage.told || "";
for (const name of ["paid", "delivered", "failed"]) {
    document.addEventListener(`pg-topup:${name}`, (event) => {
        const line = `pg-topup:${name} ${JSON.stringify(event.detail)}\\n`;
        sessionStorage.told = (sessionStorage.told || "") + line;
        log.textContent = sessionStorage.told;
    });
}
"""


def routes():
    """Return the routes of the shop."""
    return [Route("/shop", shop), Route("/shop.js", script)]


def _find_server(text):
    """Return the origin of a platform on this machine, '' for any other."""
    if not is_loopback_url(text):
        return ""
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 80}"


async def shop(request):
    """Show the shop. The policy is what a careful owner of a site would set."""
    server = _find_server(request.query_params.get("server", ""))
    if not server or not request.query_params.get("key"):
        words = (
            "<main><h1>Which shop?</h1><p>Give <code>server</code> and <code>key</code>.</p></main>"
        )
        return HTMLResponse(document("Which shop?", f"{words}</main>"), 400)
    attributes = " ".join(
        f'data-{name}="{escape(value)}"'
        for name, value in request.query_params.items()
        if ATTRIBUTES.fullmatch(name)
    )
    body = (
        f"<style>{STYLE}</style><main class='host'><header><h1>Kila's Corner Store</h1></header>"
        "<article><p>Rice, tinned fish, phone cards. And now minutes for any phone, right here.</p>"
        "<p>This page stands on another port than the platform: for a browser that is another "
        "site. What the widget tells this page:</p>"
        f'<div class="log" role="log" aria-label="Events"></div></article>'
        f"<div><pg-topup {attributes}></pg-topup></div></main>"
        '<script src="/shop.js"></script>'
        f'<script async src="{escape(server)}/pg/widget/v1/topup.js"></script>'
    )
    policy = (
        f"default-src 'none'; script-src 'self' {server}; connect-src {server};"
        f" img-src {server} data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return HTMLResponse(document("Kila's Corner Store", body), headers={
        "Content-Security-Policy": policy, "Cache-Control": "no-store",
    })  # fmt: skip


async def script(_request):
    """Send the shop's own script."""
    return HTMLResponse(SCRIPT, headers={"Content-Type": "text/javascript; charset=utf-8"})
