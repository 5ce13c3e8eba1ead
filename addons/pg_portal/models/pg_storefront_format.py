import re

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_catalog.tools import numbering
from odoo.tools import format_datetime

PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


class PgStorefront(models.AbstractModel):
    """How amounts, numbers and periods are written on the pages."""

    _inherit = "pg.storefront"

    # === FORMATS === #

    @api.model
    def _format_money(self, amount, currency, whole=True):
        """Return an amount with its currency's code: symbols are shared by many currencies.

        :param currency: ISO code.
        :param bool whole: leave out idle decimals.
        """
        places = self._get_decimals(currency)
        text = f"{D(amount):,.{places}f}"
        text = text.removesuffix("." + "0" * places) if whole else text
        return f"{currency}\u00a0{text}"

    def _get_decimals(self, code):
        """Return the decimals of a currency; asked once in a request."""
        known = self.env.cr.cache.setdefault("pg_storefront_decimals", {})
        if code not in known:
            currency = self.env["res.currency"].with_context(active_test=False)
            known[code] = currency.search([("name", "=", code)], limit=1).decimal_places
        return known[code]

    def _note_decimals(self, currencies):
        """Note the decimals of currencies that are at hand, so that they are not looked for."""
        known = self.env.cr.cache.setdefault("pg_storefront_decimals", {})
        known.update((currency.name, currency.decimal_places) for currency in currencies)

    @api.model
    def _format_plain(self, amount):
        """Return an amount without currency and without idle decimals."""
        return f"{amount:,.2f}".removesuffix(".00")

    @api.model
    def _format_day(self, company, moment):
        """Return the day of a moment in the seller's timezone, '' for none."""
        if not moment:
            return ""
        return format_datetime(self.env, moment, tz=company.pg_tz or "UTC", dt_format="d MMMM y")

    @api.model
    def _format_number(self, number):
        """Return a number in E.164 with the usual blanks of its country."""
        return numbering.format_number(number)

    def _format_period(self, iso):
        """Return an ISO 8601 period like P30D in words, '' for none or an odd one."""
        found = PERIOD.fullmatch(iso or "")
        if not found or not any(found.groups()):
            return ""
        words = (
            self.env._("years"),
            self.env._("months"),
            self.env._("weeks"),
            self.env._("days"),
            self.env._("hours"),
            self.env._("minutes"),
        )
        ones = (
            self.env._("1 year"),
            self.env._("1 month"),
            self.env._("1 week"),
            self.env._("1 day"),
            self.env._("1 hour"),
            self.env._("1 minute"),
        )
        parts = zip(found.groups(), words, ones, strict=True)
        return " ".join(
            one if int(count) == 1 else f"{int(count)} {many}"
            for count, many, one in parts
            if count
        )
