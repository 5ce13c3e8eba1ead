from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.fields import MASK
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..gateways import find_class

#: So many currencies are named on a card.
MANY = 6

#: Gateways tell a payment within seconds, and again for hours when they are refused.
UNHEARD_AFTER = timedelta(minutes=10)


class PaymentProvider(models.Model):
    """What the seller's settings page shows of a gateway, and its switches."""

    _inherit = "payment.provider"

    pg_is_live = fields.Boolean(
        "Real money", copy=False, help="Off: the gateway's test mode, in which no money moves."
    )
    pg_is_on = fields.Boolean(
        "Switched on", compute="_compute_pg_is_on", inverse="_inverse_pg_is_on"
    )
    pg_has_credentials = fields.Boolean(compute="_compute_pg_has_credentials", compute_sudo=True)
    pg_currency_text = fields.Char("Supported currencies", compute="_compute_pg_currency_text")
    pg_methods = fields.Json("Ways to pay", compute="_compute_pg_methods", compute_sudo=True)
    pg_fee_text = fields.Char("Fees so far", compute="_compute_pg_totals", compute_sudo=True)
    pg_paid_count = fields.Integer("Payments", compute="_compute_pg_totals", compute_sudo=True)
    pg_webhook_health = fields.Selection(
        [
            ("deaf", "Not set up"),
            ("silent", "Nothing heard yet"),
            ("good", "Working"),
            ("unheard", "News does not arrive"),
            ("error", "Last event failed"),
        ],
        "Webhook health",
        compute="_compute_pg_webhook_health",
        compute_sudo=True,
    )
    pg_last_event_at = fields.Datetime(
        "Last event", compute="_compute_pg_webhook_health", compute_sudo=True
    )
    pg_last_error = fields.Char(
        "Last error", compute="_compute_pg_webhook_health", compute_sudo=True
    )
    pg_last_error_at = fields.Datetime(
        "Last error on", compute="_compute_pg_webhook_health", compute_sudo=True
    )
    pg_registers_webhooks = fields.Boolean(compute="_compute_pg_registers_webhooks")

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_pg_is_on(self):
        for provider in self:
            provider.pg_is_on = provider.state != "disabled"

    def _inverse_pg_is_on(self):
        """Switch on in the mode of the credentials, or off."""
        for provider in self:
            mode = "enabled" if provider.pg_is_live else "test"
            provider.state = mode if provider.pg_is_on else "disabled"

    @api.depends("code", "pg_profile", "pg_client_id", "pg_secret_key")
    def _compute_pg_has_credentials(self):
        for provider in self:
            provider.pg_has_credentials = provider.pg_is_ours and all(
                provider[name] for name in provider._pg_get_gateway_class().required_fields
            )

    @api.depends("code", "pg_profile")
    def _compute_pg_registers_webhooks(self):
        for provider in self:
            provider.pg_registers_webhooks = (
                provider.pg_is_ours and provider._pg_get_gateway_class().registers_webhooks
            )

    @api.depends("code", "pg_profile", "settlement_currency_id")
    def _compute_pg_currency_text(self):
        for provider in self:
            provider.pg_currency_text = provider.pg_is_ours and provider._pg_describe_currencies()

    def _pg_describe_currencies(self):
        currencies = self._pg_get_gateway_class().currencies
        if currencies is None:
            return self.env._("As the account at the gateway allows")
        names = sorted(currencies)
        text = ", ".join(names[:MANY])
        if len(names) > MANY:
            text = self.env._("%(names)s and %(count)s more", names=text, count=len(names) - MANY)
        if not self.settlement_currency_id:
            return text
        target = self.settlement_currency_id.name
        return self.env._("%(currencies)s; others in %(target)s", currencies=text, target=target)

    @api.depends("payment_method_ids")
    def _compute_pg_methods(self):
        """List the methods with their icons, those too that wait for the gateway to be on."""
        for provider in self:
            provider.pg_methods = [
                {"id": method.id, "name": method.name, "icon": bool(method.image_payment_form)}
                for method in provider.with_context(active_test=False).payment_method_ids
            ]

    def _compute_pg_totals(self):
        """Sum what the gateway kept of payments so far, per settlement currency."""
        groups = self.env["payment.transaction"]._read_group(
            [
                ("provider_id", "in", self.ids),
                ("state", "=", "done"),
                ("operation", "!=", "refund"),
            ],
            ["provider_id", "gateway_fee_currency_id"],
            ["gateway_fee:sum", "__count"],
        )
        for provider in self:
            rows = [row for row in groups if row[0] == provider]
            fees = [
                formatLang(self.env, fee, currency_obj=currency)
                for _provider, currency, fee, _count in rows
                if currency
            ]
            provider.pg_fee_text = " + ".join(fees) or "-"
            provider.pg_paid_count = sum(row[3] for row in rows)

    def _compute_pg_webhook_health(self):
        """Look at the inbox: what came last, and what went wrong last."""
        Event = self.env["pg.payment.event"]
        for provider in self:
            mine = [("provider_id", "=", provider.id)]
            last = Event.search(mine, limit=1)
            failed = Event.search([*mine, ("state", "=", "failed")], limit=1)
            provider.pg_last_event_at = last.create_date
            provider.pg_last_error = failed.note
            provider.pg_last_error_at = failed.create_date
            provider.pg_webhook_health = provider._pg_judge_webhook(last, failed)
            if unheard := provider._pg_find_unheard(last):
                provider.pg_webhook_health = "unheard"
                provider.pg_last_error_at = unheard.last_state_change
                provider.pg_last_error = self.env._(
                    "No news of payment %s came, it was found by asking. Compare address and "
                    "signing secret with those at the gateway.",
                    unheard.reference,
                )

    def _pg_judge_webhook(self, last, failed):
        if not self.pg_is_ours or not self.pg_has_credentials or not self._pg_can_hear():
            return "deaf"
        if not last:
            return "silent"
        return "error" if last == failed else "good"

    def _pg_find_unheard(self, last):
        """Return the newest payment if it was paid a while ago and no news has come since it was
        begun: what is refused at the webhook's address leaves no trace but this.

        :param pg.payment.event last: the newest news.
        """
        Transaction = self.env["payment.transaction"]
        if self.pg_webhook_health == "deaf":
            return Transaction
        paid = Transaction.search(
            [
                ("provider_id", "=", self.id),
                ("state", "=", "done"),
                ("operation", "!=", "refund"),
                ("last_state_change", "<=", fields.Datetime.now() - UNHEARD_AFTER),
            ],
            order="id desc",
            limit=1,
        )
        is_heard = last and paid and last.create_date >= paid.create_date
        return Transaction if is_heard else paid

    # === CRUD METHODS === #

    @api.onchange("pg_is_on")
    def _onchange_pg_is_on(self):
        """Show at once what the switch changes."""
        self._inverse_pg_is_on()

    def write(self, vals):
        """Override to keep the mode when a gateway is switched off, and to offer real gateways
        to customers; a test gateway is for the seller alone until it is shown on purpose."""
        self._pg_check_destination(vals)
        if vals.get("state") in ("test", "enabled"):
            vals = {**vals, "pg_is_live": vals["state"] == "enabled"}
            if vals["state"] == "enabled" and "is_published" not in vals:
                vals["is_published"] = True
        if vals.get("state") == "disabled":
            vals = {**vals, "is_published": False}
        return super().write(vals)

    def _pg_check_destination(self, vals):
        """Let no admin send a kept credential to another address, where it could be read.

        :raise UserError: unless the credential is typed again with the address.
        """
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        moved = {"pg_api_base", "pg_profile"} & set(vals)
        if not moved or vals.get("pg_secret_key") not in (None, False, "", MASK):
            return
        for provider in self.sudo():
            is_moved = any((vals[name] or False) != provider[name] for name in moved)
            if is_moved and provider.pg_secret_key:
                raise UserError(self.env._("Another address needs the credentials again."))

    # === ACTION METHODS === #

    def action_pg_open_setup(self):
        """Open the dialog for credentials; it shows none of those that are kept."""
        self._pg_check_settings_access()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Account at %s", self._pg_get_gateway_class().label),
            "res_model": "pg.gateway.setup",
            "view_mode": "form",
            "target": "new",
            "context": {"default_provider_id": self.id},
        }

    def action_pg_open_events(self):
        """Open the inbox of this gateway."""
        self._pg_check_settings_access()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pg_payments.action_pg_payment_event"
        )
        return {**action, "domain": [("provider_id", "=", self.id)]}

    # === BUSINESS METHODS === #

    def _pg_try_account(self, **changes):
        """Ask the gateway whether credentials work, before they are kept.

        :param changes: fields of `..ports.Account` that are not as they are kept.
        :return: the `..ports.Connection`.
        :raise UserError: with a sentence for the person who sets it up.
        """
        self.ensure_one()
        account = replace(self.sudo()._pg_get_account(), **changes)
        gateway = find_class(self.code, account.profile)
        self._pg_check_filled(gateway, account)
        try:
            if account.api_base:
                check_endpoint(account.api_base, live=account.live or gateway.is_live(account))
            gateway.check_account(account)
        except ValueError as error:
            raise UserError(str(error)) from None
        try:
            connection = gateway(account).check_connection()
        except OutsideError as error:
            raise UserError(
                self.env._("The gateway did not accept the connection: %s", error.message)
            ) from None
        if connection.live != account.live:
            raise UserError(self.env._("The key and the mode do not belong together."))
        return connection

    def _pg_check_filled(self, gateway, account):
        known = {"pg_client_id": account.client_id, "pg_secret_key": account.secret_key}
        empty = [name for name in gateway.required_fields if not known.get(name, True)]
        if empty:
            labels = ", ".join(self._fields[name]._description_string(self.env) for name in empty)
            raise UserError(self.env._("These fields must be filled: %s", labels))
