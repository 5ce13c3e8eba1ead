from odoo import http
from odoo.http import request

from ..tools import params
from . import page

SIZE = 96


class StorefrontImages(http.Controller):
    """The pictures of the pages: only of what this seller sells and takes."""

    @http.route(
        "/topup/<string:slug>/operator/<string:operator>/logo",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_operator_logo(self, slug, operator, **_kwargs):
        """Send the logo of an operator, small."""
        company = page.find_seller(slug)
        operator_id = params.record_id(operator)
        found = operator_id and page.storefront(company)._find_operator(company, operator_id)
        return self._send(company, found, "logo")

    @http.route(
        "/topup/<string:slug>/gateway/<string:provider>/icon",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_gateway_icon(self, slug, provider, **_kwargs):
        """Send the picture of a way to pay, small."""
        company = page.find_seller(slug)
        provider_id = params.record_id(provider)
        pages = page.storefront(company)
        found = provider_id and pages._find_provider(company, provider_id)
        record, field = pages._get_icon_source(found) if found else (None, "")
        return self._send(company, record, field)

    def _send(self, company, record, field):
        """Send a picture; its address changes with it, so that it may be kept for long."""
        if not record or not record[field]:
            page.refuse(company)
        stream = request.env["ir.binary"]._get_image_stream_from(
            record, field, width=SIZE, height=SIZE
        )
        return stream.get_response(immutable=True)
