from odoo import http
from odoo.http import request

from ..tools import assets

YEAR = 365 * 24 * 3600


class StorefrontAssets(http.Controller):
    """Style and script of the pages, a quarter of their size where the browser takes gzip.

    Odoo and many proxies send static files as they are; a phone on a slow line waits for that.
    """

    @http.route(
        "/pg_portal/src/<string:name>",
        type="http",
        auth="none",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_asset(self, name, v="", **_kwargs):
        """Send a file; its address changes with it, so that it may be kept for a year."""
        try:
            body = assets.content(name)
        except OSError:
            raise request.not_found() from None
        headers = {
            "Content-Type": assets.content_type(name),
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": f"public, max-age={YEAR}, immutable"
            if v == assets.fingerprint(name)
            else "public, no-cache, max-age=0",
        }
        if "gzip" in request.httprequest.headers.get("Accept-Encoding", ""):
            body = assets.pressed(name)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        return request.make_response(body, headers=headers.items())
