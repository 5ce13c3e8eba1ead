import re

from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

from ..tools import assets, colour, sealed

# What the storefront sells: kinds that need a phone number and ask for nothing else.
KINDS = ("topup", "data", "bundle", "pin", "voucher")
PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


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
        return self.sudo().with_company(company)

    @api.model
    def _get_seller_values(self, company):
        """Return the look and the contact of a seller; neutral ones for an empty recordset."""
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        website = company.website or ""
        return {
            "name": company.name or self.env._("Top-ups"),
            "initial": (company.name or "T")[:1].upper(),
            "url": f"/topup/{company.pg_slug}" if company else "",
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
        groups = self.env["product.template"]._read_group(
            [
                ("company_id", "=", company.id),
                ("pg_operator_id.active", "=", True),
                ("pg_sku_id.kind", "in", KINDS),
                ("sale_ok", "=", True),
            ],
            ["pg_operator_id"],
        )
        operators = self.env["pg.operator"].union(*(operator for (operator,) in groups))
        return operators.country_id.sorted("name")

    @api.model
    def _seal_number(self, company, number, country_code=None):
        """Read a number as typed and return the token that stands for it in addresses.

        :raise UserError: it is no number, or of a country for which nothing is sold.
        """
        match = self.env["pg.operator"]._match_number(company, number, country_code or None)
        self._check_country(company, match)
        return sealed.seal(self.env, company, match.e164)

    def _check_country(self, company, match):
        country = self.env["res.country"].search([("code", "=", match.country_code)], limit=1)
        if country not in self._get_countries(company):
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

    # === OFFERS === #

    @api.model
    def _get_offers_values(self, company, token, number, operator_id=None):
        """Return the values of the page with the offers for a number.

        :param operator_id: the operator that the customer chose; else the likeliest one.
        """
        match = self.env["pg.operator"]._match_number(company, number)
        operators = self._get_operators(company, match)
        chosen = operators.filtered(lambda op: op.id == operator_id) or operators[:1]
        base = f"/topup/{company.pg_slug}"
        return {
            **self._get_step_urls(company, token),
            "q": token,
            "number": self._format_number(match.e164),
            "operators": [
                {"id": op.id, "name": self._get_operator_name(op), "selected": op == chosen}
                for op in operators
            ],
            "operator_is_guess": len(operators) > 1 and len(match.operators) != 1,
            "operator_id": chosen.id,
            "offers_path": f"{base}/offers",
            "review_path": f"{base}/review",
            "quote_path": f"{base}/quote",
            "groups": self._group_offers(self._get_offers(company, chosen), token),
        }

    def _get_operators(self, company, match):
        """Return the operators of the number's country with offers, the likely ones first."""
        operators = self.env["pg.operator"].search([("country_id.code", "=", match.country_code)])
        sold = self._get_offers(company, operators).pg_operator_id
        likely = match.operators.filtered(lambda operator: operator in sold)
        return likely + (operators & sold - likely)

    def _get_offers(self, company, operators):
        """Return the offers of some operators that credit a phone number."""
        offers = self.env["product.template"]._pg_offers(company, operators)
        return offers.filtered(lambda offer: offer.pg_sku_id.kind in KINDS)

    @api.model
    def _get_step_urls(self, company, token):
        """Return the ways back to the earlier steps."""
        base = f"/topup/{company.pg_slug}"
        return {"start_url": base, "offers_url": f"{base}/offers?q={token}"}

    def _group_offers(self, offers, token):
        """Return the offers as cards under their kinds, without those that cannot be sold now."""
        labels = {
            "topup": self.env._("Airtime"),
            "data": self.env._("Data"),
            "bundle": self.env._("Bundles"),
            "pin": self.env._("PIN codes"),
            "voucher": self.env._("Vouchers"),
        }
        groups = {kind: [] for kind in KINDS}
        for offer in offers.sorted("pg_is_range"):
            card = self._get_offer_card(offer, token)
            if card:
                groups[offer.pg_sku_id.kind].append(card)
        return [
            {"kind": kind, "label": labels[kind], "offers": cards}
            for kind, cards in groups.items()
            if cards
        ]

    def _get_offer_card(self, offer, token):
        """Return the values of one offer's card, or None when it has no price today.

        Airtime is known by what arrives, everything else by its name.
        """
        card = {
            "id": offer.id,
            "is_range": offer.pg_is_range,
            **self._get_offer_words(offer),
        }
        if offer.pg_is_range:
            return {**card, **self._get_range_values(offer)}
        try:
            quote = offer._pg_quote()
        except UserError:
            return None  # It has no price just now; the back office shows the reason.
        return {
            **card,
            "receive": self._format_money(quote.receive_value, quote.receive_currency),
            "price": self._format_money(quote.sell_price, quote.currency, whole=False),
            "url": f"/topup/{offer.company_id.pg_slug}/review?q={token}&offer={offer.id}",
        }

    @api.model
    def _get_offer_words(self, offer):
        """Return the name of an offer without its operator's, and how long it is valid."""
        operator = offer.pg_operator_id
        name = offer.name
        for prefix in (operator.name, self._get_operator_name(operator), operator.short_name):
            name = name.removeprefix(f"{prefix} ") if prefix else name
        validity = self._format_period(offer.pg_sku_id.validity_iso)
        return {
            "name": name,
            "is_airtime": offer.pg_sku_id.kind == "topup",
            # A name that the seller gave says more than the amount.
            "has_own_name": name != offer.pg_sku_id.name,
            "validity": "" if validity in name else validity,
        }

    @api.model
    def _get_operator_name(self, operator):
        """Return an operator's name without the country, which the page shows anyway."""
        country = operator.country_id.name or ""
        return operator.name.removesuffix(country).strip() or operator.name

    def _get_range_values(self, offer):
        sku = offer.pg_sku_id
        lowest = D(sku.receive_net_min).to_integral_value("ROUND_CEILING")
        return {
            "low": self._format_plain(D(sku.receive_net_min)),
            "high": self._format_plain(D(sku.receive_net_max)),
            "receive_currency": sku.receive_currency_id.name,
            "example": self._format_plain(lowest),
            "value": "",
        }

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
        currency = self.env["res.currency"].with_context(active_test=False)
        return currency.search([("name", "=", code)], limit=1).decimal_places

    @api.model
    def _format_plain(self, amount):
        """Return an amount without currency and without idle decimals."""
        return f"{amount:,.2f}".removesuffix(".00")

    @api.model
    def _format_number(self, number):
        """Return a number in E.164 with the usual blanks of its country."""
        formatted = self.env["res.partner"]._phone_format(
            number=number, force_format="INTERNATIONAL"
        )
        return formatted or number

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
