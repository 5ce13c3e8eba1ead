from odoo import api, models


class ResPartner(models.Model):
    """The price list that a seller has given to a customer."""

    _inherit = "res.partner"

    @api.private
    def _pg_get_pricelist(self, company):
        """Return the price list by which this customer buys at a seller, or an empty recordset.

        It is Odoo's own field of the customer. Unlike in Odoo nobody has one by default: who was
        given none, and who is not known for sure, pays what the offers say.
        """
        Pricelist = self.env["product.pricelist"].sudo()
        if not self:
            return Pricelist
        # In sudo mode: whoever buys need not read price lists.
        customer_sudo = self.sudo().with_company(company)
        pricelist = customer_sudo.specific_property_product_pricelist
        is_usable = pricelist.active and pricelist.company_id <= company
        return pricelist if is_usable else Pricelist
