import logging

from odoo import http
from odoo.http import request
from werkzeug.exceptions import BadRequest, Conflict, NotFound

from ..const import WEBHOOK_MAX_BYTES
from ..ports import SignatureError

_logger = logging.getLogger(__name__)


class PaymentWebhook(http.Controller):
    """News from the gateways. The address chooses the account and its secret, never the body."""

    @http.route(
        "/payment/stripe_checkout/webhook/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=WEBHOOK_MAX_BYTES,
    )
    def stripe_checkout_webhook(self, provider_id, **_kwargs):
        """Take in an event of Stripe.

        200: it may be forgotten; 400: not proven to be Stripe's; 404: no such account or no secret;
        409: send it again, its transaction is not committed yet.
        """
        return self._receive("stripe_checkout", provider_id)

    def _receive(self, code, provider_id):
        # In sudo mode to read the credentials of a provider.
        provider = request.env["payment.provider"].sudo().browse(provider_id).exists()
        if provider.code != code or not provider.pg_webhook_secret:
            raise NotFound()
        raw = request.httprequest.get_data()
        try:
            news = provider._pg_verify_event(raw, request.httprequest.headers)
        except SignatureError as error:
            _logger.warning("webhook of provider %s refused: %s", provider_id, error)
            raise BadRequest() from None
        if not request.env["pg.payment.event"].sudo()._receive(provider, news):
            raise Conflict()
        return request.make_response("")
