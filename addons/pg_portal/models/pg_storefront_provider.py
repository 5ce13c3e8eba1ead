from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import UserError

# So many brands are named on a line.
BRANDS_SHOWN = 4


class PgStorefront(models.AbstractModel):
    """The ways to pay: a name, a picture, a line, and what is charged in another currency."""

    _inherit = "pg.storefront"

    @api.model
    def _get_provider_values(self, providers, chosen_id=None, amount=None):
        """Return the gateways as choices, one of them chosen.

        :param amount: (price, ``res.currency``, ``res.company``) to tell what is charged where the
            gateway cannot charge the currency; a gateway that cannot convert it is left out.
        """
        choices = []
        for provider in providers:
            try:
                converted = self._get_converted(provider, *amount) if amount else ""
            except UserError:
                continue
            choices.append(
                {
                    "id": provider.id,
                    "name": provider.name,
                    "icon_url": self._get_provider_icon(provider),
                    "line": self._get_provider_line(provider),
                    "converted": converted,
                    "selected": provider.id == chosen_id,
                }
            )
        if choices and not any(choice["selected"] for choice in choices):
            choices[0]["selected"] = True
        return choices

    @api.model
    def _get_provider_icon(self, provider):
        """Return the address of a gateway's picture."""
        record, _field = self._get_icon_source(provider)
        if not record:
            return ""
        slug, version = provider.company_id.pg_slug, f"{record.write_date:%Y%m%d%H%M%S}"
        return f"/topup/{slug}/gateway/{provider.id}/icon?v={version}"

    @api.model
    def _get_icon_source(self, provider):
        """Return (record, field) of a gateway's picture: its own, or that of its first method."""
        if provider.with_context(bin_size=True).image_128:
            return provider, "image_128"
        methods = provider.payment_method_ids.filtered(lambda m: m.active and m.is_primary)
        if methods[:1].with_context(bin_size=True).image:
            return methods[:1], "image"
        return None, ""

    @api.model
    def _get_provider_line(self, provider):
        """Return with what one pays there: "Visa, Mastercard"."""
        methods = provider.payment_method_ids.filtered(lambda m: m.active and m.is_primary)
        names = []
        for method in methods:
            brands = method.brand_ids.filtered("active").mapped("name")
            names += brands or [method.name]
        own = provider.name.lower()
        names = [name for name in dict.fromkeys(names) if name.lower() != own]
        if len(names) > BRANDS_SHOWN:
            shown = ", ".join(names[:BRANDS_SHOWN])
            return self.env._("%s and more", shown)
        return ", ".join(names)

    @api.model
    def _get_converted(self, provider, price, currency, company):
        """Return what is charged in another currency, for people; '' when it is the same one.

        :raise UserError: the gateway can neither charge nor convert the currency.
        """
        conversion = provider._pg_get_conversion(D(price), currency, company)
        if not conversion:
            return ""
        return self._format_conversion(
            conversion.charged, conversion.charged_currency, conversion.currency, conversion.rate
        )

    @api.model
    def _format_conversion(self, charged, charged_currency, currency, rate):
        return self.env._(
            "Charged as %(charged)s (1 %(currency)s = %(rate)s %(target)s)",
            charged=self._format_money(charged, charged_currency, whole=False),
            currency=currency,
            rate=f"{D(rate):.4f}",
            target=charged_currency,
        )

    @api.model
    def _find_provider(self, company, provider_id):
        """Return a gateway of the seller that is open, or an empty recordset."""
        return self.env["payment.provider"].search(
            [
                ("id", "=", provider_id),
                ("company_id", "=", company.id),
                ("state", "in", ("test", "enabled")),
                ("is_published", "=", True),
            ]
        )
