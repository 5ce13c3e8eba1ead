from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..quote import NumberMatch
from ..tools import numbering, patterns


class PgOperator(models.Model):
    """A mobile network or brand, as one supplier names it."""

    _name = "pg.operator"
    # PostgreSQL has a system table of the name that Odoo would choose.
    _table = "pg_mobile_operator"
    _description = "Mobile operator"
    _order = "sequence, name, id"

    name = fields.Char(required=True, index="trigram")
    short_name = fields.Char("Short name")
    code = fields.Char(required=True, readonly=True, help="The supplier's code for the operator.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(
        default=True, help="Archived by itself when the supplier drops the operator."
    )
    supplier_id = fields.Many2one(
        "pg.supplier", "Supplier", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="supplier_id.company_id", store=True, index="btree_not_null", string="Company"
    )
    country_id = fields.Many2one(
        "res.country", "Country", index=True, help="Empty: sold everywhere."
    )
    pattern = fields.Char(
        "Number pattern",
        help="Regular expression that the digits of a number, with country code and without plus, "
        "must match.",
    )
    logo_url = fields.Char("Logo address")
    care_number = fields.Char("Customer care")
    region_codes = fields.Char("Region codes")
    region_ids = fields.Many2many(
        "pg.region",
        "pg_operator_region_rel",
        "operator_id",
        "region_id",
        "Regions",
        readonly=True,
    )
    promotion_ids = fields.One2many("pg.promotion", "operator_id", "Promotions", readonly=True)
    payment_types = fields.Char("Payment types")
    sku_ids = fields.One2many("pg.sku", "operator_id", "SKUs")
    sku_count = fields.Integer("SKUs on sale", compute="_compute_sku_count")

    _code_unique = models.UniqueIndex(
        "(supplier_id, code)", "The supplier has an operator with this code already."
    )

    # === COMPUTE === #

    def _compute_sku_count(self):
        groups = self.env["pg.sku"]._read_group(
            [("operator_id", "in", self.ids)], ["operator_id"], ["__count"]
        )
        counts = {operator.id: count for operator, count in groups}
        for operator in self:
            operator.sku_count = counts.get(operator.id, 0)

    # === CONSTRAINT === #

    @api.constrains("pattern")
    def _check_pattern(self):
        for operator in self.filtered("pattern"):
            try:
                patterns.compile_pattern(operator.pattern)
            except patterns.UnsafePattern as error:
                raise ValidationError(
                    self.env._(
                        "The number pattern of %(operator)s cannot be used: %(reason)s.",
                        operator=operator.name,
                        reason=str(error),
                    )
                ) from None

    # === ACTION === #

    def action_open_skus(self):
        """Open the SKUs of the operator."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_sku_action")
        return {**action, "domain": [("operator_id", "in", self.ids)], "context": {}}

    def action_add_offers(self):
        """Open "Add from catalogue" with this operator chosen."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_add_action")
        return {
            **action,
            "context": {
                "default_country_id": self.country_id.id,
                "default_operator_id": self.id,
            },
        }

    # === BUSINESS === #

    @api.model
    @api.private
    def _match_number(self, company, raw_number, country_code=None):
        """Read a phone number and find the operators that may serve it.

        Local rules only, no call to the outside. Numbers are ported between operators, so what is
        returned is a guess in order of likelihood that the customer may overrule.

        :param str raw_number: as typed, in any usual form.
        :param str country_code: ISO 3166 code for a number typed without one; the company's country
            otherwise.
        :rtype: NumberMatch
        :raise UserError: when it is no phone number.
        """
        default_country = country_code or company.country_id.code
        try:
            parsed = numbering.parse(raw_number, default_country)
        except numbering.BadNumber as error:
            raise UserError(self._number_message(error.reason)) from None
        if not parsed.is_valid and not self._is_test_number(company, parsed.digits):
            raise UserError(self._number_message("unassigned"))
        return NumberMatch(
            e164=parsed.e164,
            digits=parsed.digits,
            country_code=parsed.country_code,
            operators=self._match_operators(company, parsed),
        )

    def _match_operators(self, company, parsed):
        """Return the operators whose pattern takes a number, best first."""
        candidates = self.search(
            self._company_domain(company)
            & Domain("pattern", "!=", False)
            & Domain("country_id.code", "in", [parsed.country_code, False])
            & Domain("sku_ids.active", "=", True)
        )
        found = candidates.filtered(lambda op: patterns.matches(op.pattern, parsed.digits))
        if not found:
            return found
        ranks = found._number_ranks(company, parsed.carrier)
        return found.sorted(lambda op: (ranks[op.id], op.sequence, op.name, op.id))

    def _number_ranks(self, company, carrier_name):
        """Return {id: rank}, lower is likelier: sold here, for mobiles, the right carrier."""
        sold = self.env["product.template"].sudo()._pg_offers(company, self).pg_operator_id
        groups = self.env["pg.sku"]._read_group(
            [("operator_id", "in", self.ids), ("kind", "in", ("topup", "data", "bundle"))],
            ["operator_id"],
        )
        mobile = {operator.id for (operator,) in groups}
        brand = (carrier_name or "").split(" ")[0].lower()
        return {
            operator.id: (
                operator not in sold,
                operator.id not in mobile,
                not (len(brand) > 2 and brand in operator.name.lower()),
                not operator.country_id,
            )
            for operator in self
        }

    def _company_domain(self, company):
        """Return the domain of what a company may use: its own suppliers' and the shared ones'."""
        return Domain("company_id", "in", [False, company.id]) & Domain(
            "supplier_id.active", "=", True
        )

    def _is_test_number(self, company, digits):
        """Tell whether a number is one of a test supplier's test numbers (any last digit)."""
        return bool(
            self.env["pg.sku"].search_count(
                self._company_domain(company)
                & Domain("supplier_id.environment", "=", "test")
                & Domain("uat_number", "in", [f"{digits[:-1]}{last}" for last in range(10)]),
                limit=1,
            )
        )

    def _number_message(self, reason):
        """Return the sentence for a person whose number cannot be read."""
        messages = {
            "empty": self.env._("Please enter a phone number."),
            "country": self.env._("Please enter the number with its country code, like +675…"),
            "length": self.env._("This number has too few or too many digits."),
            "unassigned": self.env._("This number does not exist. Please check its digits."),
        }
        return messages.get(reason) or self.env._("This does not look like a phone number.")
