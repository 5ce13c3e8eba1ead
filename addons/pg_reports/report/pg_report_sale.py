from odoo import fields, models
from odoo.addons.pg_catalog.const import KINDS
from odoo.addons.pg_topup.const import CHANNELS, STATES
from odoo.tools import SQL


class PgReportSale(models.Model):
    """One row a top-up, for pivots and graphs. Reads only.

    Amounts are in the organisation's currency. What the customer paid counts once it is paid;
    tax, cost and margin count once it is delivered, as in the ledger; fees and refunds are the
    ledger's own.
    """

    _name = "pg.report.sale"
    _description = "Sales analysis"
    _auto = False
    _rec_name = "topup_id"
    _order = "business_date desc, id desc"
    _depends = {
        "payment.provider": ["code"],
        "payment.transaction": ["provider_id"],
        "pg.ledger.entry": ["company_id", "kind", "subject"],
        "pg.ledger.posting": ["account", "company_amount", "entry_id"],
        "pg.operator": ["country_id"],
        "pg.sku": ["kind"],
        "pg.topup": [
            "business_date",
            "channel",
            "company_amount",
            "company_cost",
            "company_id",
            "company_tax",
            "offer_id",
            "operator_id",
            "paid_at",
            "payment_tx_id",
            "sku_id",
            "state",
            "supplier_id",
            "uuid",
        ],
        "res.company": ["currency_id"],
    }

    topup_id = fields.Many2one("pg.topup", "Top-up", readonly=True)
    company_id = fields.Many2one("res.company", "Organisation", readonly=True)
    business_date = fields.Date("Business day", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    operator_id = fields.Many2one("pg.operator", "Operator", readonly=True)
    country_id = fields.Many2one("res.country", "Country", readonly=True)
    offer_id = fields.Many2one("product.template", "Offer", readonly=True)
    supplier_id = fields.Many2one("pg.supplier", "Supplier", readonly=True)
    sku_kind = fields.Selection(KINDS, "Kind", readonly=True)
    gateway = fields.Char(readonly=True)
    channel = fields.Selection(CHANNELS, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    amount = fields.Monetary("Paid", readonly=True)
    amount_delivered = fields.Monetary("Delivered", readonly=True)
    amount_tax = fields.Monetary("Tax", readonly=True)
    cost = fields.Monetary(readonly=True)
    margin = fields.Monetary(readonly=True, help="Delivered, without tax and cost.")
    fee = fields.Monetary("Gateway fee", readonly=True)
    amount_refunded = fields.Monetary("Refunded", readonly=True)
    paid_count = fields.Integer("Paid top-ups", readonly=True)
    delivered_count = fields.Integer("Delivered top-ups", readonly=True)
    failed_count = fields.Integer("Failed top-ups", readonly=True)

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    def _select(self):
        return SQL(
            """SELECT topup.id, topup.id AS topup_id, topup.company_id, topup.business_date,
                      topup.state, topup.operator_id, operator.country_id, topup.offer_id,
                      topup.supplier_id, sku.kind AS sku_kind, provider.code AS gateway,
                      topup.channel, company.currency_id, %s""",
            self._select_measures(),
        )

    def _select_measures(self):
        return SQL(
            """CASE WHEN topup.paid_at IS NOT NULL THEN topup.company_amount ELSE 0 END AS amount,
               CASE WHEN %(done)s THEN topup.company_amount ELSE 0 END AS amount_delivered,
               CASE WHEN %(done)s THEN topup.company_tax ELSE 0 END AS amount_tax,
               CASE WHEN %(done)s THEN topup.company_cost ELSE 0 END AS cost,
               CASE WHEN %(done)s
                    THEN topup.company_amount - topup.company_tax - topup.company_cost ELSE 0 END
                   AS margin,
               %(fee)s AS fee,
               %(refunded)s AS amount_refunded,
               (topup.paid_at IS NOT NULL)::int AS paid_count,
               (%(done)s)::int AS delivered_count,
               (topup.state IN ('failed', 'refunded'))::int AS failed_count""",
            done=SQL("topup.state = 'completed'"),
            fee=self._select_ledger("fee", "fee:%"),
            refunded=self._select_ledger("refunded", "customer"),
        )

    def _select_ledger(self, kind, account):
        """Return what the ledger holds for a top-up, less what it corrected since, as an expression
        that costs nothing when the measure is not asked for.

        :param str account: a pattern of LIKE.
        """
        return SQL(
            """COALESCE((
                   SELECT sum(posting.company_amount)
                     FROM pg_ledger_entry entry
                     JOIN pg_ledger_posting posting ON posting.entry_id = entry.id
                     LEFT JOIN pg_ledger_entry corrected ON corrected.id = entry.corrects_id
                    WHERE entry.subject = topup.uuid AND entry.company_id = topup.company_id
                      AND COALESCE(corrected.kind, entry.kind) = %s
                      AND posting.account LIKE %s), 0)""",
            kind,
            account,
        )

    def _from(self):
        return SQL(
            """FROM pg_topup topup
               JOIN res_company company ON company.id = topup.company_id
               JOIN pg_sku sku ON sku.id = topup.sku_id
               JOIN pg_mobile_operator operator ON operator.id = topup.operator_id
               LEFT JOIN payment_transaction payment ON payment.id = topup.payment_tx_id
               LEFT JOIN payment_provider provider ON provider.id = payment.provider_id"""
        )

    def _where(self):
        return SQL()

    # === ACTION === #

    def action_open_topup(self):
        """Open the top-up of a row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pg.topup",
            "res_id": self.topup_id.id,
            "view_mode": "form",
        }
