from collections import Counter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

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
        default_country = country_code
        if not country_code and not numbering.is_international(raw_number):
            default_country = company.country_id.code
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
        sure = lookups.filtered("is_exact")
        exact, near = sure._operators(), (lookups - sure)._operators()
        named = hint.operator_id + exact + near
        found = [
            candidate
            for candidate in self._find_candidates(company, parsed.country_code)
            if candidate.id in named.ids or patterns.matches(candidate.pattern, parsed.digits)
        ]
        if len(found) > 1:
            neighbours = self.env["pg.number.hint"].sudo()._find_neighbours(company, parsed.digits)
            rank = self._number_rank(parsed, hint.operator_id, exact, neighbours, near)
            found.sort(key=lambda candidate: (rank(candidate), candidate.order))
        operators = self.browse(candidate.id for candidate in found)
        is_certain = bool(found) and (
            operators[:1] in (hint.operator_id, exact & operators) or len(operators) == 1
        )
        if found and not is_certain and not hint:
            self._want_lookup(parsed.digits, found, lookups)
        return operators, is_certain

    def _want_lookup(self, digits, found, lookups):
        """Have the suppliers asked that know several sold operators for a number, once."""
        counts = Counter(candidate.supplier_id for candidate in found if candidate.is_sold)
        for supplier in self.env["pg.supplier"].sudo().browse(counts) - lookups.supplier_id:
            if counts[supplier.id] > 1:
                self.env["pg.number.lookup"].sudo()._want(supplier, digits)

    def _number_rank(self, parsed, *named):
        """Return the function that ranks a candidate; lower is likelier.

        In this order: those that were named for it, sold here, for mobiles, the right carrier.

        :param named: operators, the surest first: as this customer said, as the supplier said, as
            several customers said of neighbouring numbers, as the supplier thinks.
        """
        spoken = [set(operators.ids) for operators in named]
        brand = (parsed.carrier or "").split(" ")[0].lower()

        def rank(candidate):
            return (
                *(candidate.id not in ids for ids in spoken),
                not candidate.is_sold,
                not candidate.is_mobile,
                not (len(brand) > 2 and brand in candidate.name.lower()),
                not candidate.has_country,
            )

        return rank

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
