from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo import Command, api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from ..const import ROUNDINGS
from ..tools import pricing
from ..tools.rounding import round_price

# The preview shows this many offers; what is applied concerns all.
MAX_LINES = 200


@dataclass(frozen=True)
class Change:
    """What becomes of one offer. ``vals`` empty: nothing; ``problem``: why it is left alone."""

    offer: Any
    vals: dict
    price: Decimal
    problem: str = ""


class PgOfferBulk(models.TransientModel):
    """Change many offers at once, with a preview of what becomes of each."""

    _name = "pg.offer.bulk"
    _description = "Change many offers"

    operation = fields.Selection(
        [
            ("reprice", "Reprice"),
            ("resume", "Put on sale"),
            ("pause", "Pause"),
            ("archive", "Archive"),
        ],
        "What to do",
        default="reprice",
        required=True,
    )
    price_by = fields.Selection(
        [
            ("rules", "My price rules, from now on"),
            ("margin", "A margin"),
            ("change", "A change in percent"),
        ],
        "New price by",
        default="rules",
        required=True,
    )
    margin_percent = fields.Float(
        "Margin %", digits=(16, 4), default=lambda self: self.env.company.pg_usual_margin
    )
    change_percent = fields.Float("Change %", digits=(16, 4), help="5: dearer, -5: cheaper.")
    rounding = fields.Selection(ROUNDINGS, default="minor", required=True)
    offer_ids = fields.Many2many(
        "product.template",
        default=lambda self: self._default_offers(),
        context={"active_test": False},
    )
    line_ids = fields.One2many(
        "pg.offer.bulk.line", "wizard_id", "Preview", compute="_compute_line_ids", store=True
    )
    offer_count = fields.Integer("Offers", compute="_compute_line_ids", store=True)
    change_count = fields.Integer("Changes", compute="_compute_line_ids", store=True)
    problem_count = fields.Integer("Left alone", compute="_compute_line_ids", store=True)
    hidden_count = fields.Integer("Not shown", compute="_compute_line_ids", store=True)

    @api.model
    def _default_offers(self):
        if self.env.context.get("active_model") != "product.template":
            return False
        ids = self.env.context.get("active_ids") or []
        offers = self.env["product.template"].with_context(active_test=False)
        return offers.search([("id", "in", ids), ("pg_is_offer", "=", True)])

    # === COMPUTE === #

    @api.depends(
        "operation", "price_by", "margin_percent", "change_percent", "rounding", "offer_ids"
    )
    def _compute_line_ids(self):
        for wizard in self:
            changes = wizard._plan()
            wizard.offer_count = len(changes)
            wizard.change_count = len([change for change in changes if change.vals])
            wizard.problem_count = len([change for change in changes if change.problem])
            wizard.hidden_count = max(len(changes) - MAX_LINES, 0)
            # What is left alone comes first: it is what somebody must look at.
            changes.sort(key=lambda change: (not change.problem, not change.vals))
            wizard.line_ids = [Command.clear()] + [
                Command.create(wizard._prepare_line(change)) for change in changes[:MAX_LINES]
            ]

    def _prepare_line(self, change):
        return {
            "offer_id": change.offer.id,
            "price_before": change.offer.list_price,
            "price_after": float(change.price),
            "outcome": change.problem or self._describe(change),
            "state": "problem" if change.problem else "change" if change.vals else "same",
        }

    def _describe(self, change):
        if not change.vals:
            return self.env._("Stays as it is")
        labels = dict(self._fields["operation"]._description_selection(self.env))
        return labels[self.operation]

    # === BUSINESS === #

    def _plan(self):
        """Return what becomes of each offer.

        :rtype: list of Change
        """
        plan = getattr(self, f"_plan_{self.operation or 'pause'}")
        offers = self.offer_ids._origin
        pricers = {company: company._pg_get_pricer() for company in offers.company_id}
        return [plan(offer, pricers[offer.company_id]) for offer in offers]

    def _plan_pause(self, offer, _pricer):
        vals = {"sale_ok": False} if offer.sale_ok else {}
        return Change(offer, vals, D(offer.list_price))

    def _plan_archive(self, offer, _pricer):
        vals = {"active": False} if offer.active else {}
        return Change(offer, vals, D(offer.list_price))

    def _plan_resume(self, offer, pricer):
        price = D(offer.list_price)
        if offer.sale_ok and offer.active:
            return Change(offer, {}, price)
        problem = self._find_obstacle(offer, pricer, price)
        vals = {} if problem else {"sale_ok": True, "active": True}
        return Change(offer, vals, price, problem)

    def _find_obstacle(self, offer, pricer, price):
        """Return why an offer cannot be put on sale, or ''."""
        if not offer.pg_sku_id.active:
            return self.env._("The supplier no longer sells this")
        if not offer.active and self._is_offered_again(offer):
            return self.env._("This SKU is offered by another offer")
        try:
            cost = pricer.rounded_cost(offer.pg_sku_id)
        except UserError as error:
            return str(error)
        return self.env._("The price is under today's cost") if price < cost else ""

    def _is_offered_again(self, offer):
        return bool(
            offer.search_count(
                [("pg_sku_id", "=", offer.pg_sku_id.id), ("company_id", "=", offer.company_id.id)],
                limit=1,
            )
        )

    def _plan_reprice(self, offer, pricer):
        old = D(offer.list_price)
        try:
            vals = self._make_price(offer, pricer)
            cost = pricer.rounded_cost(offer.pg_sku_id)
        except UserError as error:
            return Change(offer, {}, old, str(error))
        price = D(vals["list_price"])
        if price < cost:
            return Change(offer, {}, old, self.env._("The price would be under today's cost"))
        is_same = price == old and vals["pg_price_mode"] == offer.pg_price_mode
        return Change(offer, {} if is_same else vals, price)

    def _make_price(self, offer, pricer):
        """Return the values of the new price.

        :raise UserError: no exchange rate, or a negative margin.
        """
        if self.price_by == "rules":
            return pricer.values(offer.pg_sku_id)
        if self.price_by == "margin":
            if D(self.margin_percent) < 0:
                raise UserError(self.env._("The margin cannot be negative"))
            price = pricer.cost(offer.pg_sku_id) * (1 + D(self.margin_percent) / pricing.HUNDRED)
        else:
            price = D(offer.list_price) * (1 + D(self.change_percent) / pricing.HUNDRED)
        price = round_price(max(price, D(0)), self.rounding, pricer.decimals)
        return {"pg_price_mode": "own", "list_price": float(price)}

    # === ACTION === #

    def action_apply(self):
        """Change the offers as the preview says, by what holds now; one by one if need be."""
        self.ensure_one()
        self.offer_ids.check_access("write")
        by_vals = {}
        for change in self._plan():
            if change.vals:
                key = tuple(sorted(change.vals.items()))
                by_vals.setdefault(key, []).append(change.offer.id)
        if not by_vals:
            raise UserError(self.env._("There is nothing to change."))
        for vals, ids in by_vals.items():
            self.env["product.template"].browse(ids).write(self._prepare_write(dict(vals)))
        return {"type": "ir.actions.act_window_close"}

    def _prepare_write(self, vals):
        """Return what is written: following the rules is asked for, not their price of a moment."""
        return {"pg_price_mode": "rules"} if vals.get("pg_price_mode") == "rules" else vals


class PgOfferBulkLine(models.TransientModel):
    """What becomes of one offer."""

    _name = "pg.offer.bulk.line"
    _description = "Change of an offer"

    wizard_id = fields.Many2one("pg.offer.bulk", required=True, ondelete="cascade", index=True)
    offer_id = fields.Many2one("product.template", "Offer", required=True, ondelete="cascade")
    operator_id = fields.Many2one(related="offer_id.pg_operator_id")
    currency_id = fields.Many2one(related="offer_id.currency_id")
    cost = fields.Monetary(related="offer_id.pg_cost")
    price_before = fields.Monetary("Price now")
    price_after = fields.Monetary("Price then")
    outcome = fields.Char("What happens")
    state = fields.Selection([("change", "Changes"), ("same", "Stays"), ("problem", "Left alone")])
