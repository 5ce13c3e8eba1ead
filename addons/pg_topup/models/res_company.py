from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import const

# The platform's templates of top-ups and the seller's own.
TEMPLATES = "[('model', '=', 'pg.topup'), ('pg_company_id', 'in', (False, id))]"


class ResCompany(models.Model):
    _inherit = "res.company"

    pg_undo_seconds = fields.Integer(
        "Undo window (s)",
        help="Seconds between payment and send, in which the customer can take an order with a "
        "wrong number back: 0 to 60.",
    )
    pg_repeat_minutes = fields.Integer(
        "Ask before a repetition within (min)",
        default=10,
        help="Who orders the same for the same number again within these minutes is asked whether "
        "it shall really be sent again. 0: never.",
    )
    pg_failure_policy = fields.Selection(
        const.FAILURE_POLICIES,
        "When a top-up fails",
        required=True,
        default="refund",
        help="Credit is only given to customers with an e-mail address, who can sign in to spend "
        "it; others get their money back.",
    )
    pg_wait_hours = fields.Integer(
        "Remind after (h)",
        default=24,
        help="When a failed top-up waits for a person: hours after which it is told again.",
    )
    pg_second_person_from = fields.Monetary(
        "Second person from",
        currency_field="currency_id",
        help="A top-up in doubt of this amount or more is only decided once a second user confirms "
        "the decision. 0: one person is enough.",
    )
    pg_pin_policy = fields.Selection(
        [("refund", "Give the money back"), ("ask", "Hold it and ask a person")],
        "When an accepted price no longer holds",
        required=True,
        default="refund",
    )
    pg_pin_cost_percent = fields.Float(
        "Cost may rise by (%)",
        digits=(5, 2),
        help="A top-up whose accepted price is checked again is still sent when it costs you up to "
        "this much more.",
    )
    pg_pin_value_percent = fields.Float(
        "Less may arrive by (%)",
        digits=(5, 2),
        help="The same for the amount that the recipient gets. 0: never less than promised.",
    )

    _pg_undo_window = models.Constraint(
        "CHECK (pg_undo_seconds BETWEEN 0 AND 60)", "The undo window is 0 to 60 seconds."
    )
    _pg_repeat_minutes = models.Constraint(
        "CHECK (pg_repeat_minutes BETWEEN 0 AND 1440)", "A repetition is asked for within a day."
    )
    _pg_pin_tolerance = models.Constraint(
        "CHECK (pg_pin_cost_percent BETWEEN 0 AND 100 AND pg_pin_value_percent BETWEEN 0 AND 50)",
        "A tolerance is 0 to 100 percent of the cost, and 0 to 50 percent of what arrives.",
    )

    pg_notify_email = fields.Boolean("Tell customers by e-mail", default=True)
    pg_notify_sms = fields.Boolean(
        "Tell customers by SMS", help="Uses the SMS account of this company; each message costs."
    )
    pg_tell_delivered = fields.Boolean("Tell: delivered", default=True)
    pg_tell_failed = fields.Boolean("Tell: not delivered", default=True)
    pg_tell_refunded = fields.Boolean("Tell: refunded", default=True)
    pg_tell_in_doubt = fields.Boolean("Tell: being checked for over an hour", default=True)
    pg_template_delivered_id = fields.Many2one("mail.template", "Mail: delivered", domain=TEMPLATES)
    pg_template_failed_id = fields.Many2one(
        "mail.template", "Mail: not delivered", domain=TEMPLATES
    )
    pg_template_refunded_id = fields.Many2one("mail.template", "Mail: refunded", domain=TEMPLATES)
    pg_template_in_doubt_id = fields.Many2one(
        "mail.template", "Mail: being checked", domain=TEMPLATES
    )

    # === CONSTRAINTS === #

    @api.constrains(*(f"pg_template_{kind}_id" for kind, _label in const.NOTICE_KINDS))
    def _check_pg_templates(self):
        """Refuse a template of something else, and one of another organisation."""
        for company in self.sudo():
            for kind, _label in const.NOTICE_KINDS:
                template = company[f"pg_template_{kind}_id"]
                is_strange = template.pg_company_id and template.pg_company_id != company
                if template and (template.model != "pg.topup" or is_strange):
                    raise ValidationError(
                        self.env._(
                            "“%s” is no template of this organisation's top-ups.", template.name
                        )
                    )
