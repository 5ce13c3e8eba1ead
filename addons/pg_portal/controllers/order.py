from odoo import http
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..tools import params
from . import page

NO_STORE = {"Cache-Control": "no-store"}


class StorefrontOrder(http.Controller):
    """The page of one order. Who has its address may see it: the token in it is the key."""

    @http.route(
        "/topup/<string:slug>/order/<string:token>", type="http", auth="public", methods=["GET"]
    )
    def storefront_order(self, slug, token, **_kwargs):
        """Show where the order stands."""
        company = page.find_seller(slug)
        return self._render_order(company, page.find_topup(company, token))

    @http.route(
        "/topup/<string:slug>/order/<string:token>/status",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_order_status(self, slug, token, mark="", **_kwargs):
        """Answer where the order stands.

        :param mark: what the page shows already; when nothing changed, no text is sent again.
        """
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        pages = page.storefront(company)
        live = pages._get_live_values(topup)
        answer = {"state": live["state"], "final": live["is_final"], "mark": pages._get_mark(live)}
        if answer["mark"] != mark:
            qweb = request.env["ir.qweb"]
            answer["payable"] = live["is_payable"]
            answer["undo"] = live["undo_seconds"]
            answer["title"] = live["title"]
            answer["live"] = qweb._render("pg_portal.order_live", live)
            answer["actions"] = qweb._render("pg_portal.order_actions", live)
        headers = [*NO_STORE.items(), ("X-Content-Type-Options", "nosniff")]
        return request.make_json_response(answer, headers=headers)

    @http.route(
        "/topup/<string:slug>/order/<string:token>/pay",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def storefront_order_pay(self, slug, token, provider="", **_kwargs):
        """Lead the customer to the gateway once more, or to another one."""
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        page.limit(company, "storefront.pay", 20)
        provider_id = params.record_id(provider)
        if topup.state != "pending" or topup._is_confirming():
            return request.redirect(topup._get_status_url(), code=303)
        try:
            chosen = topup._get_payment_providers().filtered(lambda p: p.id == provider_id)
            form = topup._start_payment(chosen)
        except (UserError, OutsideError) as error:
            return self._render_order(company, topup, error=error, provider_id=provider_id)
        return page.render_redirect(company, topup, chosen, form)

    @http.route(
        "/topup/<string:slug>/order/<string:token>/undo",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def storefront_order_undo(self, slug, token, **_kwargs):
        """Take a paid order back before it is sent."""
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        page.limit(company, "storefront.pay", 20)
        try:
            topup._undo(topup.access_token)
        except UserError as error:
            return self._render_order(company, topup, error=error)
        return request.redirect(topup._get_status_url(), code=303)

    @http.route(
        "/topup/<string:slug>/order/<string:token>/receipt",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
    )
    def storefront_order_receipt_page(self, slug, token, **_kwargs):
        """Show the receipt of an order that was paid, to read or to print."""
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        if not topup._get_public_status()["has_receipt"]:
            page.refuse(company)
        values = page.storefront(company)._get_receipt_values(topup)
        return page.render("receipt", company, values, headers=NO_STORE)

    @http.route(
        "/topup/<string:slug>/order/<string:token>/receipt.pdf",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_order_receipt(self, slug, token, **_kwargs):
        """Send the receipt of an order that was paid."""
        company = page.find_seller(slug)
        topup = page.find_topup(company, token)
        if not topup._get_public_status()["has_receipt"]:
            page.refuse(company)
        pdf = topup._render_receipt_pdf(with_code=True)
        return request.make_response(
            pdf,
            headers={
                **page.HEADERS,
                **NO_STORE,
                "Content-Type": "application/pdf",
                "Content-Length": str(len(pdf)),
                "Content-Disposition": content_disposition(f"receipt-{topup.name}.pdf"),
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            }.items(),
        )

    # === HELPERS === #

    def _render_order(self, company, topup, error=None, provider_id=None):
        values = page.storefront(company)._get_order_values(topup, provider_id)
        if not values["is_final"]:
            values["csrf_token"] = request.csrf_token()
        return page.render(
            "order",
            company,
            {**values, "error": page.error_text(error)},
            status=422 if error else 200,
            headers=NO_STORE,
        )
