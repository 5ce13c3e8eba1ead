from odoo import api, models


class ProductTemplate(models.Model):
    """Buttons of offers."""

    _inherit = "product.template"

    # === IMPORT === #

    @api.model
    def get_import_templates(self):
        """Override of `product` to show how a file of offers looks, where offers are listed."""
        if not self.env.context.get("pg_offer_list"):
            return super().get_import_templates()
        return [
            {
                "label": self.env._("Example of a file of offers"),
                "template": "/pg_catalog/static/offers_import.csv",
            }
        ]

    # === ACTION === #

    def action_pg_pause(self):
        """Take offers off the storefront without archiving them."""
        self.check_access("write")
        self.write({"sale_ok": False})

    def action_pg_resume(self):
        """Put paused offers back on sale."""
        self.check_access("write")
        self.write({"sale_ok": True})

    def action_pg_follow_rules(self):
        """Price offers by the price rules from now on."""
        self.check_access("write")
        self.write({"pg_price_mode": "rules"})

    def action_pg_open(self):
        """Open an offer from the editable list."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("pg_catalog.pg_offer_view_form").id, "form")],
        }

    def action_pg_explain(self):
        """Open "Where does this price come from?"."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_price_explain_action")
        return {**action, "context": {"default_offer_id": self.id}}

    def action_pg_bulk(self):
        """Open the wizard that changes many offers with a preview."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_offer_bulk_action")
        return {**action, "context": {"active_model": self._name, "active_ids": self.ids}}
