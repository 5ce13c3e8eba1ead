from odoo import api, models
from odoo.addons.pg_base.tools.redact import mask_number

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

    # === BUSINESS === #

    def _pg_forget_person(self):
        """Take out of top-ups and their payments what points to a person; the money stays.

        Receipts kept as files go too: they are drawn anew from what is left.
        """
        related = [("res_id", "in", self.ids), ("res_model", "=", self._name)]
        self.env["ir.attachment"].search(related).unlink()
        self.env["mail.message"].search(
            [("res_id", "in", self.ids), ("model", "=", self._name)]
        ).unlink()
        for topup in self:
            topup.write(
                {
                    "number": mask_number(topup.number),
                    "email": False,
                    "ip": False,
                    "user_agent": False,
                }
            )
        self.payment_tx_ids.write(
            {
                "partner_name": self.env._("Deleted customer"),
                "partner_email": False,
                "partner_phone": False,
                "partner_address": False,
                "partner_zip": False,
                "partner_city": False,
                "partner_state_id": False,
                "partner_country_id": False,
            }
        )
