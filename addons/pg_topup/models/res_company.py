from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pg_notify_email = fields.Boolean("Tell customers by e-mail", default=True)
    pg_notify_sms = fields.Boolean(
        "Tell customers by SMS", help="Uses the SMS account of this company; each message costs."
    )
    pg_template_delivered_id = fields.Many2one(
        "mail.template", "Mail: delivered", domain=[("model", "=", "pg.topup")]
    )
    pg_template_failed_id = fields.Many2one(
        "mail.template", "Mail: not delivered", domain=[("model", "=", "pg.topup")]
    )
    pg_template_refunded_id = fields.Many2one(
        "mail.template", "Mail: refunded", domain=[("model", "=", "pg.topup")]
    )
    pg_template_in_doubt_id = fields.Many2one(
        "mail.template", "Mail: being checked", domain=[("model", "=", "pg.topup")]
    )
