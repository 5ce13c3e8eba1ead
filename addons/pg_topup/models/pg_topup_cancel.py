from odoo import fields, models
from odoo.exceptions import UserError

from ..clock import now


class PgTopup(models.Model):
    """Cancelling what the supplier accepted and has not delivered: deferred and batch products."""

    _inherit = "pg.topup"

    cancel_asked_at = fields.Datetime("Cancellation asked", readonly=True, copy=False)
    can_cancel_transfer = fields.Boolean(compute="_compute_can_cancel_transfer")

    # === COMPUTE === #

    def _compute_can_cancel_transfer(self):
        for topup in self:
            topup.can_cancel_transfer = bool(topup._get_open_transfer())

    # === ACTIONS === #

    def action_cancel_transfer(self):
        """Ask the supplier to cancel transfers that are not delivered yet.

        The supplier's answer comes later: cancelled gives the money back, anything else leaves the
        top-up as it is.
        """
        self._check_role("pg_base.group_manager")
        for topup in self.sudo():
            topup._lock()
            if not topup._get_open_transfer():
                raise UserError(self.env._("The supplier has no open transfer of this top-up."))
            topup.write({"cancel_asked_at": now(), "next_probe_at": now()})
            topup._log_event("attempt", self.env._("The supplier is asked to cancel the transfer."))
        self._wake_dispatcher()
        return True

    # === BUSINESS === #

    def _get_open_transfer(self):
        """Return the supplier's id of the transfer that is accepted and not over, or ''."""
        if self.state not in ("processing", "in_doubt"):
            return ""
        attempt = self.attempt_ids.filtered(lambda a: a.state == "open")
        return attempt[:1].transfer_ref or ""

    def _take_cancel_wish(self):
        """Return the transfer to cancel with this look-up, once for each wish."""
        if not self.cancel_asked_at:
            return ""
        self.cancel_asked_at = False
        return self._get_open_transfer()
