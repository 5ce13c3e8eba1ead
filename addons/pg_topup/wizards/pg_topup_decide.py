from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount

from .. import const


class PgTopupDecide(models.TransientModel):
    """A manager's decision over failed top-ups, one or many, with a preview of what it does."""

    _name = "pg.topup.decide"
    _description = "Decide failed top-ups"

    topup_ids = fields.Many2many("pg.topup", string="Chosen", readonly=True)
    decision = fields.Selection(const.DECISIONS, required=True, default="refund")
    reason = fields.Text(required=True)
    ready_ids = fields.Many2many("pg.topup", compute="_compute_preview", string="Will be done")
    skipped = fields.Text(compute="_compute_preview", string="Left alone")
    summary = fields.Char(compute="_compute_preview")

    # === COMPUTE === #

    @api.depends("topup_ids", "decision")
    def _compute_preview(self):
        for wizard in self:
            topups = wizard.topup_ids.sudo()
            objections = {topup: topup._find_objection(wizard.decision) for topup in topups}
            ready = topups.browse([topup.id for topup, why in objections.items() if not why])
            wizard.ready_ids = ready
            wizard.skipped = "\n".join(
                f"{topup.name}: {why}" for topup, why in objections.items() if why
            )
            sums = [
                format_amount(self.env, sum(group.mapped("amount")), currency)
                for currency, group in ready.grouped("currency_id").items()
            ]
            wizard.summary = self.env._(
                "%(count)s of %(all)s top-ups, %(sum)s",
                count=len(ready),
                all=len(topups),
                sum=", ".join(sums) or "0",
            )

    # === ACTIONS === #

    def action_apply(self):
        """Apply the decision to all that it fits; the others are left alone."""
        self.ensure_one()
        self.topup_ids._check_role("pg_base.group_manager")
        reason = (self.reason or "").strip()
        if len(reason) < 10:
            raise ValidationError(self.env._("Give the reason in a sentence: it is kept."))
        if len(self.topup_ids) > const.DECIDE_MOST:
            raise UserError(self.env._("Decide at most %s top-ups at once.", const.DECIDE_MOST))
        ready = self.ready_ids.sudo().sorted("id")
        if not ready:
            raise UserError(self.env._("This decision fits none of them.\n%s", self.skipped))
        for topup in ready:
            topup._decide(self.decision, reason)
            self.env["pg.audit.log"]._log(f"topup.{self.decision}", topup, details=reason)
        return {"type": "ir.actions.act_window_close"}
