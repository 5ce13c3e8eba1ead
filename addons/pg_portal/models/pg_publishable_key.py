import secrets

from odoo import api, fields, models
from odoo.addons.pg_base.tools import steps
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools import origins

PREFIX = "pk_"
MAX_ORIGINS = 20
# What people may write; all else is the system's.
OPEN_FIELDS = frozenset(["name", "origins", "company_id"])


class PgPublishableKey(models.Model):
    """Names the seller in the widget on another site.

    It stands in public pages, so it is no secret: it opens what the storefront shows to everybody,
    for the sites on its list only.
    """

    _name = "pg.publishable.key"
    _description = "Website key"
    _order = "revoked_at desc, id desc"

    name = fields.Char("Name", required=True, help="For you: which of your sites it is for.")
    key = fields.Char(
        readonly=True, required=True, copy=False, default=lambda self: self._make_key()
    )
    company_id = fields.Many2one(
        "res.company", "Seller", required=True, index=True, default=lambda self: self.env.company
    )
    origins = fields.Text(
        "Allowed sites",
        required=True,
        help="One site per line, like https://www.example.com. The widget works there only.",
    )
    revoked_at = fields.Datetime("Revoked", readonly=True, copy=False)
    last_used_on = fields.Date("Last used", readonly=True, copy=False)

    _key_unique = models.UniqueIndex("(key)", "This key exists already.")

    # === CONSTRAINTS === #

    @api.constrains("company_id")
    def _check_company_id(self):
        for record in self:
            if not (record.company_id.pg_is_seller and record.company_id.pg_slug):
                raise ValidationError(
                    self.env._("Switch on selling and name the storefront first.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `odoo` to make the key itself, and to tell the audit log."""
        for vals in vals_list:
            self._check_open(vals)
            self._clean(vals)
        records = super().create(vals_list)
        for record in records:
            self.env["pg.audit.log"]._log("website_key.created", record, record.origins)
        return records

    def write(self, vals):
        """Override of `odoo` to let people change the name and the sites only."""
        self._check_open(vals)
        self._clean(vals)
        if "company_id" in vals and any(r.company_id.id != vals["company_id"] for r in self):
            raise UserError(self.env._("A key stays with its seller. Please make a new one."))
        result = super().write(vals)
        if "origins" in vals:
            for record in self:
                self.env["pg.audit.log"]._log("website_key.changed", record, record.origins)
        return result

    def _check_open(self, vals):
        if not self.env.su and set(vals) - OPEN_FIELDS:
            raise AccessError(self.env._("Keys are made and revoked by the system only."))

    def _clean(self, vals):
        """Replace the sites as typed by their origins, one per line, each once."""
        if "origins" not in vals:
            return
        found = []
        for line in (vals["origins"] or "").split():
            origin = origins.parse(line.strip(",;"))
            if not origin:
                raise ValidationError(
                    self.env._(
                        "“%s” is no address of a site. Write it like https://www.example.com; "
                        "http is taken for localhost only.",
                        line[:80],
                    )
                )
            found.append(origin)
        sites = list(dict.fromkeys(found))
        if not 0 < len(sites) <= MAX_ORIGINS:
            raise ValidationError(
                self.env._("Give between 1 and %s sites, one per line.", MAX_ORIGINS)
            )
        vals["origins"] = "\n".join(sites)

    # === ACTIONS === #

    def action_revoke(self):
        """Stop the key for good: the widget refuses at once wherever it stands."""
        self.check_access("write")
        for record in self.filtered(lambda key: not key.revoked_at):
            # In sudo mode since nobody writes this by hand.
            record.sudo().revoked_at = fields.Datetime.now()
            self.env["pg.audit.log"]._log("website_key.revoked", record)

    def action_replace(self):
        """Make a new key for the same sites; the old one works until it is revoked."""
        self.ensure_one()
        new = self.create(
            {"name": self.name, "origins": self.origins, "company_id": self.company_id.id}
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": new.id,
            "view_mode": "form",
        }

    def action_embed(self):
        """Open the page with the code to copy and the live preview."""
        self.ensure_one()
        if self.revoked_at:
            raise UserError(self.env._("This key is revoked. Please make a new one."))
        url = f"/pg/widget/embed/{self.id}"
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    # === BUSINESS METHODS === #

    @api.model
    def _make_key(self):
        return PREFIX + secrets.token_urlsafe(18)

    @api.model
    def _from_key(self, key):
        """Return the working key (sudo), or an empty recordset when it is unknown or revoked.

        :param str key: from an address, so anything.
        """
        none = self.sudo().browse()
        if not isinstance(key, str) or not key.startswith(PREFIX) or len(key) > 64:
            return none
        record = none.search([("key", "=", key), ("revoked_at", "=", False)], limit=1)
        company = record.company_id
        return record if company.pg_is_seller and company.pg_slug else none

    def _allows(self, origin):
        """Tell whether a site may use the key. :param str origin: as the browser sends it."""
        self.ensure_one()
        return bool(origin) and origin in (self.origins or "").split("\n")

    def _note_use(self):
        """Keep the day on which the key was used last, by one write a day in a step of its own."""
        today = fields.Date.today()
        if self.last_used_on != today:
            steps.run_step(self.env, self._write_use, self.id, today, read_committed=True)

    @staticmethod
    def _write_use(env, key_id, today):
        env.cr.execute(
            SQL(
                """
                UPDATE pg_publishable_key SET last_used_on = %s
                 WHERE id = %s AND last_used_on IS DISTINCT FROM %s
                """,
                today,
                key_id,
                today,
            )
        )
