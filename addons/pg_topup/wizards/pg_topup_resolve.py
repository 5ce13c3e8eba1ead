from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.exceptions import UserError, ValidationError

from .. import const


class PgTopupResolve(models.TransientModel):
    """A person's decision over a top-up whose transfer the supplier does not show."""

    _name = "pg.topup.resolve"
    _inherit = ["pg.secret.mixin"]
    _description = "Decide a top-up in doubt"

    topup_id = fields.Many2one("pg.topup", required=True, readonly=True)
    decision = fields.Selection(const.RESOLUTIONS, required=True)
    transfer_ref = fields.Char("Supplier's transfer id")
    code = Secret("Code that the customer bought")
    is_code = fields.Boolean(compute="_compute_hints")
    needs_second = fields.Boolean(compute="_compute_hints")
    reason = fields.Text(required=True)

    # === COMPUTE === #

    @api.depends("topup_id")
    def _compute_hints(self):
        for wizard in self:
            wizard.is_code = wizard.topup_id._is_code()
            wizard.needs_second = wizard.topup_id._needs_second_person()

    # === ACTIONS === #

    def action_apply(self):
        """Write the decision with its reason, and end the doubt."""
        self.ensure_one()
        self.topup_id._check_role("pg_base.group_manager")
        if len((self.reason or "").strip()) < 10:
            raise ValidationError(self.env._("Give the reason in a sentence: it is kept."))
        if self.decision == "delivered" and not (self.transfer_ref or "").strip():
            raise ValidationError(self.env._("A delivered top-up has a transfer id."))
        topup = self.topup_id.sudo()
        topup._lock()
        if topup.state != "in_doubt":
            raise UserError(self.env._("This top-up is not in doubt any more."))
        # What two persons decide is only proposed here.
        two = topup._needs_second_person()
        (topup._propose if two else topup._resolve)(
            self.decision,
            self.reason.strip(),
            (self.transfer_ref or "").strip(),
            code=self.sudo()._pg_reveal("code"),
        )
        return {"type": "ir.actions.act_window_close"}
