from odoo import fields, models
from odoo.exceptions import UserError

from .. import const
from ..clock import now


class PgTopup(models.Model):
    """Held for review: what is paid waits, unsent, until a person releases or refuses it."""

    _inherit = "pg.topup"

    review_state = fields.Selection(
        const.REVIEW_STATES, "Review", readonly=True, required=True, default="none", copy=False
    )
    review_reason = fields.Char("Held because", readonly=True, copy=False)
    held_at = fields.Datetime("Held since", readonly=True, copy=False)

    _held_index = models.Index("(company_id) WHERE review_state = 'held'")

    # === ACTIONS === #

    def action_release(self):
        """Send held top-ups: a person has looked at them."""
        self._check_review()
        for topup in self.sudo():
            topup._lock()
            if not topup._is_to_review():
                continue
            topup.write(
                {
                    "review_state": "released",
                    "next_attempt_at": max(now(), topup.undo_until or now()),
                }
            )
            topup._log_event("note", self.env._("Released by %s.", self.env.user.name))
            topup._end_review(self.env._("Released."))
        self._wake_dispatcher()
        return True

    def action_refuse(self):
        """Give the money of held top-ups back; they are never sent."""
        self._check_review()
        for topup in self.sudo():
            topup._lock()
            if topup._is_to_review():
                topup._log_event("note", self.env._("Refused by %s.", self.env.user.name))
                topup._fail(self.env._("The seller did not accept this order."), policy="refund")
        return True

    def _check_review(self):
        """Refuse whoever may not decide, and what is not held.

        :raise UserError: one of them does not wait for a decision; nothing is done then.
        """
        self._check_role("pg_base.group_manager")
        if not all(topup._is_to_review() for topup in self.sudo()):
            raise UserError(self.env._("Only a paid top-up that is held can be decided here."))

    def _is_to_review(self):
        return self.review_state == "held" and self.state in ("paid", "processing")

    # === BUSINESS === #

    def _hold(self, reason):
        """Hold those of these top-ups that are not sent: for review by a person.

        One that is not paid yet is held once it is paid. What is in flight, in doubt or over stays
        as it is.

        :param str reason: a sentence for the staff.
        :return: those that are held now.
        """
        self._lock()
        held = self.filtered(lambda topup: topup._can_be_held())
        for topup in held:
            topup.write(
                {
                    "review_state": "held",
                    "review_reason": reason,
                    "held_at": now(),
                    "next_attempt_at": False,
                }
            )
            if topup.state == "pending":
                topup._log_event("note", self.env._("Will be held once it is paid: %s", reason))
            else:
                topup._ask_for_review()
        return held

    def _can_be_held(self):
        if self.review_state == "held":
            return False
        is_waiting = self.state == "processing" and bool(self.next_attempt_at)
        return self.state in ("pending", "cancelled", "paid") or is_waiting

    def _ask_for_review(self):
        """Tell the seller's staff that a paid top-up waits for them."""
        self.ensure_one()
        self._alert(self.env._("Held, not sent: %s Release or refuse it.", self.review_reason))

    def _end_review(self, feedback):
        """End the activities that asked for the review."""
        self.activity_ids.filtered(lambda a: a.active).action_feedback(feedback=feedback)

    def _on_state(self, before):
        """Override to end a review that the course of things has ended."""
        super()._on_state(before)
        if self.review_state == "held" and self.state == "failed":
            self.review_state = "refused"
            self._end_review(self.env._("The money goes back."))
