import re

from odoo import api, models
from odoo.addons.pg_topup.const import SOLD_KINDS
from odoo.exceptions import UserError

from ..tools import assets, colour, sealed


class PgStorefront(models.AbstractModel):
    """What the storefront's pages show, as plain values made from the rooms below.

    No rule stands here: numbers, offers and prices are asked of the catalogue, orders of the
    top-ups. All methods run in sudo, for one seller that the caller took from the address.
    """

    _name = "pg.storefront"
    _description = "Storefront pages"

    # === SELLER === #

    @api.model
    def _for_seller(self, company):
        """Return the model as the storefront of a seller uses it."""
        pages = self.sudo().with_company(company)
        # All that most pages need of the two contacts, which have some seventy fields.
        (company.sudo().partner_id | pages.env.user.partner_id).fetch(["website", "tz"])
        return pages

    @api.model
    def _for_customer(self, company, partner):
        """Return the model with the prices of a customer who is known for sure, maybe nobody.

        :param partner: the customer at this seller, or an empty recordset.
        """
        return self.with_context(pg_pricelist_id=partner._pg_get_pricelist(company).id)

    @api.model
    def _get_pricelist(self):
        """Return the price list of :meth:`_for_customer`, or an empty recordset."""
        return self.env["product.pricelist"].browse(self.env.context.get("pg_pricelist_id") or ())

    @api.model
    def _get_seller_values(self, company):
        """Return the look and the contact of a seller; neutral ones for an empty recordset."""
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        website = company.website or ""
        return {
            "name": company.name or self.env._("Top-ups"),
            "initial": (company.name or "T")[:1].upper(),
            "url": f"/topup/{company.pg_slug}" if company else "",
            "account_url": f"/portal/{company.pg_slug}" if company else "",
            "tagline": company.pg_tagline or "",
            "logo_url": self._get_logo_url(company),
            "palette": colour.palette(company.pg_brand_color),
            "phone": company.phone or "",
            "phone_digits": re.sub(r"[^\d+]", "", company.phone or ""),
            "email": company.email or "",
            "website": website if re.match(r"https?://", website) else "",
            "website_text": re.sub(r"^https?://|/$", "", website),
            "lang": (lang.code or "en_US").replace("_", "-"),
            "dir": lang.direction or "ltr",
            "css_url": assets.asset_url("portal.css"),
            "js_url": assets.asset_url("portal.js"),
        }

    def _get_logo_url(self, company):
        """Return the address of the seller's own logo, '' when it has none."""
        if not company or company.uses_default_logo or not company.logo_web:
            return ""
        version = company.write_date.strftime("%Y%m%d%H%M%S")
        return f"/web/binary/company_logo?company={company.id}&unique={version}"

    # === NUMBER === #

    @api.model
    def _get_start_values(self, company, country_code="", number=""):
        """Return the values of the page that asks for the number."""
        countries = self._get_countries(company)
        chosen = country_code if country_code in countries.mapped("code") else ""
        chosen = chosen or company.country_id.code
        return {
            "number": number,
            "number_url": f"/topup/{company.pg_slug}/number",
            "countries": [
                {
                    "code": country.code,
                    "name": country.name,
                    "dial": country.phone_code or "",
                    "selected": country.code == chosen,
                }
                for country in countries
            ],
        }

    def _get_countries(self, company):
        """Return the countries for whose operators the seller has offers, by name."""
        countries = self.env["pg.operator"]._find_sold_countries(company, SOLD_KINDS)
        countries.fetch(["code", "name", "phone_code"])
        return countries.sorted("name")

    @api.model
    def _seal_number(self, company, number, country_code=None):
        """Read a number as typed and return the token that stands for it in addresses.

        :raise UserError: it is no number, or of a country for which nothing is sold.
        """
        match = self.env["pg.operator"]._match_number(company, number, country_code or None)
        self._check_country(company, match)
        return sealed.seal(self.env, company, match.e164)

    def _check_country(self, company, match):
        code = match.country_code
        if self.env["pg.operator"]._find_sold_countries(company, SOLD_KINDS, code):
            return
        country = self.env["res.country"].search([("code", "=", code)], limit=1)
        raise UserError(
            self.env._(
                "There are no top-ups for numbers in %s here yet.",
                country.name or self.env._("this country"),
            )
        )

    @api.model
    def _open_number(self, company, token):
        """Return the number of a token, or None when the token is not of this storefront."""
        return sealed.unseal(self.env, company, token)
