from odoo import api, fields, models
from odoo.exceptions import AccessError


class PgSellerSettings(models.TransientModel):
    """What a seller sets for itself: its company's fields, which its own staff may not write.

    Rooms above add their fields as related ones; nothing else is needed.
    """

    _name = "pg.seller.settings"
    _description = "Settings of an organisation"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company",
        "Organisation",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Storefront
    pg_tagline = fields.Char(related="company_id.pg_tagline", readonly=False)
    pg_brand_color = fields.Char(related="company_id.pg_brand_color", readonly=False)
    pg_tz = fields.Selection(related="company_id.pg_tz", readonly=False)
    # Prices
    pg_usual_margin = fields.Float(related="company_id.pg_usual_margin", readonly=False)
    pg_margin_floor = fields.Float(related="company_id.pg_margin_floor", readonly=False)
    pg_cost_reaction = fields.Selection(related="company_id.pg_cost_reaction", readonly=False)
    # Sending
    pg_undo_seconds = fields.Integer(related="company_id.pg_undo_seconds", readonly=False)
    pg_repeat_minutes = fields.Integer(related="company_id.pg_repeat_minutes", readonly=False)
    pg_failure_policy = fields.Selection(related="company_id.pg_failure_policy", readonly=False)
    pg_wait_hours = fields.Integer(related="company_id.pg_wait_hours", readonly=False)
    pg_second_person_from = fields.Monetary(
        related="company_id.pg_second_person_from", readonly=False
    )
    pg_pin_policy = fields.Selection(related="company_id.pg_pin_policy", readonly=False)
    pg_pin_cost_percent = fields.Float(related="company_id.pg_pin_cost_percent", readonly=False)
    pg_pin_value_percent = fields.Float(related="company_id.pg_pin_value_percent", readonly=False)
    # Telling
    pg_notify_email = fields.Boolean(related="company_id.pg_notify_email", readonly=False)
    pg_notify_sms = fields.Boolean(related="company_id.pg_notify_sms", readonly=False)
    pg_tell_delivered = fields.Boolean(related="company_id.pg_tell_delivered", readonly=False)
    pg_tell_failed = fields.Boolean(related="company_id.pg_tell_failed", readonly=False)
    pg_tell_refunded = fields.Boolean(related="company_id.pg_tell_refunded", readonly=False)
    pg_tell_in_doubt = fields.Boolean(related="company_id.pg_tell_in_doubt", readonly=False)
    pg_template_delivered_id = fields.Many2one(
        related="company_id.pg_template_delivered_id", readonly=False
    )
    pg_template_failed_id = fields.Many2one(
        related="company_id.pg_template_failed_id", readonly=False
    )
    pg_template_refunded_id = fields.Many2one(
        related="company_id.pg_template_refunded_id", readonly=False
    )
    pg_template_in_doubt_id = fields.Many2one(
        related="company_id.pg_template_in_doubt_id", readonly=False
    )
    pg_sms_delivered = fields.Char(related="company_id.pg_sms_delivered", readonly=False)
    pg_sms_failed = fields.Char(related="company_id.pg_sms_failed", readonly=False)
    pg_sms_refunded = fields.Char(related="company_id.pg_sms_refunded", readonly=False)
    pg_sms_in_doubt = fields.Char(related="company_id.pg_sms_in_doubt", readonly=False)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to write the company's fields for its own admin.

        :raise AccessError: the user is no admin of that organisation.
        """
        for vals in vals_list:
            company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
            self._check_admin(company)
        # In sudo mode: what is written is what this model names, of the user's own company.
        settings = super(PgSellerSettings, self.sudo()).create(vals_list)
        return settings.with_env(self.env)

    def write(self, vals):
        """Override to write the company's fields for its own admin, and note what changed.

        :raise AccessError: the user is no admin of that organisation.
        """
        self._check_admin(self.company_id)
        vals = {name: value for name, value in vals.items() if name != "company_id"}
        for settings in self.sudo():
            before = settings._describe(vals)
            super(PgSellerSettings, settings).write(vals)
            changes = [
                f"{label}: {old} → {new}"
                for (label, old), (_label, new) in zip(
                    before, settings._describe(vals), strict=True
                )
                if old != new
            ]
            if changes:
                self.env["pg.audit.log"]._log(
                    "organisation.changed", settings.company_id, "\n".join(changes)
                )
        return True

    # === ACTIONS === #

    @api.model
    def action_open(self):
        """Open the settings of the organisation that is switched on."""
        settings = self.create({})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settings of %s", settings.company_id.name),
            "res_model": self._name,
            "res_id": settings.id,
            "view_mode": "form",
        }

    # === BUSINESS === #

    def _check_admin(self, companies):
        is_admin = self.env.su or self.env.user.has_group("pg_base.group_admin")
        if not is_admin or companies - self.env.companies:
            raise AccessError(self.env._("You do not have the right to do this."))

    def _describe(self, names):
        """Return label and value, for people, of some fields."""
        described = []
        for name in names:
            field = self._fields[name]
            value = self[name]
            text = value.display_name if field.relational else field.convert_to_export(value, self)
            described.append((field._description_string(self.env), text))
        return described
