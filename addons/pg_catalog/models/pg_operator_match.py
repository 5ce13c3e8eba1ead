from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import MOBILE_KINDS
from ..quote import NumberMatch
from ..tools import numbering, patterns


class PgOperator(models.Model):
    """Which operators may serve a phone number, from what is known here."""

    _inherit = "pg.operator"

    # === BUSINESS === #

    @api.model
    @api.private
    def _match_number(self, company, raw_number, country_code=None):
        """Read a phone number and find the operators that may serve it.

        From local data only, no call to the outside. Numbers are ported between operators, so what
        is returned is a guess in order of likelihood that the customer may overrule. Where it is
        unsure, a background job asks the supplier, and the next answer is a better one.

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
        operators, is_certain = self._match_operators(company, parsed)
        return NumberMatch(
            e164=parsed.e164,
            digits=parsed.digits,
            country_code=parsed.country_code,
            operators=operators,
            is_certain=is_certain,
        )

    @api.model
    @api.private
    def _remember_operator(self, company, e164, operator):
        """Remember that a number is served by an operator, for the same company's next time.

        For whoever places or delivers a top-up: call it when the customer has chosen another
        operator than the first guess, and when a delivery has proved one.
        """
        self.env["pg.number.hint"].sudo()._remember(company, e164.lstrip("+"), operator)

    @api.model
    @api.private
    def _forget_operator(self, company, e164, operator):
        """Take back what was remembered: the operator has refused the number as not its own."""
        self.env["pg.number.hint"].sudo()._forget(company, e164.lstrip("+"), operator)

    def _match_operators(self, company, parsed):
        """Return (the operators that may serve a number, best first; whether the first is certain).

        Those whose pattern takes it, and those that a look-up or a customer named for it.
        """
        hint = self.env["pg.number.hint"].sudo()._find(company, parsed.digits)
        lookups = self.env["pg.number.lookup"].sudo()._find(company, parsed.digits)
        candidates = self.search(self._candidate_domain(company, parsed.country_code))
        named = hint.operator_id + lookups._operators()
        found = candidates.filtered(
            lambda op: op in named or patterns.matches(op.pattern, parsed.digits)
        )
        if not found:
            return found, False
        ranks = found._number_ranks(company, parsed, hint, lookups)
        ordered = found.sorted(lambda op: (ranks[op.id], op.sequence, op.name, op.id))
        exact = lookups.filtered("is_exact")._operators() & found
        is_certain = ordered[:1] in (hint.operator_id, exact) or len(found) == 1
        if not is_certain and not hint:
            self._want_lookup(company, parsed.digits, found, lookups)
        return ordered, is_certain

    def _candidate_domain(self, company, country_code):
        return (
            self._company_domain(company)
            & Domain("pattern", "!=", False)
            & Domain("country_id.code", "in", [country_code, False])
            & Domain("sku_ids.active", "=", True)
        )

    def _want_lookup(self, company, digits, found, lookups):
        """Have the suppliers asked that know several sold operators for a number, once."""
        asked = lookups.supplier_id
        sold = self.env["product.template"].sudo()._pg_offers(company, found).pg_operator_id
        for supplier, operators in sold.grouped("supplier_id").items():
            if len(operators) > 1 and supplier not in asked:
                self.env["pg.number.lookup"].sudo()._want(supplier, digits)

    def _number_ranks(self, company, parsed, hint, lookups):
        """Return {id: rank}, lower is likelier.

        In this order: what this customer said, what the supplier said, what several customers said
        of neighbouring numbers, sold here, for mobiles, the right carrier.
        """
        sold = self.env["product.template"].sudo()._pg_offers(company, self).pg_operator_id
        neighbours = self.env["pg.number.hint"].sudo()._find_neighbours(company, parsed.digits)
        exact = lookups.filtered("is_exact")._operators()
        near = (lookups - lookups.filtered("is_exact"))._operators()
        mobile = self._filter_mobile()
        brand = (parsed.carrier or "").split(" ")[0].lower()
        return {
            operator.id: (
                operator not in hint.operator_id,
                operator not in exact,
                operator not in neighbours,
                operator not in near,
                operator not in sold,
                operator not in mobile,
                not (len(brand) > 2 and brand in operator.name.lower()),
                not operator.country_id,
            )
            for operator in self
        }

    def _filter_mobile(self):
        """Return those that sell something for phones."""
        groups = self.env["pg.sku"]._read_group(
            [("operator_id", "in", self.ids), ("kind", "in", MOBILE_KINDS)], ["operator_id"]
        )
        return self.browse(operator.id for (operator,) in groups)

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
