from odoo import fields, models

from .. import const


class PgTopupAttempt(models.Model):
    """One call to a supplier for a top-up, committed before the call is made.

    An index allows one attempt at a time that may have delivered; so a second send of the same
    top-up is impossible whatever the code above does.
    """

    _name = "pg.topup.attempt"
    _description = "Attempt to deliver a top-up"
    _order = "topup_id, number"
    _rec_name = "number"

    topup_id = fields.Many2one(
        "pg.topup", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    supplier_id = fields.Many2one("pg.supplier", required=True, readonly=True)
    operator_id = fields.Many2one("pg.operator", readonly=True)
    number = fields.Integer("No.", required=True, readonly=True)
    state = fields.Selection(const.ATTEMPT_STATES, required=True, readonly=True, default="sending")
    reference = fields.Char("Our reference", required=True, readonly=True)
    worker = fields.Char(readonly=True)
    started_at = fields.Datetime("Started", required=True, readonly=True)
    lease_until = fields.Datetime(readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    answered_at = fields.Datetime("Call ended", readonly=True)
    fault = fields.Selection(const.FAULTS, "Fault", readonly=True)
    plan = fields.Selection(const.PLANS, "Next by plan", readonly=True)
    code = fields.Char("Supplier's code", readonly=True)
    context = fields.Char("Detail", readonly=True)
    message = fields.Char(readonly=True)
    transfer_ref = fields.Char("Supplier's transfer", readonly=True, index="btree_not_null")

    _one_live = models.UniqueIndex(
        "(topup_id) WHERE state IN ('sending', 'open', 'unknown', 'delivered')",
        "A top-up has one attempt at a time that may deliver it.",
    )
    _number_unique = models.UniqueIndex("(topup_id, number)")
    _lease_index = models.Index("(supplier_id, lease_until) WHERE state = 'sending'")
    _answered_index = models.Index("(supplier_id, answered_at) WHERE answered_at IS NOT NULL")
