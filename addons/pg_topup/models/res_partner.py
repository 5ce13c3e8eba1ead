from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    pg_no_email = fields.Boolean(
        "No top-up news by e-mail", help="The customer does not want to be told by e-mail."
    )
    pg_no_sms = fields.Boolean(
        "No top-up news by SMS", help="The customer does not want to be told by SMS."
    )
    pg_topup_count = fields.Integer("Top-ups", compute="_compute_pg_topup_figures")
    pg_topup_spent = fields.Monetary(
        "Spent on top-ups",
        compute="_compute_pg_topup_figures",
        currency_field="pg_topup_currency_id",
    )
    pg_topup_currency_id = fields.Many2one("res.currency", compute="_compute_pg_topup_figures")
    pg_topup_last_at = fields.Datetime("Last top-up", compute="_compute_pg_topup_figures")
    pg_recipient_ids = fields.One2many(
        "pg.recipient", "partner_id", "Recipients", groups="pg_base.group_viewer"
    )

    # An order looks for its customer by one of these; sellers have many.
    _pg_email_index = models.Index("(email_normalized, company_id) WHERE email_normalized <> ''")
    _pg_phone_index = models.Index("(phone_sanitized, company_id) WHERE phone_sanitized <> ''")

    # === COMPUTE === #

    @api.depends_context("allowed_company_ids", "uid")
    def _compute_pg_topup_figures(self):
        """Count what the user may see; somebody without a role sees nothing."""
        figures, spent = {}, {}
        if self.env["pg.topup"].has_access("read"):
            groups = self.env["pg.topup"]._read_group(
                [("partner_id", "in", self.ids)],
                ["partner_id"],
                ["__count", "create_date:max"],
            )
            figures = {partner: (count, last) for partner, count, last in groups}
            spent = dict(
                self.env["pg.topup"]._read_group(
                    [
                        ("partner_id", "in", self.ids),
                        ("state", "=", "completed"),
                        ("company_currency_id", "=", self.env.company.currency_id.id),
                    ],
                    ["partner_id"],
                    ["company_amount:sum"],
                )
            )
        for partner in self:
            count, last = figures.get(partner, (0, False))
            partner.pg_topup_count = count
            partner.pg_topup_currency_id = self.env.company.currency_id
            partner.pg_topup_last_at = last
            partner.pg_topup_spent = spent.get(partner, 0.0)

    # === ACTIONS === #

    def action_pg_topups(self):
        """Show the top-ups of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_topup_action")
        domain = [("partner_id", "=", self.id)]
        if company := self.env.context.get("pg_company"):
            domain.append(("company_id", "=", company))
        return {**action, "domain": domain, "context": {}, "display_name": self.display_name}
