import logging

from odoo import http
from odoo.addons.payment import utils as payment_utils
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.http import request
from odoo.tools import consteq

from ..gateways import GATEWAYS
from ..models.payment_transaction_checkout import STATUS_PAGE

_logger = logging.getLogger(__name__)

CODES = ",".join(GATEWAYS)


class PaymentCheckout(http.Controller):
    """Where the gateway's page sends the payer back to. Nothing in the address is believed: it
    only says which payment to ask the gateway about."""

    @http.route(f"/payment/<any({CODES}):code>/return", type="http", auth="public", methods=["GET"])
    def payment_return(self, code, reference="", **params):
        """Receive a payer who is through."""
        tx = self._find_transaction(code, reference)
        if not tx or not self._is_payer(tx, params):
            return request.redirect(STATUS_PAGE)
        return self._refresh_and_land(tx, "return")

    @http.route(f"/payment/<any({CODES}):code>/cancel", type="http", auth="public", methods=["GET"])
    def payment_cancel(self, code, reference="", access_token="", **_params):
        """Receive a payer who went back. The page stays open: the payer may come back and pay, so
        the payment is cancelled only when the gateway has closed its page unpaid."""
        tx = self._find_transaction(code, reference)
        if not tx or not payment_utils.check_access_token(access_token, reference, "cancel"):
            return request.redirect(STATUS_PAGE)
        return self._refresh_and_land(tx, "cancel")

    def _is_payer(self, tx, params):
        """Tell whether the address names the open page, or holds our token where the gateway does
        not name its page."""
        if name := tx.provider_id._pg_get_gateway_class().return_parameter:
            return consteq(tx.pg_checkout_ref or "", params.get(name) or "")
        token = params.get("access_token") or ""
        return payment_utils.check_access_token(token, tx.reference, "return")

    def _find_transaction(self, code, reference):
        # In sudo mode since the payer has no rights on transactions.
        return (
            request.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", reference), ("provider_id.code", "=", code)], limit=1)
        )

    def _refresh_and_land(self, tx, source):
        """Ask the gateway, then show the payer where the payment stands, answer or not."""
        try:
            tx._pg_refresh(source, is_new_approval=source == "return")
        except OutsideError as error:
            _logger.warning("payment %s: no answer on %s: %r", tx.reference, source, error)
            tx._pg_ask_soon()
        return request.redirect(tx.landing_route or STATUS_PAGE)
