from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const
from ..clock import now

# Failed top-ups whose money nobody has been asked to give back.
UNDECIDED = ("none", "waiting", "error")


class PgTopup(models.Model):
    """What becomes of the money of a failed top-up: by the seller's rule, or by a person."""

    _inherit = "pg.topup"

    waits_since = fields.Datetime("Waits for a decision since", readonly=True, copy=False)
    wait_told_at = fields.Datetime(readonly=True, copy=False)

    # === ACTIONS === #

    def action_decide(self):
        """Open the wizard in which a manager decides failed top-ups, one or many."""
        self._check_role("pg_base.group_manager")
        if len(self) > const.DECIDE_MOST:
            raise UserError(self.env._("Decide at most %s top-ups at once.", const.DECIDE_MOST))
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_topup_decide_action")
        return {**action, "context": {"default_topup_ids": self.ids}}

    # === BUSINESS === #

    def _return_money(self, policy):
        """Start what the seller wants done with the money of a top-up that failed.

        :param str policy: a key of ``const.FAILURE_POLICIES``.
        """
        if not self.payment_tx_id:
            return
        if policy == "wait":
            self.write({"refund_state": "waiting", "needs_person": True, "waits_since": now()})
            self._alert(self.env._("Not delivered: send it again, or give the money back."))
            return
        as_credit = policy == "credit" and self._can_have_credit()
        note = (
            self.env._("The money is kept as credit of the customer.")
            if as_credit
            else self.env._("The money goes back to the customer.")
        )
        self._queue_refund(note, as_credit=as_credit)

    def _find_objection(self, decision):
        """Return why a decision cannot be applied to this top-up, '' when it can.

        :param str decision: a key of ``const.DECISIONS``.
        """
        payment = self.payment_tx_id
        if self.state != "failed":
            return self.env._("It has not failed.")
        if not payment or self.refund_state not in UNDECIDED:
            return self.env._("Its money is on its way back.")
        if self._has_refund(payment) or payment.pg_refund_due_at:
            return self.env._("Its money is on its way back.")
        if decision == "credit" and not self._can_have_credit():
            return self.env._("The customer has no e-mail address to sign in with.")
        late = self.attempt_ids.filtered(lambda attempt: attempt.state == "late")
        if decision == "retry" and late:
            return self.env._("It was delivered after all (%s).", late[0].transfer_ref)
        if decision == "retry" and not (self.supplier_id.active and self.sku_id.active):
            return self.env._("The operator no longer sells this product.")
        return ""

    def _decide(self, decision, reason):
        """Apply a person's decision to one failed top-up; the reason stays in the timeline.

        :raise UserError: it cannot be applied any more; nothing is changed.
        """
        self.ensure_one()
        # The payment first, as its news do: nobody can have its refund asked for meanwhile.
        self.payment_tx_id._gateway_lock()
        self._lock()
        objection = self._find_objection(decision)
        if objection:
            raise UserError(self.env._("%(order)s: %(why)s", order=self.name, why=objection))
        label = dict(self._fields_of_decision())[decision]
        self._log_event("note", self.env._("%(what)s: %(why)s", what=label, why=reason))
        self.write({"needs_person": False, "waits_since": False})
        if decision == "retry":
            self._send_again()
        else:
            self._queue_refund(
                self.env._("Asked for by %s.", self.env.user.name), as_credit=decision == "credit"
            )
        self.activity_feedback(["mail.mail_activity_data_todo"], feedback=reason)

    @api.model
    def _fields_of_decision(self):
        return self.env["pg.topup.decide"]._fields["decision"]._description_selection(self.env)

    def _send_again(self):
        """Send once more what surely was not delivered, at the price that the customer paid."""
        self._set_state(
            "processing",
            note=self.env._("It is sent again."),
            next_attempt_at=now(),
            next_probe_at=False,
            failed_at=False,
            failure=False,
            refund_state="none",
        )
        self._wake_dispatcher()

    @api.model
    def _cron_tell_waiting(self):
        """Tell again of failed top-ups that wait for the seller's decision for too long."""
        waiting = self.search(
            [("refund_state", "=", "waiting"), ("wait_told_at", "=", False)], limit=500
        )
        for topup in waiting:
            hours = topup.company_id.pg_wait_hours
            if topup.waits_since and topup.waits_since < now() - timedelta(hours=hours):
                topup.wait_told_at = now()
                topup._alert(
                    self.env._("A customer's money has waited for a decision for %s hours.", hours)
                )
