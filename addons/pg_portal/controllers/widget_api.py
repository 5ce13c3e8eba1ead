import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..exceptions import WidgetError
from ..tools import origins, params
from . import page
from .widget_common import amount, number, record_id, route

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class WidgetApi(http.Controller):
    """The JSON that the widget on another site lives on. No rule stands here."""

    @route("/config", bucket="widget.read", limit=240)
    def widget_config(self, key, values):
        """Answer the seller's look, its countries and the widget's texts."""
        key._note_use()
        colour = params.text(values.get("colour"), 7)
        company = key.company_id
        return _pages(key)._get_widget_config(company, colour if COLOUR.fullmatch(colour) else "")

    @route("/offers", bucket="widget.read", limit=240)
    def widget_offers(self, key, values):
        """Answer what is sold to a number."""
        return _pages(key)._get_widget_offers(
            key.company_id,
            number(values.get("number")),
            params.text(values.get("country"), 2)[:2],
            record_id(values.get("operator_id")),
        )

    @route("/quote", bucket="widget.read", limit=240)
    def widget_quote(self, key, values):
        """Answer what a chosen amount costs, while it is being typed."""
        return _pages(key)._get_quote_values(_offer(key, values), amount(values.get("receive")))

    @route("/review", bucket="widget.read", limit=240)
    def widget_review(self, key, values):
        """Answer what will be paid and sent, and the ways to pay."""
        return _pages(key)._get_widget_review(
            key.company_id,
            number(values.get("number")),
            _offer(key, values),
            amount(values.get("receive")),
        )

    @route("/order", bucket="widget.order", limit=40, seconds=600)
    def widget_order(self, key, values):
        """Place the order and answer its token and where to pay. A repeated click is one order."""
        provider_id = record_id(values.get("provider_id"))
        client_key = params.token(values.get("client_key"))
        shown_price = amount(values.get("price"))
        if not client_key or shown_price is None:
            raise WidgetError(400, "malformed")
        topup = _pages(key)._place_widget_order(
            key,
            number(values.get("number")),
            _offer(key, values),
            amount(values.get("receive")),
            shown_price,
            client_key=client_key,
            return_url=_return_url(key, values.get("return_url")),
            **_prepare_order(values),
        )
        return _answer_pay(key, topup, provider_id)

    @route("/pay", bucket="widget.order", limit=40, seconds=600)
    def widget_pay(self, key, values):
        """Answer where an order that waits can be paid."""
        return _answer_pay(key, _topup(key, values), record_id(values.get("provider_id")))

    @route("/status", bucket="widget.status", limit=600)
    def widget_status(self, key, values):
        """Answer where an order stands."""
        return _pages(key)._get_widget_status(_topup(key, values))


def _pages(key):
    return page.storefront(key.company_id)


def _offer(key, values):
    offer_id = record_id(values.get("offer_id"))
    offer = offer_id and _pages(key)._find_offer(key.company_id, offer_id)
    if not offer:
        raise UserError(request.env._("This offer is not available any more."))
    return offer


def _topup(key, values):
    """Return the order of a token, when it is this seller's.

    :raise WidgetError: 404
    """
    Topup = request.env["pg.topup"]
    topup = Topup._from_token(key.company_id, params.token(values.get("token")))
    if not topup:
        raise WidgetError(404, "not_found")
    return topup


def _return_url(key, value):
    """Return the address of the host page, '' for none.

    :raise WidgetError: 403, it is on another site than those of the key.
    """
    if value in (None, ""):
        return ""
    origin = origins.parse(value)
    if not origin or not value.startswith(f"{origin}/") or not key._allows(origin):
        raise WidgetError(403, "origin_refused")
    return value


def _prepare_order(values):
    """Return the further arguments of the order from the request."""
    return {
        "email": params.text(values.get("email")) or None,
        "confirmed": values.get("confirmed") == "1",
        "lang": request.env.lang,
        "ip": request.httprequest.remote_addr,
        "user_agent": request.httprequest.user_agent.string,
        "source": _source(values.get("utm")),
    }


def _source(utm):
    """Return where the visitor came from: the link to the host page, else the site itself."""
    if isinstance(utm, dict) and utm.get("utm_source"):
        return utm
    origin = getattr(request, "pg_widget_origin", "")
    return {"utm_source": origin.partition("://")[2], "utm_medium": "widget"}


def _answer_pay(key, topup, provider_id):
    """Return the order's token and, while it waits for payment, where to pay."""
    url = _pages(key)._pay_widget_order(topup, provider_id) if topup.state == "pending" else ""
    return {"token": topup.access_token, "state": topup.state, "pay_url": url}
