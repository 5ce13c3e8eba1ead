from odoo import fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.exceptions import UserError

from .. import const
from ..clock import now


class PgTopup(models.Model):
    """Four eyes on a doubt of a large amount: one person proposes, another one confirms."""

    _inherit = "pg.topup"

    proposal = fields.Selection(const.RESOLUTIONS, "Proposed decision", readonly=True, copy=False)
    proposal_reason = fields.Text("Reason given", readonly=True, copy=False)
    proposal_ref = fields.Char("Transfer id given", readonly=True, copy=False)
    proposal_code = Secret("Code given", readonly=True)
    proposal_user_id = fields.Many2one("res.users", "Proposed by", readonly=True, copy=False)
    proposal_at = fields.Datetime("Proposed", readonly=True, copy=False)

    # === ACTIONS === #

    def action_confirm_proposal(self):
        """Confirm a proposed decision as a second person, and apply it."""
        topup = self._get_proposed()
        if topup.proposal_user_id == self.env.user:
            raise UserError(self.env._("Another person must confirm what you proposed."))
        decision, reason = topup.proposal, topup.proposal_reason
        ref, code = topup.proposal_ref or "", topup._pg_reveal("proposal_code")
        proposer = topup.proposal_user_id.name
        topup._clear_proposal()
        topup._log_event("note", self.env._("Confirmed, as proposed by %s.", proposer))
        topup._resolve(decision, reason, ref, code=code)
        self.env["pg.audit.log"]._log("topup.decided", topup, details=reason)
        return True

    def action_drop_proposal(self):
        """Turn a proposed decision down; the top-up stays in doubt."""
        topup = self._get_proposed()
        topup._log_event("note", self.env._("The proposed decision was turned down."))
        topup._clear_proposal()
        return True

    def _get_proposed(self):
        """Return the one top-up, locked and in sudo, with a decision that waits.

        :raise UserError: there is none any more.
        """
        self.ensure_one()
        self._check_role("pg_base.group_manager")
        topup = self.sudo()
        topup._lock()
        if topup.state != "in_doubt" or not topup.proposal:
            raise UserError(self.env._("No decision of this top-up waits to be confirmed."))
        return topup

    # === BUSINESS === #

    def _needs_second_person(self):
        """Tell whether the amount is one that two persons decide."""
        least, own = self.company_id.pg_second_person_from, self.company_id.currency_id
        return least > 0 and own.compare_amounts(self.company_amount, least) >= 0

    def _propose(self, decision, reason, transfer_ref, code=""):
        """Keep a decision until a second person confirms it; a later one replaces it."""
        self.write(
            {
                "proposal": decision,
                "proposal_reason": reason,
                "proposal_ref": transfer_ref or False,
                "proposal_code": code or False,
                "proposal_user_id": self.env.user.id,
                "proposal_at": now(),
            }
        )
        label = dict(self._fields["proposal"]._description_selection(self.env))[decision]
        self._log_event("note", self.env._("Proposed: %(what)s. %(why)s", what=label, why=reason))
        others = (
            self.env.ref("pg_base.group_manager")
            .sudo()
            .all_user_ids.filtered(
                lambda user: (
                    self.company_id in user.company_ids and not user.share and user != self.env.user
                )
            )
        )
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Confirm a decision"),
            note=self.env._("%s proposed how to end this doubt.", self.env.user.name),
            user_id=(others.sorted("id")[:1] or self.env.ref("base.user_admin")).id,
        )

    def _clear_proposal(self):
        self.write(
            {
                "proposal": False,
                "proposal_reason": False,
                "proposal_ref": False,
                "proposal_code": False,
                "proposal_user_id": False,
                "proposal_at": False,
            }
        )
