from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools import memo
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, ormcache

from ..gateways import GATEWAYS, find_class
from ..ports import Account

SECRET_GROUPS = "base.group_system,pg_base.group_admin"

#: What is forgotten when the account is.
CREDENTIALS = (
    "pg_client_id",
    "pg_secret_key",
    "pg_webhook_secret",
    "pg_webhook_ref",
    "pg_webhook_old_secret",
    "pg_webhook_old_ref",
    "pg_webhook_old_until",
    "pg_api_base",
)

#: Made once in a database transaction: the adapter of an account, with its credentials.
TOPIC = "pg_payments.gateways"

#: What is read to prove a webhook.
LISTENING = (*CREDENTIALS, "code", "state", "company_id", "pg_profile")

#: Names this version of an account's row: who wrote it, and where it lies.
READ_VERSION = "SELECT xmin::text || ctid::text FROM payment_provider WHERE id = %s AND code = %s"

#: What a seller's admin may change on a provider; the rest is for the platform's technicians.
ADMIN_FIELDS = frozenset(
    "name sequence state is_published maximum_amount "
    "pg_client_id pg_secret_key pg_webhook_secret pg_webhook_ref pg_api_base "
    "settlement_currency_id pg_profile pg_is_live pg_is_on "
    "available_country_ids available_currency_ids payment_method_ids "
    "pre_msg pending_msg done_msg cancel_msg auth_msg".split()
)


class PaymentProvider(models.Model):
    """A seller's account at a gateway."""

    _name = "payment.provider"
    _inherit = ["payment.provider", "pg.secret.mixin"]

    code = fields.Selection(
        selection_add=[(code, gateway.label) for code, gateway in GATEWAYS.items()],
        ondelete=dict.fromkeys(GATEWAYS, "set default"),
    )
    pg_client_id = Secret(
        "Client id",
        groups=SECRET_GROUPS,
        help="The name of the key, where the gateway gives one. Kept encrypted.",
    )
    pg_secret_key = Secret(
        "Secret key", groups=SECRET_GROUPS, help="Kept encrypted and never shown again."
    )
    pg_webhook_secret = Secret(
        "Webhook signing secret",
        groups=SECRET_GROUPS,
        help="Proves that news is the gateway's. Without it the webhook address answers 404.",
    )
    pg_webhook_ref = fields.Char(
        "Webhook at the gateway",
        groups=SECRET_GROUPS,
        copy=False,
        help="What the gateway calls our webhook address.",
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

    @api.constrains("state", "code", "pg_client_id", "pg_secret_key", "pg_api_base")
    def _check_pg_credentials(self):
        """Keep real keys away from sandboxes and test keys away from the real gateway."""
        for provider in self.sudo().filtered("pg_is_ours"):
            if provider.state != "disabled" or provider.pg_api_base:
                provider._pg_check_credentials()

    def _pg_check_credentials(self):
        """Raise unless key, address and state belong together.

        Note: `self.ensure_one()`

        :return: the account with its credentials, which belong together.
        :rtype: `..ports.Account`
        :raise ValidationError: with a sentence for the person who set it up.
        """
        self.ensure_one()
        gateway, account = self._pg_get_gateway_class(), self._pg_get_account()
        empty = [name for name in gateway.required_fields if not self[name]]
        if empty and self.state != "disabled":
            labels = ", ".join(self._fields[name]._description_string(self.env) for name in empty)
            raise ValidationError(self.env._("These fields must be filled: %s", labels))
        try:
            if account.api_base:
                check_endpoint(account.api_base, live=account.live or gateway.is_live(account))
            gateway.check_account(account)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return account

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `payment` to let a seller's admin set up the own gateways.

        Odoo's own write also touches a cron and payment methods, which only technicians may. So
        the right is checked here, the fields are limited, and the rest runs as the system.
        """
        memo.forget(self.env, TOPIC)
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
        return memo.remember(self.env, TOPIC, self.id, self._pg_make_gateway)

    def _pg_make_gateway(self):
        # In sudo mode to read the credentials.
        provider = self.sudo()
        return provider._pg_get_gateway_class()(provider._pg_check_credentials())

    def _pg_get_gateway_class(self):
        """Return the adapter's class, in the dialect that this account speaks.

        Note: `self.ensure_one()`, of one of our gateways.
        """
        self.ensure_one()
        return find_class(self.code, self._pg_get_profile())

    def _pg_get_profile(self):
        """Hook: which dialect the gateway speaks; empty for its usual one."""
        return ""

    def _pg_get_account(self):
        """Return the credentials for the adapter, in clear: never for a log or an answer.

        Note: `self.ensure_one()`

        :rtype: `..ports.Account`
        """
        self.ensure_one()
        provider = self.sudo()
        return Account(
            provider_id=provider.id,
            state=provider.state,
            client_id=provider._pg_reveal("pg_client_id") or "",
            secret_key=provider._pg_reveal("pg_secret_key") or "",
            webhook_id=provider.pg_webhook_ref or "",
            webhook_secrets=tuple(provider._pg_get_webhook_secrets()),
            api_base=provider.pg_api_base or "",
            profile=provider._pg_get_profile(),
        )

    def _pg_get_webhook_secrets(self):
        """Return the secrets with which news may be signed now."""
        secret = self._pg_reveal("pg_webhook_secret")
        return [secret] if secret else []

    @api.model
    def _pg_find_listener(self, code, provider_id):
        """Return the account that a webhook's address names, with what a proof needs.

        :return: an empty one when there is no such account.
        """
        self.flush_model(LISTENING)
        rows = self.env.execute_query(SQL(READ_VERSION, provider_id, code))
        provider = self.browse(provider_id if rows else ())
        for [version] in rows:
            for name, value in provider._pg_read_listener(provider_id, version).items():
                self._fields[name]._insert_cache(provider, (value,))
        return provider

    @ormcache("provider_id", "version")
    def _pg_read_listener(self, provider_id, version):
        """Return what a proof needs as it is stored, the secrets encrypted.

        Each process keeps it for a version of the row, so that it is never out of date, whoever
        changes the account and whenever that is committed: reading it was a sixth of an answer.
        """
        self.fetch(LISTENING)
        return {name: self._fields[name]._get_cache(self.env)[provider_id] for name in LISTENING}

    def _pg_can_hear(self):
        """Tell whether webhooks to this account can be proven."""
        return self._pg_get_listener() is not None

    def _pg_get_listener(self):
        """Return the adapter that proves webhooks to this account, None when it has no proof.

        :rtype: `..ports.GatewayPort`
        """
        self.ensure_one()
        if not self.pg_is_ours:
            return None
        account, gateway = self._pg_get_account(), self._pg_get_gateway_class()
        return gateway(account) if gateway.can_hear(account) else None

    def _pg_verify_event(self, listener, raw, headers):
        """Return the news in a webhook body, if it is proven to be for this account.

        :param listener: of :meth:`_pg_get_listener`.
        :rtype: `..ports.GatewayEvent`
        :raise SignatureError: when that is not proven.
        :raise OutsideError: when the gateway is needed for the proof and does not answer.
        """
        self.ensure_one()
        return listener.verify_event(raw, headers)

    def _get_default_payment_method_codes(self):
        """Override of `payment` to return the default payment method codes."""
        self.ensure_one()
        if not self.pg_is_ours:
            return super()._get_default_payment_method_codes()
        return set(self._pg_get_gateway_class().payment_methods)

    def _get_reset_values(self):
        """Override of `payment` to reset the credentials."""
        if not self.pg_is_ours:
            return super()._get_reset_values()
        return dict.fromkeys(CREDENTIALS, False)

    def _get_removal_values(self):
        """Override of `payment` to forget the credentials with the module."""
        return {**super()._get_removal_values(), **dict.fromkeys(CREDENTIALS, False)}
