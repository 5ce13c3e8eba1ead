from odoo import http
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_topup.exceptions import RepeatedOrder
from odoo.exceptions import UserError
from odoo.http import request

from ..tools import params
from . import account, page


class Storefront(http.Controller):
    """A seller's storefront in three steps: number, offer, review and pay.

    The steps are plain pages that work without JavaScript. Reading pages stores nothing; only
    `pay` does, and only it is guarded against forged requests.
    """

    # === NUMBER === #

    @http.route("/topup/<string:slug>", type="http", auth="public", methods=["GET"], readonly=True)
    def storefront_start(self, slug, country="", **_kwargs):
        """Ask for the number. :param country: ISO code to begin with."""
        company = page.find_seller(slug)
        return self._render_start(company, params.text(country))

    # No guard against forged requests: nothing is stored, and it works after a long pause.
    @http.route(
        "/topup/<string:slug>/number",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=page.MAX_BODY,
    )
    def storefront_number(self, slug, number="", country="", **_kwargs):
        """Read the number and go on to its offers, by an address that does not show it."""
        company = page.find_seller(slug)
        page.limit(company, "storefront.number", 60)
        pages = page.storefront(company)
        number, country = params.text(number, 40), params.text(country, 2)
        try:
            token = pages._seal_number(company, number, country)
        except UserError as error:
            return self._render_start(company, country, number, str(error))
        urls = pages._get_step_urls(company, token)
        return request.redirect(urls["offers_url"], code=303)

    # === OFFERS === #

    @http.route(
        "/topup/<string:slug>/offers", type="http", auth="public", methods=["GET"], readonly=True
    )
    def storefront_offers(self, slug, q="", operator="", **_kwargs):
        """Show the offers for a number. :param operator: the customer's choice."""
        company = page.find_seller(slug)
        number = self._open_number(company, q)
        pages = page.storefront_of_customer(company)
        values = pages._get_offers_values(company, q, number, params.record_id(operator))
        return page.render("offers", company, values)

    @http.route(
        "/topup/<string:slug>/quote",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def storefront_quote(self, slug, offer="", receive="", pay="", **_kwargs):
        """Answer what an amount comes to while it is being typed, on either side."""
        company = page.find_seller(slug)
        offer = self._find_offer(company, offer)
        values = page.storefront_of_customer(company)._get_quote_values(
            offer, params.amount(receive), params.amount(pay)
        )
        return request.make_json_response(values, headers=[("Cache-Control", "no-store")])

    # === REVIEW AND PAY === #

    @http.route("/topup/<string:slug>/review", type="http", auth="public", methods=["GET"])
    def storefront_review(self, slug, q="", offer="", receive="", pay="", **_kwargs):
        """Show what will be paid and sent, and ask how to pay."""
        company = page.find_seller(slug)
        number = self._open_number(company, q)
        offer = self._find_offer(company, offer)
        amounts = params.amount(receive), params.amount(pay)
        return self._render_review(company, q, number, offer, amounts)

    @http.route(
        "/topup/<string:slug>/pay",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def storefront_pay(self, slug, q="", offer="", provider="", **post):
        """Place the order and lead the customer to the gateway. A repeated click is one order."""
        company = page.find_seller(slug)
        page.limit(company, "storefront.pay", 20)
        number, offer = self._open_number(company, q), self._find_offer(company, offer)
        receive, pay = amounts = params.amount(post.get("receive")), params.amount(post.get("pay"))
        provider_id, email = params.record_id(provider), params.text(post.get("email"))
        typed = {"email": email, "provider_id": provider_id}
        try:
            topup = page.storefront_of_customer(company)._place_order(
                company,
                number,
                offer,
                receive,
                params.amount(post.get("price")),
                pay=pay,
                shown_currency=params.text(post.get("currency"), 3),
                **self._prepare_order(company, post, email),
            )
        except UserError as error:
            return self._render_review(company, q, number, offer, amounts, error=error, **typed)
        typed["client_key"] = topup.client_key
        if topup.state != "pending":
            return request.redirect(topup._get_status_url(), code=303)
        try:
            chosen = topup._get_payment_providers().filtered(lambda p: p.id == provider_id)
            form = topup._start_payment(chosen)
        except (UserError, OutsideError) as error:
            return self._render_review(company, q, number, offer, amounts, error=error, **typed)
        return page.render_redirect(company, topup, chosen, form)

    # === HELPERS === #

    def _prepare_order(self, company, post, email):
        """Return the further arguments of the order from the request."""
        return {
            "client_key": params.token(post.get("client_key")) or None,
            "email": email or None,
            "lang": request.env.lang,
            "ip": request.httprequest.remote_addr,
            "user_agent": request.httprequest.user_agent.string,
            "partner": page.customer(company) or None,
            "confirmed": post.get("confirmed") == "1",
            "source": page.source(),
        }

    def _render_start(self, company, country, number="", error=""):
        """Render the first page; a known customer's own numbers stand on it."""
        pages, partners = page.storefront(company), account.find_partners(company)
        values = {
            **pages._get_start_values(company, country, number),
            "own_numbers": pages._get_own_numbers(company, partners),
            "is_known": bool(partners),
            "error": error,
        }
        # On a phone that is shared, Back must not show them after the logout.
        headers = {"Cache-Control": "no-store"} if partners else None
        status = 422 if error else 200
        return page.render("start", company, values, status=status, headers=headers)

    def _open_number(self, company, token):
        number = page.storefront(company)._open_number(company, token)
        return number or page.refuse(company)

    def _find_offer(self, company, value):
        offer_id = params.record_id(value)
        offer = offer_id and page.storefront(company)._find_offer(company, offer_id)
        return offer or page.refuse(company)

    def _render_review(self, company, token, number, offer, amounts, error=None, **typed):
        """Render the review; after an error with its message, the input kept and status 422.

        When not even a price can be given, the offers are shown with the reason.

        :param amounts: (what shall arrive, what shall be paid) of a range, Decimal or None.
        """
        pages, message = page.storefront_of_customer(company), page.error_text(error)
        receive, pay = amounts
        try:
            values = pages._get_review_values(
                company, token, number, offer, receive, page.customer(company), pay
            )
        except UserError as no_price:
            values = pages._get_offers_values(company, token, number, offer.pg_operator_id.id)
            pages._keep_amount(values, offer, receive, pay)
            error = message or page.error_text(no_price)
            return page.render("offers", company, {**values, "error": error}, status=422)
        values = pages._keep_typed(values, **typed)
        is_repeated = isinstance(error, RepeatedOrder)
        return page.render(
            "review",
            company,
            {
                **values,
                "error": message,
                "ask_again": is_repeated,
                "csrf_token": request.csrf_token(),
            },
            status=422 if error else 200,
        )
