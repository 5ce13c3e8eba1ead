from datetime import datetime, time
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import SQL


class PgLedgerBalance(models.Model):
    """The trial balance: what each account holds in each currency, now or at the end of a day.

    The day is that of the context's ``pg_ledger_until`` (a moment, naive UTC, not included).
    """

    _name = "pg.ledger.balance"
    _description = "Ledger balance"
    _auto = False
    _order = "account, currency_id"
    _rec_name = "account"

    company_id = fields.Many2one("res.company", readonly=True)
    account = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    debit = fields.Monetary(readonly=True)
    credit = fields.Monetary(readonly=True)
    balance = fields.Monetary(readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    company_balance = fields.Monetary(
        string="Value", currency_field="company_currency_id", readonly=True,
        help="In the company's currency, at the rates of the entries.",
    )  # fmt: skip
    posting_count = fields.Integer(string="Postings", readonly=True)
    last_at = fields.Datetime(string="Last posting", readonly=True)

    @property
    def _table_query(self):
        until = self.env.context.get("pg_ledger_until")
        before = SQL("WHERE occurred_at < %s::timestamp", until) if until else SQL()
        return SQL(
            """
            SELECT min(id) AS id, company_id, account, currency_id, company_currency_id,
                   sum(amount) FILTER (WHERE amount > 0) AS debit,
                   -sum(amount) FILTER (WHERE amount < 0) AS credit,
                   sum(amount) AS balance, sum(company_amount) AS company_balance,
                   count(*)::int AS posting_count, max(occurred_at) AS last_at
              FROM pg_ledger_posting %s
             GROUP BY company_id, account, currency_id, company_currency_id
            """,
            before,
        )

    # === ACTION === #

    @api.model
    def action_open(self, company=None, day=None):
        """Show the trial balance of a company at the end of a day of its time zone, or now.

        :return: the window action
        """
        company = company or self.env.company
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_ledger.action_trial_balance")
        name, context = self.env._("Trial balance"), {}
        if day:
            zone = ZoneInfo(company.pg_tz or "UTC")
            end = datetime.combine(fields.Date.add(day, days=1), time(), zone)
            until = end.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
            context = {"pg_ledger_until": fields.Datetime.to_string(until)}
            name = self.env._("Trial balance at the end of %(day)s", day=day.isoformat())
        action |= {"name": name, "context": context, "domain": [("company_id", "=", company.id)]}
        return action

    def action_open_postings(self):
        """Show the postings that make this figure."""
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("account", "=", self.account),
            ("currency_id", "=", self.currency_id.id),
        ]
        if until := self.env.context.get("pg_ledger_until"):
            domain.append(("occurred_at", "<", until))
        return {
            "type": "ir.actions.act_window",
            "name": f"{self.account} {self.currency_id.name}",
            "res_model": "pg.ledger.posting",
            "view_mode": "list,pivot",
            "domain": domain,
        }
