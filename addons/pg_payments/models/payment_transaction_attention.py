import logging

from odoo import fields, models
from odoo.exceptions import AccessError

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """What a person must look at: why, who is asked to, and that somebody did."""

    _inherit = "payment.transaction"

    pg_attention = fields.Char(
        "Needs attention", readonly=True, copy=False, help="Why a person should look at this."
    )

    # === ACTION METHODS === #

    def action_pg_attention_done(self):
        """Note that a person has seen to it: the payment leaves the list of those that need it.

        :raise AccessError: no manager, or another seller's payment.
        """
        self.check_access("read")
        if not self.env.user.has_group("pg_base.group_manager"):
            raise AccessError(self.env._("Only a manager may close this."))
        # In sudo mode: nobody may write payments; the rights were checked above.
        for tx in self.sudo().filtered("pg_attention"):
            tx.message_post(
                body=self.env._(
                    "%(who)s has seen to it: %(why)s", who=self.env.user.name, why=tx.pg_attention
                )
            )
            tx.activity_ids.filtered("automated").action_feedback(feedback=tx.pg_attention)
            tx.pg_attention = False

    # === HELPERS === #

    def _pg_flag(self, reason):
        """Mark a transaction that a person must look at, and ask one of the seller's admins to.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.pg_attention == reason:
            return
        _logger.warning("payment %s needs attention: %s", self.reference, reason)
        self.pg_attention = reason
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Payment %s needs attention", self.reference),
            note=reason,
            user_id=self._pg_get_responsible().id,
        )

    def _pg_get_responsible(self):
        """Return the user who is asked to look: an admin of the seller, else Odoo's own."""
        group = self.env.ref("pg_base.group_admin")
        admins = group.sudo().all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return admins.sorted("id", reverse=True)[:1] or self.env.ref("base.user_admin")
