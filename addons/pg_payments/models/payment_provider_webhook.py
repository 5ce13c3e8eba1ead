from datetime import timedelta

from odoo import fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError

from ..const import WEBHOOK_OVERLAP
from .payment_provider import SECRET_GROUPS


class PaymentProvider(models.Model):
    """Registering our webhook address, and replacing its secret without losing news."""

    _inherit = "payment.provider"

    pg_webhook_old_secret = Secret("Replaced webhook secret", groups=SECRET_GROUPS, copy=False)
    pg_webhook_old_ref = fields.Char("Replaced webhook", groups=SECRET_GROUPS, copy=False)
    pg_webhook_old_until = fields.Datetime(
        "Replaced webhook valid until", groups=SECRET_GROUPS, copy=False, readonly=True
    )

    # === ACTION METHODS === #

    def action_pg_create_webhook(self):
        """Register our webhook address at the gateway and keep the secret it tells.

        A webhook that was registered before stays valid for a day, then the cron deletes it.
        """
        self._pg_check_settings_access()
        provider = self.sudo()
        try:
            gateway = provider._pg_get_gateway()
            endpoint = gateway.create_webhook(provider.pg_webhook_url, provider.id)
            if provider.pg_webhook_old_ref not in (False, endpoint.endpoint_id):
                gateway.delete_webhook(provider.pg_webhook_old_ref)
        except OutsideError as error:
            raise UserError(
                self.env._("The webhook could not be registered: %s", error.message)
            ) from None
        provider._pg_keep_webhook(endpoint)
        return self._pg_notify(self.env._("The webhook %s is registered.", endpoint.endpoint_id))

    # === BUSINESS METHODS === #

    def _pg_keep_webhook(self, endpoint):
        """Keep a new webhook beside the one that it replaces."""
        old_secret = self._pg_reveal("pg_webhook_secret")
        values = {"pg_webhook_ref": endpoint.endpoint_id, "pg_webhook_secret": endpoint.secret}
        if self.pg_webhook_ref != endpoint.endpoint_id and (self.pg_webhook_ref or old_secret):
            values.update(
                pg_webhook_old_ref=self.pg_webhook_ref,
                pg_webhook_old_secret=old_secret,
                pg_webhook_old_until=fields.Datetime.now() + WEBHOOK_OVERLAP,
            )
        elif self.pg_webhook_ref == endpoint.endpoint_id and not endpoint.secret:
            values.pop("pg_webhook_secret")  # Found, not made: nothing new was told.
        self.write(values)

    def _pg_get_webhook_secrets(self):
        """Override to accept the replaced secret as long as it is valid."""
        secrets = super()._pg_get_webhook_secrets()
        until = self.pg_webhook_old_until
        old = self._pg_reveal("pg_webhook_old_secret")
        if old and until and until > fields.Datetime.now():
            secrets.append(old)
        return secrets

    # === CRON === #

    def _cron_pg_drop_old_webhooks(self):
        """Delete replaced webhooks at their gateways once their time is over."""
        due = self.search([("pg_webhook_old_until", "<=", fields.Datetime.now())])
        for provider in due:
            try:
                if provider.pg_webhook_old_ref:
                    provider._pg_get_gateway().delete_webhook(provider.pg_webhook_old_ref)
            except (OutsideError, UserError):
                # It is not accepted any more; forgetting it at the gateway can wait.
                provider.pg_webhook_old_until = fields.Datetime.now() + timedelta(hours=1)
                provider.pg_webhook_old_secret = False
                continue
            provider.write(
                {
                    "pg_webhook_old_ref": False,
                    "pg_webhook_old_secret": False,
                    "pg_webhook_old_until": False,
                }
            )
