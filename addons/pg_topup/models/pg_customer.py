from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class PgCustomer(models.Model):
    """A customer of one seller with the figures of its top-ups; read from the sales themselves."""

    _name = "pg.customer"
    _description = "Customer"
    _auto = False
    _order = "last_at desc, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    company_id = fields.Many2one("res.company", "Organisation", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    email = fields.Char(related="partner_id.email")
    # Not a related field: those are searched by their own rules.
    phone = fields.Char(compute="_compute_phone", search="_search_phone")
    utm_source = fields.Char("Source", readonly=True, help="What brought the first order.")
    utm_campaign = fields.Char("Campaign", readonly=True)
    topup_count = fields.Integer("Orders", readonly=True)
    delivered_count = fields.Integer("Delivered", readonly=True)
    failed_count = fields.Integer("Failed or refunded", readonly=True)
    number_count = fields.Integer("Numbers", readonly=True)
    spent = fields.Monetary(readonly=True, help="Amount of all delivered top-ups.")
    success = fields.Float("Delivered (%)", readonly=True, aggregator="avg", digits=(5, 1))
    first_at = fields.Datetime("First order", readonly=True)
    last_at = fields.Datetime("Last order", readonly=True)

    @property
    def _table_query(self):
        return """
     SELECT figures.*, partner.pg_utm_source AS utm_source, partner.pg_utm_campaign AS utm_campaign
       FROM (
            SELECT min(topup.id) AS id, topup.partner_id, topup.company_id, topup.currency_id,
                   count(*) AS topup_count,
                   count(*) FILTER (WHERE topup.state = 'completed') AS delivered_count,
                   count(*) FILTER (WHERE topup.state IN ('failed', 'refunded')) AS failed_count,
                   count(DISTINCT topup.number) AS number_count,
                   coalesce(sum(topup.amount) FILTER (WHERE topup.state = 'completed'), 0) AS spent,
                   100.0 * count(*) FILTER (WHERE topup.state = 'completed') / nullif(
                       count(*) FILTER (WHERE topup.state IN ('completed', 'failed', 'refunded')), 0
                   ) AS success,
                   min(topup.create_date) AS first_at,
                   max(topup.create_date) AS last_at
              FROM pg_topup topup
             WHERE topup.partner_id IS NOT NULL
             GROUP BY topup.partner_id, topup.company_id, topup.currency_id
            ) figures
       JOIN res_partner partner ON partner.id = figures.partner_id"""

    # === COMPUTE === #

    @api.depends("partner_id.phone")
    def _compute_phone(self):
        for customer in self:
            customer.phone = customer.partner_id.phone

    # === SEARCH === #

    @api.model
    def _search_phone(self, operator, value):
        """Find by the customer's own number, and by those that top-ups were ordered for."""
        Topup = self.env["pg.topup"]
        ordered = Topup._search(
            Domain("number_masked", operator, value) & Domain("partner_id", "!=", False)
        )
        own = Topup._prepare_number_domain("phone_sanitized", operator, value)
        if own is NotImplemented:
            return NotImplemented
        partners = self.env["res.partner"]._search(own)
        return Domain("partner_id", "in", partners) | Domain(
            "partner_id", "in", ordered.subselect(SQL.identifier(ordered.table, "partner_id"))
        )

    # === ACTIONS === #

    def action_open_topups(self):
        """Show the top-ups of this customer at this seller."""
        self.ensure_one()
        return self.partner_id.with_context(pg_company=self.company_id.id).action_pg_topups()

    def action_open_partner(self):
        """Open the contact."""
        self.ensure_one()
        return self.partner_id.get_formview_action()

    def action_merge(self):
        """Open Odoo's own wizard, which makes one contact of several."""
        partners = self.partner_id
        if len(partners) < 2:
            raise UserError(self.env._("Choose the customers who are the same person."))
        action = self.env["ir.actions.actions"]._for_xml_id("base.action_partner_merge")
        return {
            **action,
            "context": {"active_model": "res.partner", "active_ids": partners.ids},
        }
