from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.exceptions import UserError, ValidationError

from .. import const
from ..adapter import DingConnectPort


class PgSupplier(models.Model):
    _inherit = "pg.supplier"

    code = fields.Selection(
        selection_add=[("dingconnect", "DingConnect")], ondelete={"dingconnect": "set default"}
    )
    ding_api_key = Secret(
        "API key",
        groups="pg_base.group_admin",
        help="Made in DingConnect's portal under Account Settings › Developer.",
    )

    # === CONSTRAINT === #

    @api.constrains("base_url", "environment", "code")
    def _check_ding_base_url(self):
        """Keep live credentials from any host but DingConnect's own."""
        for supplier in self.filtered(lambda s: s.code == "dingconnect" and s.base_url):
            host = urlsplit(supplier.base_url).hostname or ""
            if supplier.environment == "live" and not f".{host}".endswith(const.LIVE_HOST_SUFFIXES):
                raise ValidationError(
                    self.env._("A live DingConnect account is only used at dingconnect.com.")
                )

    # === BUSINESS === #

    @api.private
    def _get_port(self):
        """Override of `pg_catalog` to return the adapter of DingConnect."""
        self.ensure_one()
        if self.code != "dingconnect":
            return super()._get_port()
        api_key = self._pg_reveal("ding_api_key")
        if not api_key:
            raise UserError(
                self.env._("Enter the API key of %(supplier)s first.", supplier=self.name)
            )
        self._check_base_url()
        self._check_ding_base_url()
        return DingConnectPort(self.base_url or const.LIVE_URL, api_key)
