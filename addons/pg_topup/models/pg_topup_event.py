from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

from .. import const


class PgTopupEvent(models.Model):
    """One line of a top-up's timeline."""

    _name = "pg.topup.event"
    _description = "Top-up event"
    _order = "topup_id, at, id"
    _log_access = False

    topup_id = fields.Many2one(
        "pg.topup", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    at = fields.Datetime("When", required=True, readonly=True)
    kind = fields.Selection(const.EVENT_KINDS, required=True, readonly=True)
    state = fields.Selection(const.STATES, readonly=True)
    text = fields.Char("What happened", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", readonly=True)

    # === BUSINESS === #

    @api.model
    def _add(self, lines):
        """Insert lines as they are: each step of each sale writes some, nothing computes on them.

        :param lines: (top-up's id, company's id, moment, kind, state or None, text) each.
        """
        if not lines:
            return
        user_id = self._get_actor_id()
        self.env.cr.execute(
            SQL(
                """INSERT INTO pg_topup_event (topup_id, company_id, at, kind, state, text, user_id)
                   VALUES %s""",
                SQL(", ").join(SQL("%s", (*line, user_id)) for line in lines),
            )
        )

    def _get_actor_id(self):
        """Return who of the staff does it: neither the engine nor a visitor is anybody."""
        is_staff = self.env.uid != SUPERUSER_ID and not self.env.user.share
        return self.env.uid if is_staff else None
