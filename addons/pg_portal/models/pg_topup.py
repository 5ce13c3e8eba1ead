from odoo import api, models

# All that a portal user may read of a top-up, by any door: neither cost, nor supplier, nor keys.
PORTAL_FIELDS = frozenset(
    [
        "id",
        "display_name",
        "name",
        "company_id",
        "partner_id",
        "number",
        "amount",
        "currency_id",
        "receive_value",
        "receive_currency_id",
        "state",
        "create_date",
        "paid_at",
        "completed_at",
        "refunded_at",
    ]
)


class PgTopup(models.Model):
    _inherit = "pg.topup"

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base` to show portal users no more than what is theirs to know."""
        if not self.env.su and self.env.user._is_portal() and field.name not in PORTAL_FIELDS:
            return False
        return super()._has_field_access(field, operation)
