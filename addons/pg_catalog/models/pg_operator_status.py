from odoo import fields, models


class PgOperator(models.Model):
    """Whether an operator takes transfers, as its supplier last said."""

    _inherit = "pg.operator"

    status = fields.Selection(
        [("up", "Working"), ("down", "Down")],
        "Status now",
        readonly=True,
        copy=False,
        help="Empty: not known.",
    )
    status_message = fields.Char("Status message", readonly=True, copy=False)
    status_at = fields.Datetime("Status since", readonly=True, copy=False)
