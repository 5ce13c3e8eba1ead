import logging
from functools import partial

from odoo import http
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.http import request
from odoo.sql_db import Cursor
from werkzeug.exceptions import BadRequest, Conflict, NotFound, ServiceUnavailable

from .. import inbox
from ..const import WEBHOOK_MAX_BYTES
from ..gateways import GATEWAYS
from ..ports import SignatureError

_logger = logging.getLogger(__name__)


class PaymentWebhook(http.Controller):
    """News from the gateways. The address chooses the account and its secret, never the body."""

    @http.route(
        f"/payment/<any({','.join(GATEWAYS)}):code>/webhook/<int:provider_id>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=WEBHOOK_MAX_BYTES,
    )
    def payment_webhook(self, code, provider_id, **_kwargs):
        """Take in an event of a gateway.

        200: it is kept and may be forgotten; 400: not proven to be the gateway's; 404: no such
        account, or nothing to prove with; 409: send it again, its transaction is not committed
        yet; 503: send it again, the gateway is needed for the proof and does not answer.
        """
        # In sudo mode to read the credentials of a provider.
        provider = request.env["payment.provider"].sudo()._pg_find_listener(code, provider_id)
        listener = provider._pg_get_listener() if provider else None
        if not listener:
            raise NotFound()
        raw = request.httprequest.get_data()
        try:
            news = provider._pg_verify_event(listener, raw, request.httprequest.headers)
        except SignatureError as error:
            _logger.warning("webhook of provider %s refused: %s", provider_id, error)
            raise BadRequest() from None
        except OutsideError as error:
            _logger.warning("webhook of provider %s not proven yet: %r", provider_id, error)
            raise ServiceUnavailable() from None
        event = request.env["pg.payment.event"].sudo()._take_in(provider, news)
        if event is None:
            raise Conflict()
        response = request.make_response("")
        if event:
            self._process_later(event, response)
        return response

    def _process_later(self, event, response):
        """Process news once it is committed and answered; see docs/adr/0008-answer-first.md."""
        if type(request.env.cr) is Cursor:
            response.call_on_close(partial(inbox.work_off, request.env.registry))
        else:
            # One of Odoo's test cursors: the test has one database transaction for everything.
            event._handle()
