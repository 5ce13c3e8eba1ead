from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import ACCOUNT_PATTERN, AMOUNT_DECIMALS, AMOUNT_LIMIT, KINDS
from ..fields import ProvenMany2one
from ..postings import Balance
from ..tools.legs import POSTING_GUARDS


class PgLedgerPosting(models.Model):
    """One leg of an entry: debit positive, credit negative."""

    _name = "pg.ledger.posting"
    _inherit = "pg.ledger.frozen"
    _description = "Ledger posting"
    _order = "entry_id desc, position"
    _rec_name = "account"
    _log_access = False

    entry_id = ProvenMany2one("pg.ledger.entry", required=True, readonly=True, ondelete="restrict")
    position = fields.Integer(required=True, readonly=True, aggregator=None)
    # Company, its currency, kind and time are the entry's: the entry's trigger writes them.
    company_id = ProvenMany2one("res.company", required=True, readonly=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    occurred_at = fields.Datetime(required=True, readonly=True)
    subject_ref = fields.Char(related="entry_id.subject_ref")
    account = fields.Char(required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = ProvenMany2one("res.currency", required=True, readonly=True, ondelete="restrict")
    currency_code = fields.Char(required=True, readonly=True)
    company_amount = fields.Monetary(
        string="Company value",
        required=True,
        readonly=True,
        currency_field="company_currency_id",
    )
    company_currency_id = ProvenMany2one(
        "res.currency", required=True, readonly=True, ondelete="restrict"
    )

    _entry_position_unique = models.Constraint(
        "UNIQUE (entry_id, position)", "The entry has a posting at this position."
    )
    _position_positive = models.Constraint("CHECK (position > 0)", "Positions start at 1.")
    _account_form = models.Constraint(
        f"CHECK (account ~ '{ACCOUNT_PATTERN}')", "This is not the name of a ledger account."
    )
    _amounts_exact = models.Constraint(
        f"CHECK (amount = round(amount, {AMOUNT_DECIMALS}) AND abs(amount) < {AMOUNT_LIMIT}"
        f" AND company_amount = round(company_amount, {AMOUNT_DECIMALS})"
        f" AND abs(company_amount) < {AMOUNT_LIMIT})",
        "An amount has four decimals at most.",
    )
    _amounts_given = models.Constraint(
        "CHECK (amount <> 0 OR company_amount <> 0)", "A posting has an amount."
    )
    _company_value_same = models.Constraint(
        "CHECK (currency_id <> company_currency_id OR amount = company_amount)",
        "The value of an amount in the company's currency is the amount itself.",
    )
    _company_account_index = models.Index("(company_id, account, occurred_at)")

    def init(self):
        self.env.cr.execute(POSTING_GUARDS)

    # === ACTION === #

    def action_open_entry(self):
        """Show the entry that this row belongs to."""
        return self.entry_id.action_open()

    # === BUSINESS === #

    @api.model
    def _balances(self, company, accounts=None, at=None):
        """Sum the postings of a company per account and currency. Reads only.

        :param res.company company: one company
        :param list accounts: only these accounts
        :param datetime at: only what occurred before this moment (naive UTC)
        :return: one Balance per account and currency, in this order; exact amounts
        :rtype: list[Balance]
        """
        company.ensure_one()
        self.env["pg.ledger.posting"].check_access("read")
        where = [SQL("company_id = %s", company.id)]
        if accounts is not None:
            where.append(SQL("account = ANY(%s)", list(accounts)))
        if at is not None:
            where.append(SQL("occurred_at < %s", at))
        if not self.env.su:
            where.append(SQL("company_id = ANY(%s)", self.env.companies.ids))
        self.env.cr.execute(
            SQL(
                """SELECT account, currency_code, sum(amount)::text, sum(company_amount)::text
                     FROM pg_ledger_posting WHERE %s
                    GROUP BY account, currency_code ORDER BY account, currency_code""",
                SQL(" AND ").join(where),
            )
        )
        return [
            Balance(account, currency, Decimal(amount), Decimal(company_amount))
            for account, currency, amount, company_amount in self.env.cr.fetchall()
        ]
