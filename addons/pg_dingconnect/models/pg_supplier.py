from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.http import check_endpoint
from odoo.exceptions import UserError, ValidationError

from .. import const
from ..adapter import DingConnectPort
from ..credentials import ClientCredentials


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

    ding_auth = fields.Selection(
        [("key", "API key"), ("oauth", "OAuth 2 client")],
        "Sign in with",
        required=True,
        default="key",
        tracking=True,
    )
    ding_client_id = fields.Char("Client id", groups="pg_base.group_admin")
    ding_client_secret = Secret("Client secret", groups="pg_base.group_admin")
    ding_token_url = fields.Char(
        "Sign-in address", tracking=True, help="Empty: DingConnect's own, for its real service."
    )

    # === CONSTRAINT === #

    @api.constrains("base_url", "ding_token_url", "environment", "code")
    def _check_ding_base_url(self):
        """Keep live credentials from any host but DingConnect's own."""
        hosts = {
            "base_url": (const.LIVE_HOST_SUFFIXES, "dingconnect.com"),
            "ding_token_url": (const.TOKEN_HOST_SUFFIXES, "ding.com"),
        }
        for supplier in self.filtered(lambda s: s.code == "dingconnect"):
            for name, (suffixes, host_name) in hosts.items():
                host = urlsplit(supplier[name] or "").hostname or ""
                is_foreign = supplier[name] and not f".{host}".endswith(suffixes)
                if supplier.environment == "live" and is_foreign:
                    raise ValidationError(
                        self.env._(
                            "A live DingConnect account is only used at %(host)s.", host=host_name
                        )
                    )

    @api.constrains("ding_token_url", "environment")
    def _check_ding_token_url(self):
        for supplier in self.filtered("ding_token_url"):
            try:
                check_endpoint(supplier.ding_token_url, live=supplier.environment == "live")
            except ValueError as error:
                raise ValidationError(
                    self.env._("This sign-in address cannot be used: %(reason)s.", reason=error)
                ) from None

    # === BUSINESS === #

    @api.private
    def _get_port(self):
        """Override of `pg_catalog` to return the adapter of DingConnect."""
        self.ensure_one()
        if self.code != "dingconnect":
            return super()._get_port()
        credentials = self._get_ding_credentials()
        self._check_base_url()
        self._check_ding_base_url()
        self._check_ding_token_url()
        return DingConnectPort(self.base_url or const.LIVE_URL, credentials, self._get_meter())

    def _get_ding_credentials(self):
        """Return what signs the calls in.

        :raise UserError: when something is missing.
        """
        if self.ding_auth == "key":
            if api_key := self._pg_reveal("ding_api_key"):
                return api_key
            raise UserError(
                self.env._("Enter the API key of %(supplier)s first.", supplier=self.name)
            )
        # In sudo mode to read on fields of admins: this runs for whoever sells.
        client_id = self.sudo().ding_client_id
        client_secret = self._pg_reveal("ding_client_secret")
        if not client_id or not client_secret:
            raise UserError(
                self.env._("Enter the client id and secret of %(supplier)s.", supplier=self.name)
            )
        if self.base_url and not self.ding_token_url:
            raise UserError(
                self.env._("Enter the sign-in address of %(supplier)s.", supplier=self.name)
            )
        return ClientCredentials(self.ding_token_url or const.TOKEN_URL, client_id, client_secret)

    def _get_call_limits(self):
        """Override of `pg_catalog` to know the daily limit of DingConnect's test agents."""
        limits = super()._get_call_limits()
        is_real_service = not self.base_url or const.LIVE_HOST_SUFFIXES[0] in self.base_url
        if self.code == "dingconnect" and self.environment == "test" and is_real_service:
            limits["per_day"] = limits["per_day"] or const.TEST_CALLS_PER_DAY
        return limits
