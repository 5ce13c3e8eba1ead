import secrets

from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.tools import memo, options
from odoo.exceptions import AccessError, ValidationError

from .. import const

#: Looked up once in a database transaction: the addresses of a seller.
TOPIC = "pg_topup.webhooks"


class PgWebhook(models.Model):
    """An address of a seller's own system that is told about its top-ups."""

    _name = "pg.webhook"
    _inherit = ["pg.secret.mixin"]
    _description = "Outgoing webhook"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    url = fields.Char("Address", required=True, help="https:// of your own server.")
    secret = Secret(
        "Signing secret", groups="pg_base.group_admin", default=lambda self: self._new_secret()
    )
    all_events = fields.Boolean("Every change of state", default=True)
    on_paid = fields.Boolean("Paid")
    on_in_doubt = fields.Boolean("In doubt")
    on_completed = fields.Boolean("Delivered")
    on_failed = fields.Boolean("Failed")
    on_refunded = fields.Boolean("Refunded")
    on_cancelled = fields.Boolean("Cancelled")
    delivery_ids = fields.One2many("pg.webhook.delivery", "webhook_id", readonly=True)

    @api.model
    def _new_secret(self):
        return f"whs_{secrets.token_urlsafe(32)}"

    # === CONSTRAINTS === #

    @api.constrains("url")
    def _check_url(self):
        """Refuse addresses of this machine, which only a sandbox installation may call."""
        is_live = not options.get("pg_webhook_loopback")
        for webhook in self:
            try:
                check_endpoint(webhook.url, live=is_live)
            except ValueError as error:
                raise ValidationError(str(error)) from None

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to forget which addresses there are."""
        memo.forget(self.env, TOPIC)
        return super().create(vals_list)

    def unlink(self):
        """Override to forget which addresses there are."""
        memo.forget(self.env, TOPIC)
        return super().unlink()

    def write(self, vals):
        """Override to give up what waits for an address that is switched off."""
        memo.forget(self.env, TOPIC)
        done = super().write(vals)
        if vals.get("active") is False:
            waiting = [("webhook_id", "in", self.ids), ("state", "=", "waiting")]
            self.env["pg.webhook.delivery"].sudo().search(waiting).write(
                {
                    "state": "failed",
                    "error": self.env._("The address was switched off."),
                    "next_try_at": False,
                }
            )
        return done

    # === ACTIONS === #

    def action_show_secret(self):
        """Make a new signing secret and show it once."""
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("You do not have the right to do this."))
        fresh = self._new_secret()
        self.sudo().secret = fresh
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("New signing secret, shown only now"),
                "message": fresh,
                "sticky": True,
                "type": "warning",
            },
        }

    # === BUSINESS === #

    def _wants(self, state):
        return self.all_events or bool(self[f"on_{state}"])

    @api.model
    def _queue(self, topup):
        """Queue the news of a top-up's state for every address of its seller that wants it."""
        if topup.state not in dict(const.WEBHOOK_EVENTS):
            return
        webhooks = self._get_of(topup.company_id)
        wanted = webhooks.filtered(lambda webhook: webhook._wants(topup.state))
        if wanted:
            self.env["pg.webhook.delivery"]._create_for(wanted, topup)

    @api.model
    def _get_of(self, company):
        """Return the addresses of a seller."""
        domain = [("company_id", "=", company.id)]
        ids = memo.remember(self.env, TOPIC, company.id, lambda: self.search(domain).ids)
        return self.browse(ids)
