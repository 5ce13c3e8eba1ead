from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..tools import params
from . import page
from .portal_my import PortalMy


class PortalNumbers(PortalMy):
    """The customer's favourite numbers: add, name, remove."""

    @http.route("/portal/<string:slug>/numbers", type="http", auth="public", methods=["GET"])
    def portal_numbers(self, slug, **_kwargs):
        """Show the favourites."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        return self._render_numbers(company, partners)

    @http.route(
        "/portal/<string:slug>/numbers",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_change_numbers(self, slug, act="", recipient="", number="", name="", **_kwargs):
        """Add, name or remove one. :param act: ``add``, ``name`` or ``remove``."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        number, name = params.text(number, 40), params.text(name, 63)
        try:
            if act == "add":
                request.env["pg.recipient"].sudo()._add(company, partners[:1], number, name)
            else:
                self._change(company, partners, act, params.record_id(recipient), name)
        except UserError as error:
            typed = {"error": str(error), "number": number, "name": name}
            return self._render_numbers(company, partners, typed, status=422)
        return request.redirect(f"/portal/{company.pg_slug}/numbers", code=303)

    def _change(self, company, partners, act, recipient_id, name):
        favourite = page.storefront(company)._find_favourites(company, partners, recipient_id or 0)
        if not favourite or act not in ("name", "remove"):
            page.refuse(company)
        if act == "remove":
            favourite.unlink()
        else:
            favourite.name = name[:64]

    def _render_numbers(self, company, partners, typed=None, status=200):
        values = page.storefront(company)._get_favourite_values(company, partners)
        values = {**values, "number": "", "name": "", **(typed or {})}
        return self._render("portal_numbers", company, partners, values, status)
