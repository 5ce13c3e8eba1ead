from odoo import fields, models


class PgSkuPrice(models.Model):
    """What a SKU cost since when: one row per change, never rewritten."""

    _name = "pg.sku.price"
    _description = "SKU price"
    _order = "effective_at desc, id desc"
    _rec_name = "effective_at"

    sku_id = fields.Many2one("pg.sku", "SKU", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="sku_id.company_id", store=True, index="btree_not_null")
    effective_at = fields.Datetime("Since", required=True, readonly=True)
    send_min = fields.Float("Price from", digits=(18, 4), readonly=True)
    send_max = fields.Float("Price to", digits=(18, 4), readonly=True)
    send_currency_id = fields.Many2one("res.currency", "Price currency", readonly=True)
    distributor_fee = fields.Float("Fee", digits=(18, 4), readonly=True)
    receive_min = fields.Float("Receives from", digits=(18, 4), readonly=True)
    receive_max = fields.Float("Receives to", digits=(18, 4), readonly=True)
    receive_currency_id = fields.Many2one("res.currency", "Receive currency", readonly=True)
    value = fields.Monetary(
        "Value",
        currency_field="value_currency_id",
        readonly=True,
        help="The lower price with its fee, in the currency of the supplier's owner at the rate of "
        "that day. Empty when no rate was known.",
    )
    value_currency_id = fields.Many2one("res.currency", "Value currency", readonly=True)

    _sku_effective_idx = models.Index("(sku_id, effective_at DESC, id DESC)")
