from odoo import api, models
from odoo.addons.pg_base.tools.money import D, quantize
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..quote import Quote
from ..tools import pricing

# Fields that a quote takes.
QUOTED = ("name", "active", "sale_ok", "company_id", "pg_sku_id", "pg_operator_id", "pg_kind",
          "list_price", "pg_price_mode", "pg_range_margin", "pg_tax_percent",
          "is_favorite")  # fmt: skip
QUOTED_SKU = ("name", "active", "kind", "is_range", "supplier_id", "operator_id", "country_id",
              "send_min", "send_max", "send_currency_id", "distributor_fee", "receive_net_min",
              "receive_net_max", "receive_currency_id", "validity_iso")  # fmt: skip
QUOTED_OPERATOR = ("name", "short_name", "active", "country_id")


class ProductTemplate(models.Model):
    """How an offer gets its price: by rules or by its own price, and what a customer is quoted."""

    _inherit = "product.template"

    # === ONCHANGE === #

    @api.onchange("pg_margin_percent")
    def _onchange_pg_margin_percent(self):
        """Show the price of a margin while it is typed."""
        if not self._pg_can_be_priced():
            return
        margin = D(self.pg_margin_percent)
        # A margin that merely follows the price must not round the price up again.
        if margin != pricing.margin_from_sell(D(self.pg_cost), D(self.list_price)):
            self.update(self._pg_price_vals(self.pg_sku_id, self.company_id, margin=margin))
            self.pg_price_mode = "own"

    @api.onchange("list_price")
    def _onchange_pg_list_price(self):
        """Show that a price that is typed is the offer's own."""
        if self._pg_can_be_priced() and self.pg_price_mode == "rules":
            price = self.company_id._pg_get_pricer().price(self.pg_sku_id)
            if D(self.list_price) != price.sell:
                self.pg_price_mode = "own"

    @api.onchange("pg_price_mode")
    def _onchange_pg_price_mode(self):
        """Show the price that the rules make when an offer is to follow them."""
        if self._pg_can_be_priced() and self.pg_price_mode == "rules":
            self.update(self.company_id._pg_get_pricer().values(self.pg_sku_id))

    def _pg_can_be_priced(self):
        return bool(self.pg_sku_id and self.company_id)

    # === CRUD === #

    def _pg_write_price(self, vals):
        """Write offers whose price, margin or way of pricing is among the values."""
        rest = {name: vals[name] for name in vals if name not in self._pg_price_fields()}
        by_values = {}
        for offer in self:
            own = tuple(sorted(offer._pg_asked_price(vals).items()))
            by_values.setdefault(own, self.browse())
            by_values[own] += offer
        for own, offers in by_values.items():
            offers.with_context(pg_price_settled=True).write({**rest, **dict(own)})
        self.filtered("pg_alert")._pg_refresh_alert()
        return True

    def _pg_price_fields(self):
        return {"list_price", "pg_margin_percent", "pg_range_margin", "pg_price_mode"}

    @api.model
    def _pg_without_blanks(self, vals):
        """Return values without prices and margins that are blank: in a file, they say nothing."""
        fields = self._pg_price_fields()
        return {
            name: value for name, value in vals.items() if value is not False or name not in fields
        }

    def _pg_asked_price(self, vals):
        """Return the stored values of the price that somebody asks for.

        :param dict vals: as given to ``write``.
        :raise UserError: a negative margin, or no exchange rate.
        """
        sku = self.pg_sku_id.browse(vals.get("pg_sku_id")) or self.pg_sku_id
        company = self.company_id
        if vals.get("pg_price_mode") == "rules":
            return company._pg_get_pricer().values(sku)
        own = {"pg_price_mode": "own", "pg_price_rule_id": False}
        margin = vals.get("pg_margin_percent", vals.get("pg_range_margin"))
        price = vals.get("list_price")
        # The margin is what counts of a range, the price of what is fixed.
        if margin is not None and (sku.is_range or price is None):
            return {**own, **self._pg_price_vals(sku, company, margin=D(margin))}
        if price is None or (sku == self.pg_sku_id and D(price) == D(self.list_price)):
            return own
        return {**own, **self._pg_price_vals(sku, company, price=D(price))}

    @api.model
    def _pg_price_vals(self, sku, company, *, margin=None, price=None):
        """Return the stored values of a price that is given as such or as a margin.

        :raise UserError: a negative margin, or no exchange rate.
        """
        cost = sku._cost(company)
        decimals = company.currency_id.decimal_places
        if price is None:
            margin = D(margin)
            if margin < 0:
                raise UserError(
                    self.env._("The margin cannot be negative: it would be sold under cost.")
                )
            price = pricing.sell_from_margin(cost, margin, decimals)
        elif sku.is_range:
            margin = max(pricing.margin_from_sell(cost, D(price)), D(0))
        return {
            "list_price": float(price),
            "pg_range_margin": float(margin) if sku.is_range else 0,
        }

    # === RULES === #

    @api.model
    def _pg_followers_domain(self, companies=None):
        """Return the domain of the offers that follow price rules."""
        domain = Domain("pg_price_mode", "=", "rules") & Domain("pg_sku_id", "!=", False)
        return domain & Domain("company_id", "in", companies.ids) if companies else domain

    @api.private
    def _pg_follow_rules(self):
        """Bring the prices of offers that follow rules in line; only changed ones are written.

        An offer whose price cannot be made today (no exchange rate) keeps its own.
        """
        changes = {}
        followers = self.filtered(lambda offer: offer.pg_price_mode == "rules")
        for company, offers in followers.grouped("company_id").items():
            pricer = company._pg_get_pricer()
            for offer in offers:
                vals = offer._pg_find_change(pricer)
                if vals:
                    key = tuple(sorted(vals.items()))
                    changes.setdefault(key, []).append(offer.id)
        settled = self.with_context(pg_price_settled=True, mail_notrack=True)
        for vals, ids in changes.items():
            settled.browse(ids).write(dict(vals))

    def _pg_find_change(self, pricer):
        """Return what the rules would write on an offer, or {} when it is in line already."""
        try:
            vals = pricer.values(self.pg_sku_id)
        except UserError:
            return {}  # No exchange rate: `pg_problem` of the offer says so.
        is_same = (
            D(self.list_price) == D(vals["list_price"])
            and self.pg_price_rule_id.id == vals["pg_price_rule_id"]
            and D(self.pg_range_margin) == D(vals["pg_range_margin"])
        )
        return {} if is_same else vals

    @api.private
    def _pg_follow_sku(self):
        """Bring offers in line with SKUs whose price has changed.

        Those that follow rules are priced anew, ranges with an own margin show the new price of
        their lowest amount. A fixed own price stays: :meth:`_pg_on_cost_changed` watches it.
        """
        self._pg_follow_rules()
        for offer in self.filtered(lambda o: o.pg_is_range and o.pg_price_mode != "rules"):
            try:
                vals = self._pg_price_vals(
                    offer.pg_sku_id, offer.company_id, margin=D(offer.pg_range_margin)
                )
            except UserError:
                continue  # No exchange rate: `pg_problem` of the offer says so.
            if D(offer.list_price) != D(vals["list_price"]):
                offer.with_context(pg_price_settled=True).write(vals)

    # === QUOTE === #

    @api.model
    @api.private
    def _pg_offers(self, company, operator, kinds=None):
        """Return the offers of a seller for some operators that can be sold now, in order.

        What a quote of them takes is read with them.

        :param operator: one or several ``pg.operator``.
        :param kinds: of the SKUs; default: all.
        """
        offers = self.browse(operator._find_offers(company, kinds))
        offers.fetch(QUOTED)
        skus = offers.pg_sku_id
        skus.fetch(QUOTED_SKU)
        (skus.operator_id | operator).fetch(QUOTED_OPERATOR)
        skus.supplier_id.fetch(["active"])
        currencies = company.currency_id | skus.send_currency_id | skus.receive_currency_id
        currencies.fetch(["name", "decimal_places"])
        return offers

    @api.private
    def _pg_quote(self, *, send_value=None, receive_value=None, pricelist=None, pricer=None):
        """Return today's price of the offer.

        :param Decimal send_value, receive_value: the amount chosen for a range, by either side.
        :param pricelist: the ``product.pricelist`` of the customer, if any: the amounts of the
            quote are in its currency then, at the rate of the day.
        :param pricer: of the offer's company, when many are quoted at a time.
        :rtype: Quote
        :raise UserError: with a sentence for the customer, when it cannot be sold so.
        """
        self.ensure_one()
        sku = self.pg_sku_id
        self._pg_check_sellable()
        send, receive = sku._amounts(send_value, receive_value)
        pricer = pricer or self.company_id._pg_get_pricer()
        rate = pricer.rate(sku.send_currency_id)
        cost = sku._cost(self.company_id, send, rate)
        sell, cost, rate, currency = self._pg_in_pricelist(pricelist, cost, rate, pricer)
        decimals = currency.decimal_places
        if sell < cost:
            raise UserError(self.env._("This offer is not available at the moment."))
        return Quote(
            offer_id=self.id,
            sku_id=sku.id,
            operator_id=sku.operator_id.id,
            supplier_id=sku.supplier_id.id,
            sell_price=sell,
            tax=pricing.included_tax(sell, D(self.pg_tax_percent), decimals),
            currency=currency.name,
            cost=cost,
            fx_rate=rate,
            send_value=send,
            send_currency=sku.send_currency_id.name,
            receive_value=receive,
            receive_currency=sku.receive_currency_id.name,
            pricelist_id=pricelist.id if pricelist else None,
        )

    def _pg_in_pricelist(self, pricelist, cost, rate, pricer):
        """Return (sell price, cost, rate, currency) of an amount for a customer.

        :param Decimal cost: unrounded, in the company's currency.
        :param Decimal rate: company currency per send currency.
        """
        currency = self.company_id.currency_id
        sell = self._pg_sell_price(cost, pricer)
        if not pricelist:
            return sell, quantize(cost, currency.decimal_places), rate, currency
        # In sudo mode: whoever is quoted a price need not read the price list.
        pricelist_sudo = pricelist.sudo()
        currency = pricelist_sudo.currency_id
        decimals, own_rate = currency.decimal_places, pricer.rate(currency)
        sell = quantize(pricelist_sudo._pg_price(self.sudo(), sell, cost), decimals)
        return sell, quantize(cost / own_rate, decimals), rate / own_rate, currency

    def _pg_sell_price(self, cost, pricer):
        """Return the price of an amount in the company's currency, before any price list.

        A fixed SKU is sold at the price that the offer shows, a range by rule or margin.

        :param Decimal cost: unrounded, of the amount.
        """
        decimals = self.company_id.currency_id.decimal_places
        if not self.pg_is_range:
            return quantize(D(self.list_price), decimals)
        if self.pg_price_mode == "rules":
            return pricer.price(self.pg_sku_id, cost).sell
        return pricing.sell_from_margin(cost, D(self.pg_range_margin), decimals)

    def _pg_check_sellable(self):
        """Refuse what is no offer, is paused, or is no longer sold by the supplier."""
        sku = self.pg_sku_id
        if not sku or not self.active or not self.sale_ok:
            raise UserError(self.env._("This offer is no longer available."))
        if not (sku.active and sku.operator_id.active and sku.supplier_id.active):
            raise UserError(self.env._("This offer is no longer available."))
