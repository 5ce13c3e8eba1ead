from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .. import const


class PgCredit(models.Model):
    """One movement of a customer's credit with a seller; the balance is their sum.

    Each movement belongs to one payment transaction of the provider `pg_credit`, so the ledger and
    the reports see it as they see any payment and any refund.
    """

    _name = "pg.credit"
    _description = "Customer credit"
    _order = "id desc"
    _rec_name = "transaction_id"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", "Organisation", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True, help="Positive: given. Negative: spent.")
    kind = fields.Selection(const.CREDIT_KINDS, required=True, readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction", "Payment", required=True, readonly=True, ondelete="restrict"
    )
    topup_id = fields.Many2one("pg.topup", "Top-up", required=True, readonly=True, index=True)

    _once = models.UniqueIndex("(transaction_id)", "This payment has moved credit already.")
    _owner_index = models.Index("(partner_id, company_id)")
    _sign = models.Constraint(
        "CHECK ((kind = 'given' AND amount > 0) OR (kind = 'spent' AND amount < 0))",
        "Credit is given or spent.",
    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to take movements from the engine only."""
        if not self.env.su:
            raise AccessError(self.env._("Credit moves only by what happens to a top-up."))
        return super().create(vals_list)

    def write(self, vals):
        """Override to refuse: a movement stays as it was."""
        if vals:
            raise AccessError(self.env._("A movement of credit cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A movement of credit is a record of money: it stays."))

    # === BUSINESS === #

    @api.model
    def _move(self, transaction, topup, amount):
        """Record that a transaction gave (positive) or spent (negative) credit.

        :param Decimal amount: in the transaction's currency.
        """
        return self.sudo().create(
            {
                "company_id": topup.company_id.id,
                "partner_id": topup.partner_id.id,
                "currency_id": transaction.currency_id.id,
                "amount": float(amount),
                "kind": "given" if amount > 0 else "spent",
                "transaction_id": transaction.id,
                "topup_id": topup.id,
            }
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pg_credit_balance(self, company, currency=None):
        """Return what a customer has as credit with a seller.

        :param currency: the seller's own when left out.
        :rtype: Decimal
        """
        self.ensure_one()
        self.env["pg.credit"].flush_model()
        currency = currency or company.currency_id
        [[total]] = self.env.execute_query(
            SQL(
                """SELECT sum(amount) FROM pg_credit
                    WHERE partner_id = %s AND company_id = %s AND currency_id = %s""",
                self.id,
                company.id,
                currency.id,
            )
        )
        return D(total or 0).quantize(Decimal(1).scaleb(-currency.decimal_places))

    def _pg_lock_credit(self):
        """Let nobody else spend this customer's credit until the transaction ends.

        Whoever waited for another one is run again from the start, since what it read is old: so
        the row is updated, not only locked.
        """
        self.ensure_one()
        self.env.cr.execute(
            SQL("UPDATE res_partner SET id = id WHERE id = %s", self.id), log_exceptions=False
        )
