from odoo import Command, api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from ..tools import price_rules


class PgPriceExplain(models.TransientModel):
    """Where does this price come from? The way from the supplier's price, step by step."""

    _name = "pg.price.explain"
    _description = "Explanation of a price"

    offer_id = fields.Many2one(
        "product.template",
        "Offer",
        required=True,
        ondelete="cascade",
        domain="[('pg_is_offer', '=', True)]",
    )
    is_range = fields.Boolean(related="offer_id.pg_is_range")
    send_value = fields.Float(
        "Amount", digits=(18, 2), help="In the supplier's currency; empty: the lowest."
    )
    send_currency_id = fields.Many2one(related="offer_id.pg_sku_id.send_currency_id")
    pricelist_id = fields.Many2one("product.pricelist", "For customers of")
    step_ids = fields.One2many(
        "pg.price.explain.step", "wizard_id", "Steps", compute="_compute_step_ids", store=True
    )
    problem = fields.Char(compute="_compute_step_ids", store=True)

    # === COMPUTE === #

    @api.depends("offer_id", "send_value", "pricelist_id")
    def _compute_step_ids(self):
        for wizard in self:
            steps, wizard.problem = [], False
            if wizard.offer_id:
                try:
                    steps = wizard._explain()
                except UserError as error:
                    wizard.problem = str(error)
            wizard.step_ids = [Command.clear()] + [
                Command.create({"sequence": number, **step}) for number, step in enumerate(steps)
            ]

    # === BUSINESS === #

    def _explain(self):
        """Return the steps as values, from the supplier's price to what the customer pays.

        :raise UserError: the amount is out of bounds, or no exchange rate is known.
        """
        offer, sku = self.offer_id, self.offer_id.pg_sku_id
        company = offer.company_id
        chosen = D(self.send_value) if sku.is_range and self.send_value else D(sku.send_min)
        send, _receive = sku._amounts(chosen if sku.is_range else None)
        pricer = company._pg_get_pricer()
        cost = pricer.cost(sku, send)
        steps = self._explain_cost(pricer, send, cost)
        if offer.pg_price_mode == "rules":
            steps += self._explain_rules(pricer, cost)
        else:
            steps += self._explain_own(pricer, cost)
        return steps + self._explain_end(send)

    def _explain_cost(self, pricer, send, cost):
        sku, own = self.offer_id.pg_sku_id, pricer.company.currency_id.name
        code, fee = sku.send_currency_id.name, D(sku.distributor_fee)
        steps = [_step(self.env._("Supplier's price"), self._money(code, send, 4))]
        if fee:
            steps.append(_step(self.env._("Supplier's fee"), f"+ {self._money(code, fee, 4)}"))
        if code != own:
            rate = f"{pricer.rate(sku.send_currency_id).normalize():f}"
            steps.append(
                _step(
                    self.env._("Rate of the day"),
                    f"× {rate}",
                    self.env._("1 %(code)s = %(rate)s %(own)s", code=code, rate=rate, own=own),
                )
            )
        return [*steps, _step(self.env._("Cost"), self._money(own, cost, 6), kind="sum")]

    def _explain_rules(self, pricer, cost):
        """Return which rules were tried, and what the one that applies makes of the cost."""
        sku, steps = self.offer_id.pg_sku_id, []
        sale = pricer.sale(sku, cost)
        rule = price_rules.choose(pricer.rules, sale)
        for tried in pricer.rules:
            reason = price_rules.mismatch(tried, sale)
            steps.append(self._explain_tried(tried, reason))
            if not reason:
                break
        price = price_rules.make_price(sale, rule, pricer.usual_margin, pricer.decimals)
        if not rule:
            steps.append(
                _step(
                    self.env._("No rule applies"),
                    "",
                    self.env._("The usual margin of the seller is taken."),
                    kind="rule",
                )
            )
        return steps + self._explain_price(price, pricer)

    def _explain_tried(self, tried, reason):
        # In sudo mode: a viewer may know why an offer costs what it costs.
        rule_sudo = self.env["pg.price.rule"].sudo().browse(tried.id)
        reasons = {
            "date": self.env._("does not run today"),
            "country": self.env._("is for other countries"),
            "operator": self.env._("is for other operators"),
            "kind": self.env._("is for another kind of product"),
            "amount": self.env._("is for other amounts"),
            "": self.env._("applies: %(formula)s", formula=rule_sudo.formula),
        }
        return _step(
            self.env._("Rule “%(name)s”", name=rule_sudo.name),
            "",
            reasons[reason],
            kind="skipped" if reason else "rule",
        )

    def _explain_price(self, price, pricer):
        own = pricer.company.currency_id.name
        percent = f"{price.percent.normalize():f} %"
        steps = [
            _step(
                self.env._("Percent on cost"),
                f"+ {self._money(own, price.percent_part, 6)}",
                percent,
            )
        ]
        if price.fixed:
            steps.append(_step(self.env._("Fixed part"), f"+ {self._money(own, price.fixed, 6)}"))
        rounding = dict(
            self.env["pg.price.rule"]._fields["rounding"]._description_selection(self.env)
        )
        steps.append(
            _step(
                self.env._("Rounded"),
                self._money(own, price.sell, pricer.decimals),
                self.env._(
                    "%(mode)s, from %(exact)s",
                    mode=rounding[price.rounding],
                    exact=self._money(own, price.unrounded, 6),
                ),
            )
        )
        return steps

    def _explain_own(self, pricer, cost):
        """Return how an own price or an own margin makes the price."""
        offer, own = self.offer_id, pricer.company.currency_id.name
        if not offer.pg_is_range:
            price = self._money(own, D(offer.list_price), pricer.decimals)
            detail = self.env._("It stays when costs and price rules change.")
            return [_step(self.env._("Own price of the offer"), price, detail, kind="rule")]
        margin = D(offer.pg_range_margin)
        price = offer._pg_sell_price(cost, pricer)
        return [
            _step(self.env._("Own margin of the offer"), f"{margin.normalize():f} %", kind="rule"),
            _step(
                self.env._("Rounded up"),
                self._money(own, price, pricer.decimals),
                self.env._("from %(exact)s", exact=self._money(own, cost * (1 + margin / 100), 6)),
            ),
        ]

    def _explain_end(self, send):
        """Return the price list's part and the sum: what a customer is quoted now."""
        offer = self.offer_id
        pricelist = self._get_pricelist()
        quote = offer._pg_quote(
            send_value=send if offer.pg_is_range else None, pricelist=pricelist or None
        )
        decimals = (pricelist or offer.company_id).currency_id.decimal_places
        price = self._money(quote.currency, quote.sell_price, decimals)
        steps = []
        if pricelist:
            name = self.env._("Price list “%(name)s”", name=pricelist.name)
            steps.append(_step(name, price, self._describe_item(), kind="rule"))
        steps.append(_step(self.env._("The customer pays"), price, kind="sum"))
        if quote.tax:
            tax = self._money(quote.currency, quote.tax, decimals)
            steps.append(_step(self.env._("of which tax"), tax))
        return steps

    def _get_pricelist(self):
        """Return the price list, which must be the seller's or everybody's.

        :raise UserError: it is another seller's.
        """
        # In sudo mode: whose it is may be known to find out that it must not be used.
        owner = self.pricelist_id.sudo().company_id
        if owner and owner != self.offer_id.company_id:
            raise UserError(self.env._("This price list belongs to another organisation."))
        return self.pricelist_id

    def _describe_item(self):
        item = self.pricelist_id.sudo()._pg_find_item(self.offer_id.sudo())
        return item.price or self.env._("No rule of it applies; the price is converted only.")

    def _money(self, code, amount, decimals):
        """Return an amount with its currency, exact to so many decimals, idle zeros left out."""
        text = f"{amount:,.{decimals}f}"
        whole, _dot, part = text.partition(".")
        part = part.rstrip("0").ljust(min(decimals, 2), "0")
        return f"{code} {whole}.{part}" if part else f"{code} {whole}"


class PgPriceExplainStep(models.TransientModel):
    """One step of an explanation."""

    _name = "pg.price.explain.step"
    _description = "Step of a price"
    _order = "sequence, id"

    wizard_id = fields.Many2one("pg.price.explain", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer()
    kind = fields.Selection(
        [("step", "Step"), ("rule", "Decides"), ("skipped", "Not applied"), ("sum", "Sum")],
        default="step",
    )
    label = fields.Char("Step")
    amount = fields.Char("Amount")
    detail = fields.Char("Why")


def _step(label, amount="", detail="", kind="step"):
    return {"label": label, "amount": amount, "detail": detail, "kind": kind}
