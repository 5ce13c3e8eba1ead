from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.fields import Domain

from ..const import KINDS, ROUNDINGS
from ..tools import price_rules

# Fields of a rule that change no price.
QUIET_FIELDS = {"name"}


class PgPriceRule(models.Model):
    """How a seller makes prices from costs: percent + fixed amount, rounded, for some sales.

    Rules are tried in order of priority; the first that applies makes the price. Offers with an own
    price follow none. The arithmetic is in ``tools/price_rules.py``.
    """

    _name = "pg.price.rule"
    _description = "Price rule"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(
        "Priority",
        default=10,
        help="The lowest number is tried first; of two with the same number, the more particular.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    percent = fields.Float(
        "Percent on cost", digits=(16, 4), tracking=True, help="In percent of the day's cost."
    )
    fixed = fields.Monetary("Plus", tracking=True, help="Added once to each sale.")
    rounding = fields.Selection(ROUNDINGS, default="minor", required=True, tracking=True)
    country_ids = fields.Many2many(
        "res.country", "pg_price_rule_country_rel", "rule_id", "country_id", "Countries"
    )
    operator_ids = fields.Many2many(
        "pg.operator",
        "pg_price_rule_operator_rel",
        "rule_id",
        "operator_id",
        "Operators",
        check_company=True,
    )
    kind = fields.Selection(KINDS, tracking=True)
    amount_from = fields.Monetary(
        "Cost from", tracking=True, help="For sales that cost at least this."
    )
    amount_to = fields.Monetary(
        "Cost under", tracking=True, help="For sales that cost less than this; 0: any."
    )
    date_from = fields.Date("Starts on", tracking=True)
    date_to = fields.Date("Ends on", tracking=True, help="The last day on which it applies.")
    offer_count = fields.Integer("Offers priced", compute="_compute_offer_count")
    formula = fields.Char("Price", compute="_compute_formula")
    scope_text = fields.Char("For", compute="_compute_scope_text")

    _percent_not_negative = models.Constraint(
        "CHECK (percent >= 0)", "The percentage cannot be negative: offers would be under cost."
    )
    _fixed_not_negative = models.Constraint(
        "CHECK (fixed IS NULL OR fixed >= 0)",
        "The fixed part cannot be negative: offers would be under cost.",
    )
    _amounts_in_order = models.Constraint(
        "CHECK (COALESCE(amount_from, 0) >= 0 AND (COALESCE(amount_to, 0) = 0"
        " OR amount_to > COALESCE(amount_from, 0)))",
        "The range of costs must end above its beginning.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_from IS NULL OR date_to IS NULL OR date_to >= date_from)",
        "The rule cannot end before it starts.",
    )

    # === COMPUTE === #

    def _compute_offer_count(self):
        groups = self.env["product.template"]._read_group(
            [("pg_price_rule_id", "in", self.ids)], ["pg_price_rule_id"], ["__count"]
        )
        counts = {rule.id: count for rule, count in groups}
        for rule in self:
            rule.offer_count = counts.get(rule.id, 0)

    @api.depends("percent", "fixed", "rounding", "currency_id")
    def _compute_formula(self):
        for rule in self:
            rule.formula = rule._describe_formula()

    def _describe_formula(self):
        """Return how the rule makes a price, for people: "cost + 12.5 % + PGK 0.50, …"."""
        parts = [self.env._("cost")]
        if self.percent:
            parts.append(f"{D(self.percent).normalize():f} %")
        if self.fixed:
            parts.append(f"{self.currency_id.name} {D(self.fixed):,.2f}")
        text = " + ".join(parts)
        if self.rounding == "minor":
            return text
        labels = dict(self._fields["rounding"]._description_selection(self.env))
        return f"{text}, {labels[self.rounding].lower()}"

    @api.depends("country_ids", "operator_ids", "kind", "amount_from", "amount_to")
    def _compute_scope_text(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for rule in self:
            parts = [
                ", ".join(rule.operator_ids.mapped("name")),
                ", ".join(rule.country_ids.mapped("name")),
                kinds.get(rule.kind, ""),
                rule._describe_amounts(),
            ]
            rule.scope_text = " · ".join(filter(None, parts)) or self.env._("Everything")

    def _describe_amounts(self):
        """Return the range of costs for people, "" for any."""
        low, high = f"{D(self.amount_from):,.2f}", f"{D(self.amount_to):,.2f}"
        if self.amount_from and self.amount_to:
            return self.env._("cost from %(low)s, under %(high)s", low=low, high=high)
        if self.amount_from:
            return self.env._("cost from %(low)s", low=low)
        return self.env._("cost under %(high)s", high=high) if self.amount_to else ""

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `mail` to let the offers follow a new rule."""
        rules = super().create(vals_list)
        rules._on_rules_changed()
        return rules

    def write(self, vals):
        """Override of `mail` to let the offers follow a changed rule."""
        result = super().write(vals)
        if set(vals) - QUIET_FIELDS:
            self._on_rules_changed()
        return result

    def unlink(self):
        """Override of `mail` to let the offers of a rule follow the others."""
        companies = self.company_id
        result = super().unlink()
        companies._pg_follow_rules()
        return result

    def _on_rules_changed(self):
        self.company_id._pg_follow_rules()

    # === ACTION === #

    def action_open_offers(self):
        """Open the offers whose price a rule makes."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_action")
        return {
            **action,
            "domain": [("pg_price_rule_id", "in", self.ids)],
            "context": {"active_test": False},
        }

    # === BUSINESS === #

    @api.model
    @api.private
    def _get_pure_rules(self, company):
        """Return the rules of a seller as plain values, in the order in which they are tried.

        :rtype: list of price_rules.Rule
        """
        # In sudo mode: whoever may be quoted a price need not read the rules.
        rules_sudo = self.sudo().search(Domain("company_id", "=", company.id))
        return price_rules.in_order([rule._to_pure() for rule in rules_sudo])

    def _to_pure(self):
        """Return the rule as a plain value."""
        return price_rules.Rule(
            id=self.id,
            priority=self.sequence,
            percent=D(self.percent),
            fixed=D(self.fixed),
            rounding=self.rounding,
            country_ids=frozenset(self.country_ids.ids),
            operator_ids=frozenset(self.operator_ids.ids),
            kind=self.kind or None,
            amount_from=D(self.amount_from),
            amount_to=D(self.amount_to),
            date_from=self.date_from or None,
            date_to=self.date_to or None,
        )
