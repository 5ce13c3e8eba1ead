import re

from odoo import api, fields, models
from odoo.addons.pg_catalog.tools import numbering
from odoo.fields import Domain

# A number is found by a part of it from this many digits on; fewer say nothing.
LEAST_DIGITS = 3


class PgTopup(models.Model):
    """Find a number as people write it: with blanks, without the country, or by a part."""

    _inherit = "pg.topup"

    number_masked = fields.Char(search="_search_number_masked")

    # === SEARCH === #

    @api.model
    def _search_number_masked(self, operator, value):
        return self._prepare_number_domain("number", operator, value)

    @api.model
    def _prepare_number_domain(self, column, operator, value):
        """Return a domain of a column that holds numbers in E.164, for what somebody typed.

        A whole number is compared as such, by the index; a part may stand anywhere in it.

        :param str column: name of the field.
        :param str value: as typed.
        """
        if operator == "in":
            return Domain.OR(
                self._prepare_number_domain(column, "ilike", part) for part in value if part
            )
        if operator not in ("=", "like", "ilike", "=like", "=ilike") or not isinstance(value, str):
            return NotImplemented
        digits = re.sub(r"\D", "", value)
        if len(digits) < LEAST_DIGITS:
            return Domain.FALSE
        try:
            parsed = numbering.parse(value, self.env.company.country_id.code)
        except numbering.BadNumber:
            parsed = None
        if parsed and parsed.is_valid:
            return Domain(column, "=", parsed.e164)
        return Domain(column, "like", digits)
