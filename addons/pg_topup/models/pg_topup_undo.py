from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..clock import now


class PgTopup(models.Model):
    """The guard against a wrong number: some seconds between payment and send."""

    _inherit = "pg.topup"

    undo_until = fields.Datetime("Can be undone until", readonly=True, copy=False)
    is_undone = fields.Boolean("Undone by the customer", readonly=True, copy=False)

    def _get_send_time(self):
        """Return when a top-up that is paid now may be sent, by the seller's setting."""
        return now() + timedelta(seconds=self.company_id.pg_undo_seconds)

    def _get_undo_seconds(self):
        """Return for how many seconds the customer can still take the order back."""
        self.ensure_one()
        if self.state != "paid" or not self.undo_until:
            return 0
        return max(0, int((self.undo_until - now()).total_seconds()))

    @api.model
    def _undo(self, token):
        """Take a paid top-up back before it is sent, for the customer's page; the money goes back.

        A request that lost the race against the send is run again by Odoo, and refused then.

        :param str token: the top-up's own, from its page's address.
        :return: the top-up, in state `failed` with its refund under way.
        :raise UserError: it is too late, or there is no such top-up; nothing is changed.
        """
        topup = self.sudo()
        if isinstance(token, str) and 16 <= len(token) <= 64:
            topup = topup.search([("access_token", "=", token)], limit=1)
        if not topup:
            raise UserError(self.env._("There is no such order."))
        topup._lock()
        if topup.is_undone:
            return topup
        if topup._get_undo_seconds() <= 0 or topup.attempt_ids:
            raise UserError(self.env._("It is too late: the top-up is on its way."))
        topup.is_undone = True
        topup._fail(self.env._("Taken back by the customer before it was sent."), policy="refund")
        return topup
