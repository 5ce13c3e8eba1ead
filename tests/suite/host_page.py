"""A seller's own site on another port: one page with the widget, under a strict policy."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="/host.js"></script></head>
<body><main><h1>My shop</h1>{code}</main></body></html>"""
CODE = """<script async src="{server}/pg/widget/v1/topup.js" crossorigin="anonymous"></script>
<pg-topup data-key="{key}" {attributes}></pg-topup>"""
# What the page's own script keeps: every event of the widget, over the way to pay and back.
SCRIPT = """const events = JSON.parse(sessionStorage.events || "[]");
for (const name of ["paid", "delivered", "failed"]) {
    document.addEventListener("pg-topup:" + name, (event) => {
        events.push([name, event.detail.reason || "", event.detail.order]);
        sessionStorage.events = JSON.stringify(events);
    });
}
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.broken.push(event.violatedDirective);
});
"""


class HostSite:
    """The site; ``key``, ``attributes`` or the whole ``code`` may be changed between two visits."""

    def __init__(self, server):
        self.server = server
        self.key = self.attributes = self.code = ""
        self.origin = ""

    def page(self):
        code = self.code or CODE.format(
            server=self.server, key=self.key, attributes=self.attributes
        )
        return PAGE.replace("{code}", code)


@contextlib.contextmanager
def host_site(server):
    """Serve a site on a free port of this machine."""
    site = HostSite(server)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            is_script = self.path == "/host.js"
            body = (SCRIPT if is_script else site.page()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; script-src 'self' {server}; connect-src {server};"
                f" img-src {server}; base-uri 'none'; require-trusted-types-for 'script'",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
