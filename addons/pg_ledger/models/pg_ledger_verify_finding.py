from odoo import fields, models

from ..const import FINDING_KINDS


class PgLedgerVerifyFinding(models.Model):
    """One difference that a verification found, with its position."""

    _name = "pg.ledger.verify.finding"
    _description = "Ledger verification finding"
    _order = "seq, id"
    _rec_name = "detail"

    verify_id = fields.Many2one(
        "pg.ledger.verify", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", related="verify_id.company_id", store=True, precompute=True, index=True
    )
    seq = fields.Integer(
        string="Position", readonly=True, aggregator=None, help="0: at no position of the chain."
    )
    last_seq = fields.Integer(
        string="To position", readonly=True, aggregator=None, help="Of a run of missing ones."
    )
    document_id = fields.Char(readonly=True, help="Of the document in MongoDB.")
    kind = fields.Selection(FINDING_KINDS, required=True, readonly=True)
    detail = fields.Char(readonly=True)
