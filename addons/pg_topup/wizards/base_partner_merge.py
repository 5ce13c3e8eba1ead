from odoo import api, models
from odoo.exceptions import AccessError, UserError

# Models whose rows belong to a customer of one seller.
OWNED = ("pg.topup", "pg.recipient", "pg.credit")


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Odoo's own merge of contacts, for customers: nothing is lost or changes its seller."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Override of `base` to let managers merge customers of their own organisation.

        :raise UserError: they belong to different organisations, or one is ordering right now.
        """
        partners = self.env["res.partner"].browse(partner_ids).exists()
        self._check_one_seller(partners)
        if not self._merges_own_customers(partners):
            return super()._merge(partner_ids, dst_partner, extra_checks=extra_checks)
        if extra_checks and len(set(partners.mapped("email_normalized")) - {False}) > 1:
            raise UserError(
                self.env._("These customers have different e-mail addresses: they are not merged.")
            )
        dst_partner = dst_partner.sudo() if dst_partner else dst_partner
        # In sudo mode: the rights of contacts reach further than a seller's own customers.
        return super(BasePartnerMergeAutomaticWizard, self.sudo())._merge(
            partner_ids, dst_partner, extra_checks=False
        )

    def _process_query(self, query):
        """Override of `base` to leave the search through all contacts to who manages contacts."""
        if not self._manages_contacts():
            raise AccessError(self.env._("You do not have the right to do this."))
        return super()._process_query(query)

    def _manages_contacts(self):
        return self.env.su or self.env.user.has_group("base.group_partner_manager")

    def _merges_own_customers(self, partners):
        """Tell whether this is a manager's merge of customers, who has no rights on contacts.

        :raise AccessError: one of them is not readable.
        :raise UserError: one of them is no customer of the user's organisations.
        """
        if self._manages_contacts():
            return False
        partners.check_access("read")
        if any(p.company_id not in self.env.companies or p.sudo().user_ids for p in partners):
            raise UserError(
                self.env._("Only customers of your own organisation, without a login, are merged.")
            )
        return True

    def _check_one_seller(self, partners):
        """Refuse to move what belongs to one seller to a customer of another one."""
        owners = self.env["res.company"].sudo()
        for name in OWNED:
            groups = (
                self.env[name]
                .sudo()
                ._read_group([("partner_id", "in", partners.ids)], ["company_id"])
            )
            owners = owners.union(*(company for (company,) in groups))
        sellers = partners.sudo().company_id
        if owners and sellers and len(sellers | owners) > 1:
            raise UserError(self.env._("Customers of different organisations cannot be merged."))

    def _log_merge_operation(self, src_partners, dst_partner):
        """Override of `base` to note in the audit log who made one customer of several."""
        super()._log_merge_operation(src_partners, dst_partner)
        names = ", ".join(src_partners.mapped("display_name"))
        self.env["pg.audit.log"]._log("customer.merged", dst_partner, details=names)

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override of `base` to put the books together before their rows change hands."""
        self._merge_recipients(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _merge_recipients(self, src_partners, dst_partner):
        """Make one line of those with the same number: a book holds each number once."""
        lines = (
            self.env["pg.recipient"]
            .sudo()
            .search([("partner_id", "in", (src_partners | dst_partner).ids)])
        )
        for group in lines.grouped(lambda line: (line.company_id, line.number)).values():
            # The line of who stays first, then the fresher ones.
            first, *others = group.sorted(lambda line: line.partner_id != dst_partner)
            if others:
                first._absorb(group - first)
        self.env.flush_all()
