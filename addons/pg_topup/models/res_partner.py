from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    pg_no_email = fields.Boolean(
        "No top-up news by e-mail", help="The customer does not want to be told by e-mail."
    )
    pg_no_sms = fields.Boolean(
        "No top-up news by SMS", help="The customer does not want to be told by SMS."
    )
