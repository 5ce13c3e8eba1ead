from odoo import fields, models

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
