import uuid

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D, quantize
from odoo.exceptions import AccessError, UserError

from ..exceptions import KeyConflict, LedgerError
from ..postings import Posting


class PgLedgerAdjust(models.TransientModel):
    """Asks for a correction or an adjustment. Nothing is changed: an entry is appended."""

    _name = "pg.ledger.adjust"
    _description = "Ledger adjustment"

    company_id = fields.Many2one(
        "res.company", "Organisation", required=True, default=lambda self: self.env.company
    )
    entry_id = fields.Many2one(
        "pg.ledger.entry", "Corrects", readonly=True, help="The entry that the new one names."
    )
    way = fields.Selection(
        [("undo", "Undo the whole entry"), ("move", "Move an amount between two accounts")],
        "What to do",
        required=True,
        default="move",
    )
    debit_account = fields.Char("To account (debit)")
    credit_account = fields.Char("From account (credit)")
    currency_id = fields.Many2one(
        "res.currency", default=lambda self: self.env.company.currency_id, required=True
    )
    amount = fields.Monetary()
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Organisation's currency"
    )
    company_amount = fields.Monetary(
        "Value", currency_field="company_currency_id", help="In the organisation's currency."
    )
    is_foreign = fields.Boolean(compute="_compute_is_foreign")
    new_accounts = fields.Char(compute="_compute_new_accounts")
    subject_ref = fields.Char("Reference", help="Of the document that proves it.")
    reason = fields.Text(help="Written into the entry, for ever.")
    # The same question is never posted twice, however often its button is pressed.
    token = fields.Char(default=lambda self: str(uuid.uuid4()), required=True, readonly=True)

    # === COMPUTE === #

    @api.depends("currency_id", "company_id")
    def _compute_is_foreign(self):
        for adjust in self:
            adjust.is_foreign = adjust.currency_id != adjust.company_id.currency_id

    @api.depends("debit_account", "credit_account", "company_id", "way")
    def _compute_new_accounts(self):
        Posting_ = self.env["pg.ledger.posting"]
        for adjust in self:
            names = {adjust.debit_account, adjust.credit_account} - {False, ""}
            domain = [("company_id", "=", adjust.company_id.id)]
            adjust.new_accounts = adjust.way == "move" and ", ".join(
                name
                for name in sorted(names)
                if not Posting_.search_count([*domain, ("account", "=", name)], limit=1)
            )

    # === ACTION === #

    def action_post(self):
        """Append the entry and show it.

        :raise UserError: the ledger does not take it; says why, nothing is written
        """
        self.ensure_one()
        self._check_rights()
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Write the reason first."))
        payload = {"reason": reason, "by": self.env.user.login}
        try:
            entry = self._undo(payload) if self.way == "undo" else self._move(payload)
        except KeyConflict as error:
            raise UserError(self.env._("This was posted already, with other amounts.")) from error
        except LedgerError as error:
            raise UserError(
                self.env._("The ledger does not take this: %(reason)s.", reason=str(error))
            ) from error
        self.env["pg.audit.log"]._log("ledger.adjusted", entry, reason)
        return {
            "type": "ir.actions.act_window",
            "res_model": "pg.ledger.entry",
            "res_id": entry.id,
            "view_mode": "form",
        }

    def _check_rights(self):
        """Refuse everybody but an administrator of the organisation, and entries of others."""
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an administrator can adjust the ledger."))
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("This organisation is not yours."))
        self.entry_id.check_access("read")
        if self.entry_id and self.entry_id.company_id != self.company_id:
            raise UserError(self.env._("The entry belongs to another organisation."))

    def _undo(self, payload):
        entry = self.entry_id.sudo()
        if not entry:
            raise UserError(self.env._("Choose the entry first."))
        if entry._is_undone():
            raise UserError(self.env._("This entry is undone already."))
        return entry._post_reversal(key=f"undone:{entry.uuid}", payload=payload)

    def _move(self, payload):
        if not (self.debit_account and self.credit_account) or self.amount <= 0:
            raise UserError(self.env._("Name both accounts and an amount above zero."))
        if self.debit_account.strip() == self.credit_account.strip():
            raise UserError(self.env._("The two accounts are the same."))
        amount = quantize(D(self.amount), self.currency_id.decimal_places)
        value = amount
        if self.is_foreign:
            value = quantize(D(self.company_amount), self.company_currency_id.decimal_places)
        if value <= 0:
            raise UserError(self.env._("Say what it is worth in the organisation's currency."))
        code = self.currency_id.name
        return (
            self.env["pg.ledger.entry"]
            .sudo()
            ._post(
                company=self.company_id,
                kind="adjustment",
                key=f"adjustment:{self.token}",
                subject=self.entry_id.subject or self.token,
                subject_ref=self.entry_id.subject_ref or self.subject_ref or "ADJUSTMENT",
                postings=[
                    Posting(self.debit_account.strip(), amount, code, value),
                    Posting(self.credit_account.strip(), -amount, code, -value),
                ],
                payload=payload,
                corrects=self.entry_id.sudo() or None,
            )
        )
