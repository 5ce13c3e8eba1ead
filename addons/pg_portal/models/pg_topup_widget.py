from odoo import fields, models

from ..tools import origins


class PgTopup(models.Model):
    """Where an order of the widget came from, and where its customer goes back to."""

    _inherit = "pg.topup"

    pg_publishable_key_id = fields.Many2one(
        "pg.publishable.key", "Website key", readonly=True, copy=False, index="btree_not_null",
        groups="pg_base.group_manager",
    )  # fmt: skip
    pg_return_url = fields.Char(
        "Way back", readonly=True, copy=False, groups="pg_base.group_manager"
    )

    def _get_return_url(self):
        """Return the address of the host page, '' for none or a site not allowed now."""
        self.ensure_one()
        topup = self.sudo()
        key, url = topup.pg_publishable_key_id, topup.pg_return_url
        if not url or not key or key.revoked_at or not key._allows(origins.parse(url)):
            return ""
        return origins.with_marker(url, topup.access_token)
