from odoo import fields, models


class PgSupplier(models.Model):
    _inherit = "pg.supplier"

    absence_window = fields.Integer(
        "Proof of absence after (s)",
        default=600,
        help="A transfer that was sent without an answer counts as never made when, this many "
        "seconds later, repeated look-ups by reference and by number find nothing.",
    )
    resend_absent = fields.Boolean(
        "Send again once absence is proven",
        default=True,
        help="Off: a person decides every top-up whose transfer cannot be found.",
    )

    _absence_window_positive = models.Constraint(
        "CHECK (absence_window > 0)", "The window is a positive number of seconds."
    )
