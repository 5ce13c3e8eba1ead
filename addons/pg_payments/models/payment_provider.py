from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError, ValidationError

from ..gateways import GATEWAYS

SECRET_GROUPS = "base.group_system,pg_base.group_admin"

#: What a seller's admin may change on a provider; the rest is for the platform's technicians.
ADMIN_FIELDS = frozenset(
    "name sequence state is_published pg_secret_key pg_webhook_secret pg_api_base maximum_amount "
    "available_country_ids available_currency_ids payment_method_ids "
    "pre_msg pending_msg done_msg cancel_msg auth_msg".split()
)


class PaymentProvider(models.Model):
    """A seller's account at a gateway."""

    _name = "payment.provider"
    _inherit = ["payment.provider", "pg.secret.mixin"]

    code = fields.Selection(
        selection_add=[("stripe_checkout", "Stripe Checkout")],
        ondelete={"stripe_checkout": "set default"},
    )
    pg_secret_key = Secret(
        "Secret key",
        groups=SECRET_GROUPS,
        required_if_provider="stripe_checkout",
        help="Starts with sk_test_ or sk_live_. Kept encrypted and never shown again.",
    )
    pg_webhook_secret = Secret(
        "Webhook signing secret",
        groups=SECRET_GROUPS,
        help="Starts with whsec_. Without it the webhook address answers 404.",
    )
    pg_api_base = fields.Char(
        "API address",
        groups=SECRET_GROUPS,
        copy=False,
        help="Empty for the real gateway. Set only to use a sandbox.",
    )
    pg_webhook_url = fields.Char("Webhook address", compute="_compute_pg_webhook_url")
    pg_is_ours = fields.Boolean(compute="_compute_pg_is_ours")

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):
        """Override of `payment` to enable additional features."""
        super()._compute_feature_support_fields()
        self.filtered("pg_is_ours").support_refund = "partial"

    @api.depends("code")
    def _compute_pg_is_ours(self):
        for provider in self:
            provider.pg_is_ours = provider.code in GATEWAYS

    @api.depends("code")
    def _compute_pg_webhook_url(self):
        for provider in self:
            provider.pg_webhook_url = (
                f"{provider.get_base_url()}/payment/{provider.code}/webhook/{provider.id}"
                if provider.pg_is_ours and provider._origin
                else False
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("state", "code", "pg_secret_key", "pg_api_base")
    def _check_pg_credentials(self):
        """Keep real keys away from sandboxes and test keys away from the real gateway."""
        for provider in self.sudo().filtered("pg_is_ours"):
            if provider.state != "disabled" or provider.pg_api_base:
                provider._pg_check_credentials()

    def _pg_check_credentials(self):
        """Raise unless key, address and state belong together.

        Note: `self.ensure_one()`

        :raise ValidationError: with a sentence for the person who set it up.
        """
        self.ensure_one()
        key = self._pg_reveal("pg_secret_key")
        is_live_key = key.startswith(("sk_live_", "rk_live_"))
        is_test_key = key.startswith(("sk_test_", "rk_test_"))
        if self.pg_api_base:
            try:
                check_endpoint(self.pg_api_base, live=is_live_key or self.state == "enabled")
            except ValueError as error:
                raise ValidationError(str(error)) from None
        if self.state == "test" and not is_test_key:
            raise ValidationError(self.env._("Test mode needs a key that starts with sk_test_."))
        if self.state == "enabled" and is_test_key and not self.pg_api_base:
            raise ValidationError(self.env._("A test key cannot take real payments."))

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `payment` to let a seller's admin set up the own gateways.

        Odoo's own write also touches a cron and payment methods, which only technicians may. So
        the right is checked here, the fields are limited, and the rest runs as the system.
        """
        user = self.env.user
        if not self.env.su and not user.has_group("base.group_system"):
            self.check_access("write")
            if not set(vals) <= ADMIN_FIELDS or not all(self.mapped("pg_is_ours")):
                raise UserError(self.env._("Only a technician may change this."))
            return super(PaymentProvider, self.sudo()).write(vals)
        return super().write(vals)

    # === ACTION METHODS === #

    def action_pg_test_connection(self):
        """Ask the gateway whether the stored key works, and say so."""
        self._pg_check_settings_access()
        try:
            connection = self.sudo()._pg_get_gateway().check_connection()
        except OutsideError as error:
            raise UserError(
                self.env._("The gateway did not accept the connection: %s", error.message)
            ) from None
        if connection.live != (self.state == "enabled") and self.state != "disabled":
            raise UserError(self.env._("The key and the state do not belong together."))
        return self._pg_notify(
            self.env._("The connection works. Currencies: %s", connection.account or "-")
        )

    def action_pg_create_webhook(self):
        """Register our webhook address at the gateway and keep the secret it tells."""
        self._pg_check_settings_access()
        provider = self.sudo()
        try:
            endpoint = provider._pg_get_gateway().create_webhook(
                provider.pg_webhook_url, provider.id
            )
        except OutsideError as error:
            raise UserError(
                self.env._("The webhook could not be registered: %s", error.message)
            ) from None
        provider.pg_webhook_secret = endpoint.secret
        return self._pg_notify(self.env._("The webhook %s is registered.", endpoint.endpoint_id))

    def _pg_check_settings_access(self):
        """Raise unless the user may set up this one provider of ours."""
        self.ensure_one()
        self.check_access("write")
        if not self.pg_is_ours:
            raise UserError(self.env._("This provider is not one of ours."))

    def _pg_notify(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _pg_get_gateway(self):
        """Return the adapter of this account.

        Note: `self.ensure_one()`

        :rtype: `..ports.GatewayPort`
        :raise ValidationError: when key, address and state do not belong together.
        """
        self.ensure_one()
        # In sudo mode to read the credentials.
        provider = self.sudo()
        provider._pg_check_credentials()
        return GATEWAYS[provider.code](
            provider._pg_reveal("pg_secret_key"), provider.pg_api_base or None
        )

    def _pg_verify_event(self, raw, headers):
        """Return the news in a webhook body, if it is signed with this account's secret.

        :rtype: `..ports.GatewayEvent`
        :raise SignatureError: when that is not proven.
        """
        self.ensure_one()
        secret = self.sudo()._pg_reveal("pg_webhook_secret")
        return GATEWAYS[self.code].verify_event(raw, headers, secret)

    def _get_default_payment_method_codes(self):
        """Override of `payment` to return the default payment method codes."""
        self.ensure_one()
        if not self.pg_is_ours:
            return super()._get_default_payment_method_codes()
        return {"card", "visa", "mastercard", "amex"}

    def _get_reset_values(self):
        """Override of `payment` to reset the credentials."""
        if not self.pg_is_ours:
            return super()._get_reset_values()
        return {"pg_secret_key": False, "pg_webhook_secret": False, "pg_api_base": False}

    def _get_removal_values(self):
        """Override of `payment` to forget the credentials with the module."""
        return {
            **super()._get_removal_values(),
            "pg_secret_key": False,
            "pg_webhook_secret": False,
            "pg_api_base": False,
        }
