import logging

from odoo import http
from odoo.addons.payment import utils as payment_utils
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import formatLang
from werkzeug.exceptions import NotFound

from ..models.payment_transaction_checkout import STATUS_PAGE
from ..models.payment_transaction_push import APPROVE_PAGE

_logger = logging.getLogger(__name__)

LONGEST_NUMBER = 40
#: Nothing from elsewhere. Where its form leads is left open: a channel's own page is a redirect.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'",
}
OPTIONS = {"type": "http", "auth": "public", "sitemap": False}
#: The token in the address or the form proves the payer, so no other site can post for one.
FORM = {**OPTIONS, "methods": ["POST"], "csrf": False, "save_session": False}


class PaymentApprove(http.Controller):
    """The page on which a payer of PGPay says how to pay, then approves on the phone.

    Plain HTML that works without a script; a small script makes it live. Reference and token in
    the address open one payment, nothing else.
    """

    @http.route(f"{APPROVE_PAGE}/<path:reference>", methods=["GET"], **OPTIONS)
    def approve_page(self, reference, access_token="", **_params):
        """Show the form, or how the payment stands."""
        tx = self._find(reference, access_token)
        if tx._pg_ask_for_visitor():
            tx.invalidate_recordset()
        return self._render(tx, access_token)

    @http.route(f"{APPROVE_PAGE}/start/<path:reference>", **FORM)
    def approve_start(self, reference, access_token="", channel="", number="", **_params):
        """Ask the payer by the chosen channel; then the page tells what to do."""
        tx = self._find(reference, access_token)
        error = None
        try:
            with request.env.cr.savepoint():
                tx._pg_start(channel, number[:LONGEST_NUMBER])
        except UserError as problem:
            error = str(problem)
            tx.invalidate_recordset()
        if error:
            return self._render(tx, access_token, error, channel, number[:LONGEST_NUMBER])
        if tx.pg_action == "redirect" and tx.state == "draft":
            return self._leave(tx)
        return self._back(tx, access_token)

    @http.route(f"{APPROVE_PAGE}/withdraw/<path:reference>", **FORM)
    def approve_withdraw(self, reference, access_token="", **_params):
        """Take the request back, unless it was approved meanwhile."""
        tx = self._find(reference, access_token)
        try:
            tx._pg_withdraw()
        except OutsideError as error:
            _logger.warning("payment %s: not withdrawn: %r", tx.reference, error)
        return self._back(tx, access_token)

    @http.route(f"{APPROVE_PAGE}/status/<path:reference>", methods=["GET"], **OPTIONS)
    def approve_status(self, reference, access_token="", **_params):
        """Tell the page's script whether anything changed."""
        tx = self._find(reference, access_token)
        tx._pg_ask_for_visitor()
        body = {"step": tx._pg_get_page_step(), "state": tx.state}
        return request.make_json_response(body, headers=[("Cache-Control", "no-store")])

    # === HELPERS === #

    def _find(self, reference, access_token):
        """Return the payment of a visitor who holds its token.

        :raise NotFound: otherwise; a wrong token and an unknown payment look alike.
        """
        if not payment_utils.check_access_token(access_token, reference, "approve"):
            raise NotFound()
        # In sudo mode since the payer has no rights on transactions.
        tx = request.env["payment.transaction"].sudo().search([("reference", "=", reference)])
        if len(tx) != 1 or not tx._pg_asks_payer():
            raise NotFound()
        lang = tx.partner_lang or request.env.lang
        return tx.with_context(lang=lang).with_company(tx.company_id)

    def _back(self, tx, access_token):
        url = f"{APPROVE_PAGE}/{tx.reference}"
        query = f"?access_token={access_token}"
        return request.redirect(url + query, code=303)

    def _leave(self, tx):
        """Send the payer to the gateway's own page."""
        try:
            tx._pg_split_url(tx.pg_checkout_url)
        except ValueError:
            raise NotFound() from None
        return request.redirect(tx.pg_checkout_url, code=303, local=False)

    def _render(self, tx, access_token, error=None, channel="", number=""):
        amount, currency = tx._pg_get_gateway_pair()
        currency = request.env["res.currency"].sudo().search([("name", "=", currency)], limit=1)
        step = tx._pg_get_page_step()
        values = {
            "tx": tx,
            "step": step,
            "seller": tx.company_id,
            "amount": formatLang(tx.env, float(amount), currency_obj=currency),
            "channels": tx._pg_get_page_channels() if step == "ask" else [],
            "chosen": channel or tx._pg_get_default_channel(),
            "number": number or tx.partner_phone or "",
            "error": error,
            "access_token": access_token,
            "page": APPROVE_PAGE,
            "landing": tx.landing_route or STATUS_PAGE,
        }
        response = request.render("pg_payments.approve_page", values)
        response.headers.update(HEADERS)
        return response
