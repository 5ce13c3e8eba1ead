from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to give a new seller the usual alert rules."""
        companies = super().create(vals_list)
        companies.filtered("pg_is_seller")._pg_start_alerts()
        return companies

    def write(self, vals):
        """Override to give the usual alert rules to a company that becomes a seller."""
        done = super().write(vals)
        if vals.get("pg_is_seller"):
            self._pg_start_alerts()
        return done

    # === BUSINESS === #

    def _pg_start_alerts(self):
        if self:
            self.env["pg.alert.rule"]._create_defaults(self)
