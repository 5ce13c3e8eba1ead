from odoo import api, models

from ..gateways import GATEWAYS


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base` to give a new seller its gateways."""
        companies = super().create(vals_list)
        companies.filtered("pg_is_seller")._pg_ensure_gateways()
        return companies

    def write(self, vals):
        """Override of `base` to give a company that becomes a seller its gateways."""
        result = super().write(vals)
        if vals.get("pg_is_seller"):
            self._pg_ensure_gateways()
        return result

    def _pg_ensure_gateways(self):
        """Give each company a provider of every gateway, switched off and without credentials."""
        # In sudo mode since sellers are not allowed to create providers.
        Provider = self.env["payment.provider"].sudo()
        for code in GATEWAYS:
            known = Provider.search([("code", "=", code)], order="id")
            for company in self - known.company_id if known else ():
                known[0].copy({"company_id": company.id})

    @api.model
    def _pg_ensure_gateways_of_all(self):
        """Give every seller the gateways that came with an update."""
        self.search([("pg_is_seller", "=", True)])._pg_ensure_gateways()
