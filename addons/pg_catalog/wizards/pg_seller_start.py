from odoo import api, fields, models
from odoo.exceptions import AccessError


class PgSellerStart(models.TransientModel):
    """A seller's first steps, each done or to do: a supplier, offers, the storefront."""

    _name = "pg.seller.start"
    _description = "Getting started"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    company_name = fields.Char(related="company_id.name")
    is_supplier_done = fields.Boolean(compute="_compute_steps")
    is_offers_done = fields.Boolean(compute="_compute_steps")
    is_storefront_done = fields.Boolean(compute="_compute_steps")
    is_selling = fields.Boolean(compute="_compute_steps")
    done_count = fields.Integer(compute="_compute_steps")
    supplier_text = fields.Char(compute="_compute_steps")
    offers_text = fields.Char(compute="_compute_steps")
    storefront_text = fields.Char(compute="_compute_steps")
    storefront_url = fields.Char(compute="_compute_steps")
    attention_count = fields.Integer(compute="_compute_steps")

    # === COMPUTE === #

    @api.depends("company_id")
    def _compute_display_name(self):
        self.display_name = self.env._("Getting started")

    @api.depends("company_id")
    @api.depends_context("lang")
    def _compute_steps(self):
        for start in self:
            start._compute_supplier()
            start._compute_offers()
            start._compute_storefront()
            done = (start.is_supplier_done, start.is_offers_done, start.is_storefront_done)
            start.done_count = sum(done)

    def _compute_supplier(self):
        suppliers = self.env["pg.supplier"].search(
            [("company_id", "in", [False, self.company_id.id]), ("code", "!=", "none")]
        )
        sku_count = self.env["pg.sku"].search_count([("supplier_id", "in", suppliers.ids)])
        self.is_supplier_done = bool(sku_count)
        if sku_count:
            self.supplier_text = self.env._(
                "%(suppliers)s: %(count)s SKUs to choose from",
                suppliers=", ".join(suppliers.mapped("name")),
                count=f"{sku_count:,}",
            )
        elif suppliers:
            self.supplier_text = self.env._("Connected; its catalogue has not been read yet.")
        else:
            self.supplier_text = self.env._("No supplier is connected yet.")

    def _compute_offers(self):
        own = [("company_id", "=", self.company_id.id), ("pg_is_offer", "=", True)]
        Offer = self.env["product.template"]
        on_sale = Offer.search_count([*own, ("sale_ok", "=", True)])
        self.attention_count = Offer.search_count([*own, ("pg_alert", "!=", False)])
        self.is_offers_done = bool(on_sale)
        self.offers_text = self.env._("%(count)s on sale", count=f"{on_sale:,}")

    def _compute_storefront(self):
        company = self.company_id
        self.is_selling = bool(company.pg_is_seller and company.pg_slug)
        self.storefront_url = company._pg_get_storefront_url()
        self.is_storefront_done = bool(
            company.pg_is_seller and company.pg_slug and self.is_offers_done
        )
        if self.is_storefront_done:
            self.storefront_text = self.env._("Open for customers")
        elif company.pg_is_seller and company.pg_slug:
            self.storefront_text = self.env._("Open, but there is nothing to buy yet.")
        elif self.env.user.has_group("pg_base.group_admin"):
            self.storefront_text = self.env._("Selling is not switched on yet.")
        else:
            self.storefront_text = self.env._(
                "Selling is not switched on yet: an admin of your organisation does that here."
            )

    # === ACTION === #

    @api.model
    def action_open(self):
        """Open the panel for the active company."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_seller_start_action")
        return {**action, "res_id": self.create({}).id}

    def action_suppliers(self):
        """Open the suppliers, the new one at once when there is none."""
        return self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_supplier_action")

    def action_add_offers(self):
        """Open "Add from catalogue"."""
        return self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_add_action")

    def action_offers(self):
        """Open the offers."""
        return self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_action")

    def action_attention(self):
        """Open the offers that need attention."""
        return self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_attention_action")

    def action_switch_on(self):
        """Open the seller's storefront, under an address made from its name when it has none.

        :raise AccessError: only an admin of the organisation may.
        """
        self.ensure_one()
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an admin of the organisation can switch it on."))
        # In sudo mode: an admin of an organisation does not write companies otherwise.
        company_sudo = self.env.company.sudo()
        slug = company_sudo.pg_slug or self._find_free_slug(company_sudo)
        company_sudo.write({"pg_slug": slug, "pg_is_seller": True})
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _find_free_slug(self, company_sudo):
        """Return an address made from the company's name that nobody else has."""
        base = (self.env["ir.http"]._slugify(company_sudo.name or "") or "shop")[:30].strip("-")
        base = base if len(base) >= 3 else f"shop-{base}".strip("-")
        slug, number = base, 1
        while company_sudo.with_context(active_test=False).search_count(
            [("pg_slug", "=", slug)], limit=1
        ):
            number += 1
            slug = f"{base}-{number}"
        return slug

    def action_storefront(self):
        """Open the storefront in a new tab."""
        return {"type": "ir.actions.act_url", "url": self.storefront_url, "target": "new"}

    def action_preferences(self):
        """Open the preferences for offers."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "pg_catalog.pg_offer_preferences_action"
        )
