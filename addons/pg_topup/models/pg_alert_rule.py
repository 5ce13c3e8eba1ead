from odoo import api, fields, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_base.http import check_endpoint
from odoo.addons.pg_base.tools import options
from odoo.exceptions import ValidationError
from odoo.tools import email_split

from .. import alert_kinds


class PgAlertRule(models.Model):
    """What a seller wants to be told about, from which limit on, and where."""

    _name = "pg.alert.rule"
    _inherit = ["pg.secret.mixin"]
    _description = "Alert rule"
    _order = "company_id, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        "Organisation",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    kind = fields.Selection(alert_kinds.KINDS, "Watch for", required=True, default="failed")
    minutes = fields.Integer(
        "Within or for (min)", default=60, required=True, help="At most a week: 10080."
    )
    count = fields.Integer("From how many", default=1, required=True)
    percent = fields.Float(
        "From (%)",
        default=20,
        digits=(7, 1),
        help="Of the sales that ended, for failures; of the usual sales of as many minutes in the "
        "last seven days, for the volume.",
    )
    amount = fields.Float("Below", help="In the currency of the supplier's account.")
    uses_minutes = fields.Boolean(compute="_compute_uses")
    uses_count = fields.Boolean(compute="_compute_uses")
    uses_percent = fields.Boolean(compute="_compute_uses")
    uses_amount = fields.Boolean(compute="_compute_uses")

    by_activity = fields.Boolean("Activity", default=True)
    user_ids = fields.Many2many(
        "res.users",
        string="For",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Empty: the managers of the organisation.",
    )
    by_email = fields.Boolean("E-mail")
    email_to = fields.Char(
        "Addresses", help="Separated by commas. Empty: the address of the organisation."
    )
    channel_id = fields.Many2one("discuss.channel", "Discuss channel")
    slack_url = Secret(
        "Slack webhook",
        groups="pg_base.group_manager",
        help="Address of an incoming webhook of Slack, or of a chat that takes its format. "
        "It is kept encrypted and never shown again.",
    )
    discord_url = Secret(
        "Discord webhook",
        groups="pg_base.group_manager",
        help="Kept encrypted and never shown again.",
    )

    alert_ids = fields.One2many("pg.alert", "rule_id", "Alerts", readonly=True)
    open_count = fields.Integer("Open", compute="_compute_open_count")
    checked_at = fields.Datetime("Last check", readonly=True, copy=False)
    error = fields.Char("Last problem", readonly=True, copy=False)

    _limits_positive = models.Constraint(
        "CHECK (minutes BETWEEN 1 AND 10080 AND count > 0 AND percent > 0 AND amount >= 0)",
        "The minutes are 1 to 10080; count and percentage are positive numbers.",
    )

    # === COMPUTE === #

    @api.depends("kind")
    def _compute_uses(self):
        for rule in self:
            used = alert_kinds.LIMITS.get(rule.kind, ())
            for limit in ("minutes", "count", "percent", "amount"):
                rule[f"uses_{limit}"] = limit in used

    @api.depends("alert_ids.state")
    def _compute_open_count(self):
        counts = dict(
            self.env["pg.alert"]._read_group(
                [("rule_id", "in", self.ids), ("state", "=", "open")], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.open_count = counts.get(rule, 0)

    # === CONSTRAINTS === #

    @api.constrains("slack_url", "discord_url")
    def _check_addresses(self):
        """Refuse addresses of this machine, which only a sandbox installation may call."""
        is_live = not options.get("pg_webhook_loopback")
        for rule in self:
            for name in ("slack_url", "discord_url"):
                url = rule.sudo()._pg_reveal(name)
                try:
                    if url:
                        check_endpoint(url, live=is_live)
                except ValueError as error:
                    raise ValidationError(str(error)) from None

    @api.constrains("email_to")
    def _check_email_to(self):
        for rule in self.filtered("email_to"):
            if len(email_split(rule.email_to)) != len(rule.email_to.split(",")):
                raise ValidationError(
                    self.env._("Write e-mail addresses, with a comma between them.")
                )

    @api.constrains("channel_id", "user_ids", "company_id")
    def _check_receivers(self):
        """Keep one seller's news from the people of another."""
        for rule in self:
            if any(rule.company_id not in user.company_ids for user in rule.sudo().user_ids):
                raise ValidationError(
                    self.env._("Alerts go to people of the same organisation only.")
                )
            if rule.channel_id and not self.env.su and not rule.channel_id.has_access("read"):
                raise ValidationError(self.env._("You are no member of this channel."))

    # === CRUD === #

    def write(self, vals):
        """Override to end the alerts of a rule that is switched off or watches something else."""
        done = super().write(vals)
        if vals.get("active") is False or {"kind", "company_id"} & vals.keys():
            alerts = self.env["pg.alert"].sudo()
            alerts.search([("rule_id", "in", self.ids), ("state", "=", "open")])._resolve()
        return done

    # === ACTIONS === #

    def action_test(self):
        """Send a message marked as a test to every place of the rule."""
        self.ensure_one()
        self.check_access("write")
        self.env["pg.alert.message"].sudo()._queue(
            self.sudo(),
            title=self.env._("Test of the alert “%s”", self.name),
            text=self.env._("It works: alerts of %s arrive here.", self.company_id.name),
            channels=[channel for channel in self._get_channels() if channel != "activity"],
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "A test message is on its way to every place but activities."
                ),
            },
        }

    def action_open_alerts(self):
        """Show the alerts of this rule."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_alert_action")
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {}}

    # === BUSINESS === #

    def _get_channels(self):
        """Return the keys of the places to which this rule tells."""
        rule = self.sudo()
        chosen = {
            "activity": rule.by_activity,
            "email": rule.by_email,
            "discuss": rule.channel_id,
            "slack": rule.slack_url,
            "discord": rule.discord_url,
        }
        return [channel for channel, is_on in chosen.items() if is_on]

    def _get_users(self):
        """Return who gets the activities."""
        if self.user_ids:
            return self.user_ids.filtered("active")
        managers = self.env.ref("pg_base.group_manager").sudo()
        return self.env["res.users"].search(
            [
                ("all_group_ids", "in", managers.ids),
                ("company_ids", "in", self.company_id.ids),
                ("company_id", "=", self.company_id.id),
                ("share", "=", False),
            ],
            limit=20,
        )

    @api.model
    def _create_defaults(self, companies=None):
        """Give sellers that have no rule yet the usual ones.

        :param companies: all sellers when None.
        """
        if companies is None:
            companies = self.env["res.company"].search([("pg_is_seller", "=", True)])
        Rule = self.sudo().with_context(active_test=False)
        with_rules = Rule.search([("company_id", "in", companies.ids)]).company_id
        return self.sudo().create(
            [
                {**values, "company_id": company.id, "sequence": 10 + place}
                for company in companies - with_rules
                for place, values in enumerate(alert_kinds.DEFAULTS)
            ]
        )
