import secrets

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError


class PgStorefront(models.AbstractModel):
    """The review of an order, its price and its placing."""

    _inherit = "pg.storefront"

    # === PRICE === #

    @api.model
    def _find_offer(self, company, offer_id):
        """Return an offer of this seller by its id, or an empty recordset."""
        return self.env["product.template"].search(
            [("id", "=", offer_id), ("company_id", "=", company.id), ("pg_is_offer", "=", True)]
        )

    @api.model
    def _get_quote(self, offer, receive=None):
        """Return today's price.

        :param Decimal receive: what shall arrive, for an offer with a range.
        :raise UserError: with a sentence for the customer.
        """
        return offer._pg_quote(receive_value=receive if offer.pg_is_range else None)

    @api.model
    def _get_quote_values(self, offer, receive):
        """Return {"text": …} or {"error": …} for the line under an amount that is being typed."""
        try:
            quote = self._get_quote(offer, receive)
        except UserError as error:
            return {"error": str(error)}
        text = self.env._(
            "You pay %(price)s – they receive %(receive)s",
            price=self._format_money(quote.sell_price, quote.currency, whole=False),
            receive=self._format_money(quote.receive_value, quote.receive_currency),
        )
        return {"text": text}

    # === REVIEW === #

    @api.model
    def _get_review_values(self, company, token, number, offer, receive, partner):
        """Return the values of the page on which the customer checks and pays.

        :raise UserError: the offer has no price for this amount.
        """
        quote = self._get_quote(offer, receive)
        providers = self._get_providers(company, quote, partner)
        base = f"/topup/{company.pg_slug}"
        return {
            **self._get_step_urls(company, token),
            "offers_url": f"{base}/offers?q={token}&operator={quote.operator_id}",
            "pay_url": f"{base}/pay",
            "q": token,
            "number": self._format_number(number),
            "operator": offer.pg_operator_id.name,
            "offer": {
                "id": offer.id,
                **self._get_offer_words(offer),
                "receive": self._format_money(quote.receive_value, quote.receive_currency),
            },
            "receive": str(receive) if offer.pg_is_range else "",
            "price": self._format_money(quote.sell_price, quote.currency, whole=False),
            "price_exact": str(quote.sell_price),
            "tax": self._format_money(quote.tax, quote.currency, whole=False) if quote.tax else "",
            "providers": self._get_provider_values(providers),
            "client_key": secrets.token_urlsafe(24),
            "email": partner.email or "",
        }

    def _get_providers(self, company, quote, partner):
        """Return the gateways that would take this order, by the rule of the top-ups."""
        draft = self.env["pg.topup"].new(
            {
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "partner_id": (partner or self.env.ref("base.public_partner")).id,
                "amount": float(quote.sell_price),
            }
        )
        return draft._get_payment_providers()

    @api.model
    def _get_provider_values(self, providers, chosen_id=None):
        """Return the gateways as choices, one of them chosen."""
        chosen = providers.filtered(lambda provider: provider.id == chosen_id) or providers[:1]
        return [
            {"id": provider.id, "name": provider.name, "selected": provider == chosen}
            for provider in providers
        ]

    @api.model
    def _keep_typed(self, values, email=None, provider_id=None, client_key=None):
        """Return the values of the review with what the customer had typed and chosen."""
        providers = [
            {**choice, "selected": choice["id"] == provider_id} for choice in values["providers"]
        ]
        kept = {"email": email, "client_key": client_key}
        return {
            **values,
            **{name: value for name, value in kept.items() if value is not None},
            "providers": providers
            if any(choice["selected"] for choice in providers)
            else values["providers"],
        }

    @api.model
    def _keep_amount(self, values, offer, receive):
        """Put a typed amount back into the card of its offer."""
        for card in (card for group in values["groups"] for card in group["offers"]):
            if card["id"] == offer.id and card["is_range"] and receive is not None:
                card["value"] = str(receive)

    # === ORDER === #

    @api.model
    def _place_order(self, company, number, offer, receive, shown_price, **order):
        """Place what the customer has reviewed.

        :param Decimal shown_price: the price on the reviewed page: never is another one charged.
        :param order: the further arguments of `pg.topup._place`.
        :raise UserError: with a sentence for the customer; nothing is stored then.
        """
        send_value = self._get_quote(offer, receive).send_value if offer.pg_is_range else None
        with self.env.cr.savepoint():
            topup = self.env["pg.topup"]._place(
                company=company, offer=offer, number=number, send_value=send_value, **order
            )
            if D(topup.amount) != shown_price:
                raise UserError(
                    self.env._("The price has changed. Please look at the new one and pay again.")
                )
        return topup
