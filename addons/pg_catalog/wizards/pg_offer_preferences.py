from odoo import api, fields, models

from ..const import COST_REACTIONS

FIELDS = ("pg_usual_margin", "pg_margin_floor", "pg_cost_reaction", "pg_offer_user_id")


class PgOfferPreferences(models.TransientModel):
    """What a manager may decide about the prices of the own organisation's offers."""

    _name = "pg.offer.preferences"
    _description = "Preferences for offers"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    pg_usual_margin = fields.Float("Usual margin %", digits=(16, 4))
    pg_margin_floor = fields.Float("Lowest margin %", digits=(16, 4))
    pg_cost_reaction = fields.Selection(
        COST_REACTIONS, "When a new cost takes the margin", required=True
    )
    pg_offer_user_id = fields.Many2one(
        "res.users", "Looks after the offers", domain="[('company_ids', 'in', company_id)]"
    )

    @api.model
    def default_get(self, fields_list):
        """Override of `base` to start with what is preferred now."""
        company = self.env.company
        values = {
            name: company._fields[name].convert_to_write(company[name], company) for name in FIELDS
        }
        return {**super().default_get(fields_list), **values}

    # === ACTION === #

    def action_save(self):
        """Store the preferences; offers that follow rules are priced anew at once."""
        self.ensure_one()
        self.check_access("write")
        company = self.env.company
        changed = {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in FIELDS
            if self[name] != company[name]
        }
        # In sudo mode: managers decide about prices, though not about the organisation.
        company.sudo().write(changed)
        return {"type": "ir.actions.act_window_close"}
