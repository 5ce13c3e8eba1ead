from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override of `base` to keep one name per gateway of customers who become one.

        A gateway makes another one whenever it is needed, so nothing is lost with the others.
        """
        partners = src_partners | dst_partner
        names = (
            self.env["pg.payment.customer"]
            .sudo()
            .search([("partner_id", "in", partners.ids)], order="id desc")
        )
        for group in names.grouped("provider_id").values():
            kept = group.sorted(lambda name: name.partner_id != dst_partner)[:1]
            (group - kept).unlink()
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
