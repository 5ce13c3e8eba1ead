from odoo import http
from odoo.addons.pg_base.exceptions import TooManyRequests
from odoo.http import request

from ..tools import assets, identity, params
from . import account, page

NO_STORE = {"Cache-Control": "no-store"}


class PortalLogin(http.Controller):
    """Login by a code, beside Odoo's own login by password and passkey."""

    @http.route("/portal/<string:slug>/login", type="http", auth="public", methods=["GET"])
    def portal_login(self, slug, **_kwargs):
        """Ask for the address or number."""
        return self._render_login(page.find_seller(slug))

    @http.route(
        "/portal/<string:slug>/login",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_ask_code(self, slug, who="", country="", **_kwargs):
        """Take an address or number; the answer is the same whether there is an account or not."""
        company = page.find_seller(slug)
        typed = params.text(who)
        known = identity.parse(typed, params.text(country, 2) or company.country_id.code)
        if not known:
            text = request.env._("Please type an e-mail address or a mobile number.")
            return self._render_login(company, typed, text, status=422)
        try:
            token = request.env["pg.portal.code"]._ask(company, known, request.env.lang)
        except TooManyRequests as refusal:
            return self._render_login(
                company, typed, self._wait_text(refusal), status=429, seconds=refusal.seconds
            )
        return request.redirect(f"/portal/{company.pg_slug}/code?t={token}", code=303)

    @http.route("/portal/<string:slug>/code", type="http", auth="public", methods=["GET"])
    def portal_code(self, slug, t="", **_kwargs):
        """Ask for the code."""
        return self._render_code(page.find_seller(slug), params.token(t))

    @http.route(
        "/portal/<string:slug>/code",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_prove(self, slug, t="", code="", **_kwargs):
        """Take the code. Wrong, used, too late, too often: the same words."""
        company = page.find_seller(slug)
        token = params.token(t)
        limits = request.env["pg.rate.limit"]
        try:
            limits._enforce("portal.try_ip", limits._get_address(), 40, 15 * 60)
        except TooManyRequests as refusal:
            return self._render_code(
                company, token, self._wait_text(refusal), status=429, seconds=refusal.seconds
            )
        proven = request.env["pg.portal.code"]._prove(company, token, identity.clean_code(code))
        if not proven:
            text = request.env._(
                "This code is not right, or not valid any more. After five tries, or ten minutes, "
                "please ask for a new one."
            )
            return self._render_code(company, token, text, status=422)
        account.sign_in(company, proven)
        return request.redirect(f"/portal/{company.pg_slug}", code=303)

    @http.route(
        "/portal/<string:slug>/logout",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_logout(self, slug, **_kwargs):
        """Forget who the visitor is at this seller."""
        company = page.find_seller(slug)
        account.sign_out(company)
        return request.redirect(f"/portal/{company.pg_slug}/login", code=303)

    # === HELPERS === #

    def _wait_text(self, refusal):
        minutes = -(-refusal.seconds // 60)
        return request.env._("That was too often. Please try again in %s minutes.", minutes)

    def _headers(self, seconds):
        return {**NO_STORE, **({"Retry-After": str(seconds)} if seconds else {})}

    def _render_login(self, company, who="", error="", *, status=200, seconds=0):
        values = {"who": who, "error": error, "csrf_token": request.csrf_token()}
        values["base"] = f"/portal/{company.pg_slug}"
        values["account_css_url"] = assets.asset_url("account.css")
        headers = self._headers(seconds)
        return page.render("portal_login", company, values, status=status, headers=headers)

    def _render_code(self, company, token, error="", *, status=200, seconds=0):
        values = {"login_token": token, "error": error, "csrf_token": request.csrf_token()}
        values["base"] = f"/portal/{company.pg_slug}"
        values["account_css_url"] = assets.asset_url("account.css")
        headers = self._headers(seconds)
        return page.render("portal_code", company, values, status=status, headers=headers)
