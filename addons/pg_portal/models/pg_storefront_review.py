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
    def _get_quote(self, offer, receive=None, pay=None, pricer=None):
        """Return today's price.

        :param Decimal receive, pay: for an offer with a range, what shall arrive, or else what the
            customer wants to spend.
        :param pricer: of the seller, when many offers are quoted at a time.
        :raise UserError: with a sentence for the customer.
        """
        pricelist = self._get_pricelist()
        if offer.pg_is_range and receive is None and pay is not None:
            return offer._pg_quote_for_pay(pay, pricelist)
        return offer._pg_quote(
            receive_value=receive if offer.pg_is_range else None,
            pricelist=pricelist,
            pricer=pricer,
        )

    @api.model
    def _get_quote_values(self, offer, receive, pay=None):
        """Return what an amount that is being typed comes to, or {"error": …}.

        :return: ``text`` for people, ``pay`` and ``receive`` as plain amounts for the fields.
        """
        try:
            quote = self._get_quote(offer, receive, pay)
        except UserError as error:
            return {"error": str(error)}
        text = self.env._(
            "You pay %(price)s – they receive %(receive)s",
            price=self._format_money(quote.sell_price, quote.currency, whole=False),
            receive=self._format_money(quote.receive_value, quote.receive_currency),
        )
        return {"text": text, "pay": str(quote.sell_price), "receive": str(quote.receive_value)}

    # === REVIEW === #

    @api.model
    def _get_review_values(self, company, token, number, offer, receive, partner, pay=None):
        """Return the values of the page on which the customer checks and pays.

        :raise UserError: the offer has no price for this amount.
        """
        quote = self._get_quote(offer, receive, pay)
        providers = self._get_providers(company, quote, partner)
        base = f"/topup/{company.pg_slug}"
        operator, sku = offer.pg_operator_id, offer.pg_sku_id
        promotions = self.env["pg.promotion"]._running(company, operator)
        currency = (self._get_pricelist() or company).currency_id
        amount = (quote.sell_price, currency, company)
        return {
            **self._get_step_urls(company, token),
            "offers_url": f"{base}/offers?q={token}&operator={quote.operator_id}",
            "pay_url": f"{base}/pay",
            "q": token,
            "number": self._format_number(number),
            "operator": operator.name,
            "operator_logo_url": self._get_operator_logos(company, operator).get(operator.id, ""),
            "operator_doubt": self._get_operator_doubt(company, number, operator),
            "offer": {
                "id": offer.id,
                **self._get_offer_words(offer),
                "receive": self._format_money(quote.receive_value, quote.receive_currency),
                "bonus": self._get_bonus(promotions, sku, quote.send_value),
            },
            "after_tax": self._get_local_tax(sku),
            "receive": str(receive) if offer.pg_is_range and receive is not None else "",
            "pay": str(pay) if offer.pg_is_range and receive is None and pay is not None else "",
            **self._get_price_values(quote.sell_price, quote.tax, quote.currency),
            "price_exact": str(quote.sell_price),
            "price_currency": quote.currency,
            "providers": self._get_provider_values(providers, amount=amount),
            "client_key": secrets.token_urlsafe(24),
            "email": partner.email or "",
        }

    @api.model
    def _get_price_values(self, price, tax, currency):
        """Return a price and its parts, for people; no ``tax`` and no ``net`` where none is due."""
        return {
            "price": self._format_money(price, currency, whole=False),
            "net": self._format_money(D(price) - D(tax), currency, whole=False) if tax else "",
            "tax": self._format_money(tax, currency, whole=False) if tax else "",
        }

    @api.model
    def _get_local_tax(self, sku):
        """Return the name of the tax that the recipient's country takes off, '' for none."""
        if D(sku.receive_net_min) >= D(sku.receive_min):
            return ""
        return sku.tax_name or self.env._("local tax")

    def _get_operator_doubt(self, company, number, operator):
        """Return a warning when the chosen operator may not be that of the number, else ''."""
        match = self.env["pg.operator"]._match_number(company, number)
        likely = match.operators[:1]
        if not likely or likely == operator:
            return ""
        words = {"likely": likely.name, "chosen": operator.name}
        if match.is_certain:
            return self.env._(
                "This number belongs to %(likely)s. A top-up of %(chosen)s may not arrive.", **words
            )
        return self.env._(
            "This number looks like one of %(likely)s. Please make sure that it is with "
            "%(chosen)s.",
            **words,
        )

    def _get_providers(self, company, quote, partner):
        """Return the gateways that would take this order, by the rule of the top-ups."""
        draft = self.env["pg.topup"].new(
            {
                "company_id": company.id,
                "currency_id": (self._get_pricelist() or company).currency_id.id,
                "partner_id": (partner or self.env.ref("base.public_partner")).id,
                "amount": float(quote.sell_price),
            }
        )
        return draft._get_payment_providers()

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
    def _keep_amount(self, values, offer, receive, pay=None):
        """Put a typed amount back into the card of its offer."""
        for card in (card for group in values["groups"] for card in group["offers"]):
            if card["id"] == offer.id and card["is_range"]:
                card["value"] = "" if receive is None else str(receive)
                card["pay_value"] = "" if pay is None else str(pay)

    # === ORDER === #

    @api.model
    def _place_order(
        self, company, number, offer, receive, shown_price, pay=None, shown_currency="", **order
    ):
        """Place what the customer has reviewed.

        :param Decimal shown_price: the price on the reviewed page: never is another one charged.
        :param str shown_currency: its ISO code; empty where a page has but the seller's own.
        :param order: the further arguments of `pg.topup._place`.
        :raise UserError: with a sentence for the customer; nothing is stored then.
        """
        send_value = None
        if offer.pg_is_range:
            send_value = self._get_quote(offer, receive, pay).send_value
        with self.env.cr.savepoint():
            topup = self.env["pg.topup"]._place(
                company=company, offer=offer, number=number, send_value=send_value, **order
            )
            shown_currency = shown_currency or company.currency_id.name
            if (D(topup.amount), topup.currency_id.name) != (shown_price, shown_currency):
                raise UserError(
                    self.env._("The price has changed. Please look at the new one and pay again.")
                )
        return topup
