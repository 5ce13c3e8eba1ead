from odoo import api, models

from ..tools import sealed

# So many numbers stand on the first page; all of them are in the customer's room.
SHOWN_AT_START = 4


class PgStorefront(models.AbstractModel):
    """The customer's favourite numbers at one seller."""

    _inherit = "pg.storefront"

    @api.model
    def _find_favourites(self, company, partners, recipient_id=None):
        """Return the favourites of these customers at this seller, or the one with an id."""
        domain = [("company_id", "=", company.id), ("partner_id", "in", partners.ids)]
        if recipient_id is not None:
            domain.append(("id", "=", recipient_id))
        return self.env["pg.recipient"].search(domain)

    @api.model
    def _get_favourite_values(self, company, partners):
        """Return the values of the page with the favourites, and what may become one."""
        favourites = self._find_favourites(company, partners)
        return {
            "favourites": [
                {
                    "id": favourite.id,
                    "typed": favourite.name or "",
                    "name": favourite.name or self._format_number(favourite.number),
                    "number": self._format_number(favourite.number) if favourite.name else "",
                    "operator": self._get_operator_name(favourite.operator_id),
                    "url": self._get_favourite_url(favourite),
                }
                for favourite in favourites
            ],
            "suggested": [
                {"number": number, "text": self._format_number(number)}
                for number in self._get_used_numbers(company, partners)
                if number not in favourites.mapped("number")
            ][:5],
        }

    @api.model
    def _get_own_numbers(self, company, partners):
        """Return the first of the favourites, as the first page offers them to a known customer."""
        if not partners:
            return []
        found = self._find_favourites(company, partners)[:SHOWN_AT_START]
        logos = self._get_operator_logos(company, found.operator_id)
        return [
            {
                "name": favourite.name or self._format_number(favourite.number),
                "number": self._format_number(favourite.number) if favourite.name else "",
                "operator": self._get_operator_name(favourite.operator_id),
                "logo_url": logos.get(favourite.operator_id.id, ""),
                "url": self._get_favourite_url(favourite),
            }
            for favourite in found
        ]

    def _get_favourite_url(self, favourite):
        company = favourite.company_id
        token = sealed.seal(self.env, company, favourite.number)
        operator = f"&operator={favourite.operator_id.id}" if favourite.operator_id else ""
        return f"/topup/{company.pg_slug}/offers?q={token}{operator}"

    def _get_used_numbers(self, company, partners):
        """Return the numbers that these customers topped up most."""
        groups = self.env["pg.topup"]._read_group(
            self._get_own_domain(company, partners),
            ["number"],
            ["__count"],
            order="__count desc",
            limit=20,
        )
        return [number for number, _count in groups]
