from odoo import http
from odoo.http import request
from werkzeug.exceptions import NotFound

from . import page
from .widget_common import ROOT

YEAR = 365 * 24 * 3600
# Seconds for which a browser keeps the script of the address without a version.
SHORT = 600


class Widget(http.Controller):
    """The widget's script, and the way back from the payment page."""

    @http.route(
        [f"{ROOT}/topup.js", f"{ROOT}/<string:version>/topup.js"],
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def widget_script(self, version="", **_kwargs):
        """Send the script. An address with a version gives the same bytes for ever."""
        release = request.env["pg.storefront"]._get_widget_release(version)
        if not release:
            raise NotFound
        headers = {
            "Content-Type": "text/javascript; charset=utf-8",
            # For everybody, without cookies: browsers check the integrity only then.
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
            "ETag": f'"{release.version}"',
            "Cache-Control": f"public, max-age={YEAR}, immutable"
            if version
            else f"public, max-age={SHORT}",
        }
        content = release.content
        if request.httprequest.headers.get("If-None-Match") == headers["ETag"]:
            return request.make_response("", headers=list(headers.items()), status=304)
        if "gzip" in request.httprequest.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], content = "gzip", release.zipped
        return request.make_response(content, headers=list(headers.items()))

    @http.route(
        f"{ROOT}/return/<string:slug>/<string:token>", type="http", auth="public", methods=["GET"]
    )
    def widget_return(self, slug, token, **_kwargs):
        """Lead the customer from the payment page back to the host page, or to the order's page."""
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        url = topup._get_return_url()
        if not url:
            return request.redirect(topup._get_status_url(), code=303)
        response = request.redirect(url, code=303, local=False)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @http.route("/pg/widget/embed/<int:key_id>", type="http", auth="user", methods=["GET"])
    def widget_embed(self, key_id, **_kwargs):
        """Show the code to copy, the options and a live preview to a manager of the seller."""
        key = request.env["pg.publishable.key"].search([("id", "=", key_id)])
        if not key or not key.has_access("write") or key.revoked_at:
            raise NotFound
        company = key.company_id.sudo()
        values = page.storefront(company)._get_embed_values(key, request.httprequest.host_url)
        return page.render("widget_embed", company, values)
