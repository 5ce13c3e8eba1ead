from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.exceptions import UserError

from ..gateways import find_class

#: Field of this dialog → (field of `..ports.Account`, field of the provider).
SECRETS = {
    "client_id": ("client_id", "pg_client_id"),
    "secret_key": ("secret_key", "pg_secret_key"),
}


class PgGatewaySetup(models.TransientModel):
    """The dialog for a gateway's account. Credentials go in and never come out again.

    They are `Secret` fields here too: encrypted even for the moment until they are saved.
    """

    _name = "pg.gateway.setup"
    _inherit = ["pg.secret.mixin"]
    _description = "Account at a gateway"

    provider_id = fields.Many2one("payment.provider", required=True, readonly=True)
    code = fields.Char(compute="_compute_account")
    mode = fields.Selection(
        [("test", "Test: no money moves"), ("live", "Live: real money")], required=True
    )
    profile = fields.Selection(
        [("pgpay", "PGPay, Papua New Guinea"), ("pgecom", "PG Pay by PGecom, Haiti")], "Dialect"
    )
    has_client_id = fields.Boolean(compute="_compute_account")
    client_id = Secret("Client id")
    secret_key = Secret("Secret key")
    webhook_secret = Secret("Webhook signing secret")
    api_base = fields.Char("API address")
    settlement_currency_id = fields.Many2one("res.currency", "Charge other currencies in")
    result = fields.Char(readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("provider_id")
    def _compute_account(self):
        """Tell what is kept already, of an account that the user may see: not of other sellers'."""
        for dialog in self:
            dialog.provider_id.check_access("read")
            dialog.code = dialog.provider_id.code
            dialog.has_client_id = dialog.provider_id.pg_has_credentials

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        """Override of `odoo` to start from what is kept, but for the credentials."""
        values = super().default_get(fields_list)
        provider = self.env["payment.provider"].browse(values.get("provider_id"))
        if provider:
            provider._pg_check_settings_access()
            values.update(
                mode="live" if provider.pg_is_live else "test",
                profile=provider.pg_profile if provider.code == "pgpay" else False,
                api_base=provider.pg_api_base,
                settlement_currency_id=provider.settlement_currency_id.id,
            )
        return values

    # === ACTION METHODS === #

    def action_test(self):
        """Ask the gateway whether this account works; nothing is kept."""
        connection = self._try()
        self.result = self.env._("The connection works. %s", connection.account or "")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "name": self.env._("Account at %s", find_class(self.code, self.profile or "").label),
            "view_mode": "form",
            "target": "new",
        }

    def action_save(self):
        """Keep the account, once the gateway has accepted it."""
        self._try()
        provider = self.provider_id
        provider.write(self._prepare_values())
        # What was typed is not needed here any more.
        self.sudo().unlink()
        return provider._pg_notify(self.env._("The account works and is saved."))

    # === BUSINESS METHODS === #

    def _try(self):
        self.ensure_one()
        self.provider_id._pg_check_settings_access()
        changes = {
            account_field: value
            for name, (account_field, _provider_field) in SECRETS.items()
            if (value := self._pg_reveal(name))
        }
        self._check_destination(changes)
        return self.provider_id._pg_try_account(
            state="enabled" if self.mode == "live" else "test",
            api_base=self.api_base or "",
            profile=self.profile or "",
            **changes,
        )

    def _check_destination(self, changes):
        """Let no kept credential go to another address: whoever changes it types them again."""
        kept = self.provider_id.sudo()
        is_moved = (self.api_base or "") != (kept.pg_api_base or "") or (
            self.code == "pgpay" and self.profile != kept.pg_profile
        )
        if is_moved and kept.pg_secret_key and "secret_key" not in changes:
            raise UserError(self.env._("Another address needs the credentials again."))

    def _prepare_values(self):
        """Return what changes on the provider; an empty credential keeps the one that is kept."""
        is_live = self.mode == "live"
        values = {
            "pg_is_live": is_live,
            "pg_api_base": self.api_base or False,
            "settlement_currency_id": self.settlement_currency_id.id,
        }
        for name, (_account_field, provider_field) in SECRETS.items():
            if value := self._pg_reveal(name):
                values[provider_field] = value
        if secret := self._pg_reveal("webhook_secret"):
            values["pg_webhook_secret"] = secret
        if self.profile:
            values["pg_profile"] = self.profile
        if self.provider_id.state != "disabled":
            values["state"] = "enabled" if is_live else "test"
        return {name: value for name, value in values.items() if self._is_new(name, value)}

    def _is_new(self, name, value):
        field = self.provider_id._fields[name]
        if isinstance(field, Secret):
            return True
        return field.convert_to_write(self.provider_id[name], self.provider_id) != value

    @api.onchange("profile", "mode")
    def _onchange_profile(self):
        """Drop the answer to a question that was another one."""
        self.result = False
        if self.profile and self.settlement_currency_id:
            currencies = find_class(self.code, self.profile).currencies or ()
            if self.settlement_currency_id.name not in currencies:
                self.settlement_currency_id = False
