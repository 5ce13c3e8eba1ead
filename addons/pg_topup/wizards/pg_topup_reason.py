from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount

from .. import const

# What a manager does with a reason → the method that does it, with its own checks.
METHODS = {
    "refund_again": "action_refund_again",
    "send_held": "action_send_held",
    "refund_held": "action_refund_held",
    "release": "action_release",
    "refuse": "action_refuse",
    "cancel_transfer": "action_cancel_transfer",
}
ACTS = [
    ("refund_again", "Refund again"),
    ("send_held", "Send all the same"),
    ("refund_held", "Give the money back"),
    ("release", "Release and send"),
    ("refuse", "Refuse and refund"),
    ("cancel_transfer", "Cancel the transfer"),
]
LEAST_REASON = 10


class PgTopupReason(models.TransientModel):
    """The question before something that moves money by hand: what it does, and why."""

    _name = "pg.topup.reason"
    _description = "Reason of an action on top-ups"

    topup_ids = fields.Many2many("pg.topup", string="Chosen", readonly=True)
    act = fields.Selection(ACTS, required=True, readonly=True)
    reason = fields.Text(required=True)
    summary = fields.Char("Top-ups", compute="_compute_summary")

    # === COMPUTE === #

    @api.depends("topup_ids")
    def _compute_summary(self):
        for wizard in self:
            topups = wizard.topup_ids.sudo()
            sums = [
                format_amount(self.env, sum(group.mapped("amount")), currency)
                for currency, group in topups.grouped("currency_id").items()
            ]
            one = f"{topups.name}, " if len(topups) == 1 else f"{len(topups)}: "
            wizard.summary = f"{one}{', '.join(sums)}"

    # === ACTIONS === #

    def action_apply(self):
        """Do it, and keep the reason with each top-up and in the audit log."""
        self.ensure_one()
        topups = self.topup_ids
        topups._check_role("pg_base.group_manager")
        reason = (self.reason or "").strip()
        if len(reason) < LEAST_REASON:
            raise ValidationError(self.env._("Give the reason in a sentence: it is kept."))
        label = dict(self._fields["act"]._description_selection(self.env))[self.act]
        note = self.env._("%(what)s: %(why)s", what=label, why=reason)
        getattr(topups, METHODS[self.act])()
        for topup in topups.sudo():
            topup._log_event("note", note)
            self.env["pg.audit.log"]._log(f"topup.{self.act}", topup, details=reason)
        return {"type": "ir.actions.act_window_close"}


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def action_ask_reason(self):
        """Open the question before what the button's context names (``pg_act``).

        :raise AccessError: the user is no manager.
        :raise UserError: nothing is chosen, or too many.
        """
        self._check_role("pg_base.group_manager")
        act = self.env.context.get("pg_act")
        if act not in METHODS or not self:
            raise UserError(self.env._("Choose what shall be done with which top-ups."))
        if len(self) > const.DECIDE_MOST:
            raise UserError(self.env._("Decide at most %s top-ups at once.", const.DECIDE_MOST))
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_topup_reason_action")
        label = dict(self.env["pg.topup.reason"]._fields["act"]._description_selection(self.env))
        context = {"default_topup_ids": self.ids, "default_act": act}
        return {**action, "name": label[act], "context": context}
