from odoo import fields, models


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
             GROUP BY topup.partner_id, topup.company_id, topup.currency_id"""

    def action_open_topups(self):
        """Show the top-ups of this customer at this seller."""
        self.ensure_one()
        return self.partner_id.with_context(pg_company=self.company_id.id).action_pg_topups()

    def action_open_partner(self):
        """Open the contact."""
        self.ensure_one()
        return self.partner_id.get_formview_action()
