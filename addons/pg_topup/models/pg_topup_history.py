from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class PgTopup(models.Model):
    _inherit = "pg.topup"

    delivery_seconds = fields.Integer(
        "Seconds to deliver",
        compute="_compute_delivery_seconds",
        store=True,
        aggregator="avg",
        help="From the payment to the delivery.",
    )

    # === COMPUTE === #

    @api.depends("paid_at", "completed_at")
    def _compute_delivery_seconds(self):
        for topup in self:
            both = topup.paid_at and topup.completed_at
            span = topup.completed_at - topup.paid_at if both else None
            topup.delivery_seconds = span.total_seconds() if span else False

    # === BUSINESS === #

    @api.model
    def get_metrics(self, domain):
        """Return the figures above the list, of all top-ups that the user sees and filters.

        One statement; access rules are those of the list. Amounts are in the currency of the
        organisation, whatever customers paid in, and absent when several organisations with
        different ones are seen.

        :param list domain: the filter of the list.
        :return: `count`, `delivered`, `failed`, `in_doubt`, `under_way`, `success` (percent of
            the sales that ended, or False), `revenue` and `average` (amount delivered) with
            `currency_id`, or False.
        """
        self.check_access("read")
        query = self._search(Domain(domain), active_test=False)
        table = SQL.identifier(query.table)
        self.env.cr.execute(
            query.select(
                SQL("count(*)"),
                SQL("count(*) FILTER (WHERE %s.state = 'completed')", table),
                SQL("count(*) FILTER (WHERE %s.state IN ('failed', 'refunded'))", table),
                SQL("count(*) FILTER (WHERE %s.state = 'in_doubt')", table),
                SQL("count(*) FILTER (WHERE %s.state IN ('paid', 'processing'))", table),
                SQL("sum(%s.company_amount) FILTER (WHERE %s.state = 'completed')", table, table),
                SQL("min(%s.company_id)", table),
                SQL("max(%s.company_id)", table),
            )
        )
        return self._prepare_metrics(*self.env.cr.fetchone())

    def _prepare_metrics(self, count, delivered, failed, in_doubt, under_way, revenue, first, last):
        ended = delivered + failed
        companies = self.env["res.company"].browse({first, last} - {None})
        if len(companies) > 1:
            companies |= self.env.companies
        currency = companies.sudo().currency_id
        one = len(currency) == 1
        return {
            "count": count,
            "delivered": delivered,
            "failed": failed,
            "in_doubt": in_doubt,
            "under_way": under_way,
            "success": round(100 * delivered / ended, 1) if ended else False,
            "revenue": float(revenue or 0) if one else False,
            "average": float((revenue or 0) / delivered) if one and delivered else False,
            "currency_id": currency.id if one else False,
        }
