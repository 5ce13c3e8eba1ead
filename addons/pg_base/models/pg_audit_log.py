from odoo import api, fields, models
from odoo.exceptions import AccessError

#: Days for which lines are kept.
RETENTION_DAYS = 90

#: Longest text of one line.
LONGEST = 2000


class PgAuditLog(models.Model):
    """Who changed what that matters: lines are added and read, never changed.

    No line holds a credential: writers tell that one was changed, not to what.
    """

    _name = "pg.audit.log"
    _description = "Audit log"
    _order = "id desc"
    _rec_name = "action"
    _log_access = False

    create_date = fields.Datetime("When", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", "Company", readonly=True, index=True)
    user_id = fields.Many2one("res.users", "Who", required=True, readonly=True, index=True)
    action = fields.Char("Action", required=True, readonly=True, index=True)
    resource = fields.Char("What", required=True, readonly=True)
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    details = fields.Text("Details", readonly=True)
    ip = fields.Char("IP address", readonly=True)
    user_agent = fields.Char("Browser", readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `odoo` to take lines from server code only."""
        if not self.env.su:
            raise AccessError(self.env._("The audit log is written by the system only."))
        return super().create(vals_list)

    def write(self, vals):
        """Override of `odoo` to refuse: what is written stays."""
        self._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_if_old(self):
        """Refuse to delete lines, but for those whose time is over, by the system."""
        oldest = self._get_oldest_kept()
        if not self.env.su or any(line.create_date > oldest for line in self):
            raise AccessError(self.env._("The audit log cannot be deleted."))

    def _refuse_change(self):
        """Raise, always."""
        raise AccessError(self.env._("The audit log cannot be changed."))

    # === BUSINESS METHODS === #

    @api.model
    def _log(self, action, record, details="", company=None):
        """Add a line about one record, by the current user.

        :param str action: what was done, e.g. ``payment_settings.changed``.
        :param record: the record it was done to.
        :param str details: for a person, without secrets.
        :param res.company company: whose line it is; the record's company by default.
        """
        record.ensure_one()
        company = company or ("company_id" in record and record.sudo().company_id)
        ip, user_agent = self.env["ir.http"]._pg_get_visitor()
        # In sudo mode since nobody has the right to add lines by hand.
        return self.sudo().create(
            {
                "create_date": fields.Datetime.now(),
                "company_id": (company or self.env.company).id,
                "user_id": self.env.uid,
                "action": action,
                "resource": f"{record._description}: {record.sudo().display_name}"[:LONGEST],
                "res_model": record._name,
                "res_id": record.id,
                "details": details[:LONGEST],
                "ip": ip or False,
                "user_agent": user_agent or False,
            }
        )

    @api.model
    def _get_oldest_kept(self):
        return fields.Datetime.subtract(fields.Datetime.now(), days=RETENTION_DAYS)

    @api.autovacuum
    def _gc_old(self):
        """Forget lines whose time is over."""
        self.search([("create_date", "<=", self._get_oldest_kept())], limit=10000).unlink()
