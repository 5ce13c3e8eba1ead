import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import html
from odoo import api, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_topup.exceptions import OrderConflict, RepeatedOrder

from ..exceptions import WidgetError
from ..tools import assets, colour, widget_release

# What the widget is told of an offer's card.
CARD = ("id", "is_range", "name", "is_airtime", "has_own_name", "validity", "receive", "price",
        "low", "high", "receive_currency", "example", "bonus")  # fmt: skip
KEPT = "pg-widget-%s.js"
VERSION = re.compile(r"[0-9a-f]{16}")
RETURN = "/pg/widget/v1/return"


class PgStorefront(models.AbstractModel):
    """What the widget on another site is told, as plain values; the storefront's own rules."""

    _inherit = "pg.storefront"

    # === LOOK === #

    @api.model
    def _get_widget_config(self, company, brand=""):
        """Return the seller, its countries and the widget's texts.

        :param str brand: colour asked for by the host page.
        """
        seller = self._get_seller_values(company)
        start = self._get_start_values(company)
        return {
            "seller": {name: seller[name] for name in ("name", "initial", "tagline", "logo_url")},
            "slug": company.pg_slug,
            "shop_url": seller["url"],
            "lang": seller["lang"],
            "dir": seller["dir"],
            "palette": colour.palette(brand or company.pg_brand_color),
            "countries": [
                {name: country[name] for name in ("code", "name", "dial", "selected")}
                for country in start["countries"]
            ],
            "texts": self._get_widget_texts(),
        }

    # === CHOICE === #

    @api.model
    def _get_widget_offers(self, company, number, country, operator_id):
        """Return the number as it was understood, its operators and what is sold to it.

        :raise UserError: it is no number, or of a country for which nothing is sold.
        """
        match = self.env["pg.operator"]._match_number(company, number, country or None)
        self._check_country(company, match)
        operators, chosen = self._choose_operator(company, match, operator_id)
        offers = self._get_offers(company, chosen)
        promotions = self.env["pg.promotion"]._running(company, chosen)
        cards = self._get_offer_cards(offers, "", promotions)
        return {
            "number": match.e164,
            "number_text": self._format_number(match.e164),
            "operators": [
                {
                    "id": operator.id,
                    "name": self._get_operator_name(operator),
                    "selected": operator == chosen,
                }
                for operator in operators
            ],
            "operator_id": chosen.id,
            "groups": [
                {
                    "label": group["label"],
                    "offers": [
                        {name: card[name] for name in CARD if card.get(name) not in (None, "")}
                        for card in group["offers"]
                    ],
                }
                for group in self._group_cards(offers, cards)
            ],
        }

    @api.model
    def _get_widget_review(self, company, number, offer, receive):
        """Return what will be paid and sent, and the ways to pay.

        :raise UserError: the offer has no price for this amount.
        """
        values = self._get_review_values(company, "", number, offer, receive, self._get_nobody())
        return {
            "number_text": values["number"],
            "operator": values["operator"],
            "name": "" if values["offer"]["is_airtime"] else values["offer"]["name"],
            "receive": values["offer"]["receive"],
            "price": values["price"],
            "price_exact": values["price_exact"],
            "tax": values["tax"],
            "bonus": values["offer"]["bonus"],
            "doubt": values["operator_doubt"],
            "providers": self._get_widget_providers(values["providers"]),
        }

    def _get_nobody(self):
        return self.env["res.partner"]

    def _get_widget_providers(self, providers):
        kept = ("id", "name", "selected", "converted")
        return [{name: choice[name] for name in kept} for choice in providers]

    # === ORDER === #

    @api.model
    def _place_widget_order(self, key, number, offer, receive, shown_price, **order):
        """Place what the customer has reviewed on another site.

        :raise WidgetError: 409 with ``price_changed``, ``repeated_order`` or ``conflict``.
        :raise UserError: with a sentence for the customer.
        """
        company, client_key = key.company_id, order.get("client_key")
        is_known = bool(client_key) and self.env["pg.topup"].search_count(
            [("company_id", "=", company.id), ("client_key", "=", client_key)], limit=1
        )
        if not is_known and self._get_quote(offer, receive).sell_price != shown_price:
            raise WidgetError(
                409,
                "price_changed",
                self.env._("The price has changed. Please look at the new one and pay again."),
            )
        return_url = order.pop("return_url", "")
        try:
            topup = self._place_order(
                company, number, offer, receive, shown_price, channel="widget", **order
            )
        except RepeatedOrder as error:
            raise WidgetError(409, "repeated_order", str(error)) from None
        except OrderConflict as error:
            raise WidgetError(409, "conflict", str(error)) from None
        if topup.channel != "widget":
            # A key of another channel, which its customer alone knows.
            raise WidgetError(409, "conflict")
        if not is_known:
            topup.write({"pg_publishable_key_id": key.id, "pg_return_url": return_url or False})
        return topup

    @api.model
    def _pay_widget_order(self, topup, provider_id):
        """Open the payment page and return its address; the customer comes back to the host page.

        :raise UserError: it cannot be paid, or not by this gateway.
        :raise WidgetError: 503, the gateway does not answer.
        """
        chosen = topup._get_payment_providers().filtered(lambda p: p.id == provider_id)
        try:
            form = topup._start_payment(chosen)
        except OutsideError:
            raise WidgetError(
                503,
                "payment_unavailable",
                self.env._(
                    "The payment page does not answer. Nothing is charged; please try again."
                ),
            ) from None
        if topup.pg_return_url:
            open_ones = topup.payment_tx_ids.filtered(lambda tx: tx.state in ("draft", "pending"))
            slug, token = topup.company_id.pg_slug, topup.access_token
            open_ones.landing_route = f"{RETURN}/{slug}/{token}"
        # A gateway that wants a form is paid from the order's own page.
        return self._get_form_url(form) or topup._get_status_url()

    @api.model
    def _get_form_url(self, form):
        """Return the address to which a form leads, '' when it has to be posted."""
        node = html.fragment_fromstring(str(form), create_parent="div").find(".//form")
        if node is None or node.method != "GET" or not node.action:
            return ""
        parts = urlsplit(node.action)
        if parts.scheme not in ("", "http", "https"):
            return ""
        query = parse_qsl(parts.query, keep_blank_values=True) + node.form_values()
        return urlunsplit(parts._replace(query=urlencode(query)))

    # === STATUS === #

    @api.model
    def _get_widget_status(self, topup):
        """Return where an order stands."""
        status = topup._get_public_status()
        is_payable = topup.state == "pending"
        providers = topup._get_payment_providers() if is_payable else ()
        amount = (topup.amount, topup.currency_id, topup.company_id)
        last_payment = topup.payment_tx_ids.sorted("id")[-1:]
        return {
            "order": status["order"],
            "state": status["state"],
            "title": status["title"],
            "detail": status["detail"],
            "final": status["final"],
            "steps": [
                {"label": step["label"], "mark": step["mark"]} for step in self._mark_steps(status)
            ],
            "number_text": self._format_number(topup.number),
            "operator": status["operator"],
            "price": status["paid"],
            "receive": status["receives"],
            "is_paid": bool(topup.paid_at),
            "is_payable": is_payable,
            "confirming": bool(status.get("confirming")),
            "is_declined": topup._is_declined() or (is_payable and last_payment.state == "cancel"),
            "pin": status.get("pin") or None,
            "providers": self._get_widget_providers(
                self._get_provider_values(providers, amount=amount)
            )
            if providers
            else [],
            "page_url": topup._get_status_url(),
        }

    # === SCRIPT === #

    @api.model
    def _get_widget_release(self, version=""):
        """Return the script now, or the one of a version that was ever shown; None for none.

        :param str version: from an address, so anything.
        """
        release = widget_release.current()
        if not version or version == release.version:
            return release
        if not VERSION.fullmatch(version):
            return None
        # In sudo mode: visitors do not read attachments.
        kept = self.env["ir.attachment"].sudo()
        found = kept.search(
            [("name", "=", KEPT % version), ("res_model", "=", self._name)], limit=1
        )
        return widget_release.Release(found.raw) if found else None

    @api.model
    def _keep_widget_release(self):
        """Keep the script for ever, since pages with its address and integrity will ask for it."""
        release = widget_release.current()
        name = KEPT % release.version
        kept = self.env["ir.attachment"].sudo()
        if not kept.search_count([("name", "=", name), ("res_model", "=", self._name)], limit=1):
            kept.create(
                {
                    "name": name,
                    "raw": release.content,
                    "mimetype": "text/javascript",
                    "res_model": self._name,
                }
            )
        return release

    @api.model
    def _get_embed_values(self, key, host_url):
        """Return the values of the page with the code to copy.

        :param str host_url: the address under which this installation is reached.
        """
        release = self._keep_widget_release()
        company = key.company_id
        address = f"{host_url.rstrip('/')}/pg/widget/v1"
        countries = self._get_countries(company)
        operators = self.env["pg.operator"].search([("country_id", "in", countries.ids)])
        operators = self._get_offers(company, operators).pg_operator_id
        return {
            "key": key.key,
            "key_name": key.name,
            "origins": (key.origins or "").split("\n"),
            "shop_slug": company.pg_slug,
            "script_url": f"{address}/{release.version}/topup.js",
            "plain_url": f"{address}/topup.js",
            "integrity": release.integrity,
            "brand": company.pg_brand_color or colour.DEFAULT,
            "countries": self._get_start_values(company)["countries"],
            "operators": operators.sorted("name").mapped("name"),
            "languages": self.env["res.lang"].get_installed(),
            "embed_js": assets.asset_url("embed.js"),
            "embed_css": assets.asset_url("embed.css"),
        }
