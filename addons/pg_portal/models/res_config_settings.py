from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pg_signup = fields.Selection(
        [
            ("open", "Anybody with a confirmed e-mail address"),
            ("approval", "Only after approval"),
            ("closed", "Nobody"),
        ],
        string="Seller sign-up",
        default="open",
        config_parameter="pg_portal.signup",
    )
    pg_terms_url = fields.Char("Terms", config_parameter="pg_portal.terms_url")
