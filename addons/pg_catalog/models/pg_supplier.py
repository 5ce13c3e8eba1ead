from odoo import api, fields, models
from odoo.addons.pg_base.http import check_endpoint
from odoo.exceptions import AccessError, UserError, ValidationError


class PgSupplier(models.Model):
    """An account at a telecom wholesaler; its ``code`` picks the adapter.

    Without a company it is shared by all sellers and run by the platform administrator.
    """

    _name = "pg.supplier"
    _inherit = ["mail.thread", "pg.secret.mixin"]
    _description = "Supplier"
    _order = "sequence, id"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    code = fields.Selection(
        [("none", "Not connected")],
        "Connection",
        required=True,
        default="none",
        tracking=True,
        help="Through which adapter the suite talks to the supplier.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        index=True,
        tracking=True,
        default=lambda self: self._default_company(),
        help="Empty: all sellers may sell from it.",
    )
    environment = fields.Selection(
        [("test", "Test"), ("live", "Live")], required=True, default="test", tracking=True
    )
    base_url = fields.Char(
        "Address", tracking=True, help="Empty: the supplier's own address, for its real service."
    )
    country_ids = fields.Many2many(
        "res.country",
        string="Only these countries",
        help="Empty: the whole catalogue. What is not in these countries is archived.",
    )
    max_in_flight = fields.Integer(
        "Sends at once", default=20, required=True, help="How many sends may be under way at once."
    )
    operator_count = fields.Integer(compute="_compute_counts")
    sku_count = fields.Integer(compute="_compute_counts")

    balance = fields.Monetary(readonly=True, copy=False)
    currency_id = fields.Many2one("res.currency", "Account currency", readonly=True, copy=False)
    balance_at = fields.Datetime("Balance as of", readonly=True, copy=False)

    sync_state = fields.Selection(
        [("never", "Never"), ("done", "Done"), ("failed", "Failed")],
        "Last sync",
        default="never",
        required=True,
        readonly=True,
        copy=False,
    )
    sync_at = fields.Datetime("Last sync at", readonly=True, copy=False)
    sync_message = fields.Text("Sync result", readonly=True, copy=False)
    sync_skipped = fields.Text("Skipped items", readonly=True, copy=False)
    sync_requested_by = fields.Many2one("res.users", readonly=True, copy=False)
    test_state = fields.Selection(
        [("never", "Never"), ("done", "Works"), ("failed", "Failed")],
        "Connection test",
        default="never",
        required=True,
        readonly=True,
        copy=False,
    )
    test_at = fields.Datetime("Tested at", readonly=True, copy=False)
    test_message = fields.Text("Test result", readonly=True, copy=False)
    test_requested_by = fields.Many2one("res.users", readonly=True, copy=False)

    _max_in_flight_positive = models.Constraint(
        "CHECK (max_in_flight > 0)", "At least one send must be allowed at once."
    )

    @api.model
    def _default_company(self):
        """Return no company for the platform administrator: what that person adds is shared."""
        is_platform = self.env.user.has_group("pg_base.group_platform_admin")
        return False if is_platform else self.env.company

    # === COMPUTE === #

    def _compute_counts(self):
        for model, name in (("pg.operator", "operator_count"), ("pg.sku", "sku_count")):
            groups = self.env[model]._read_group(
                [("supplier_id", "in", self.ids)], ["supplier_id"], ["__count"]
            )
            counts = {supplier.id: count for supplier, count in groups}
            for supplier in self:
                supplier[name] = counts.get(supplier.id, 0)

    # === CONSTRAINT === #

    @api.constrains("base_url", "environment", "code")
    def _check_base_url(self):
        for supplier in self.filtered("base_url"):
            try:
                check_endpoint(supplier.base_url, live=supplier.environment == "live")
            except ValueError as error:
                raise ValidationError(
                    self.env._("This address cannot be used: %(reason)s.", reason=str(error))
                ) from None

    # === CRUD === #

    def write(self, vals):
        """Override of `mail` to keep sharing a supplier, or giving it away, to the platform."""
        if "company_id" in vals and not self.env.su:
            moved = self.filtered(lambda s: s.company_id.id != (vals["company_id"] or False))
            if moved and not self.env.user.has_group("pg_base.group_platform_admin"):
                raise AccessError(
                    self.env._("Only the platform administrator changes whose a supplier is.")
                )
        return super().write(vals)

    # === ACTION === #

    def action_sync(self):
        """Ask for a sync in the background; the person who asked is told when it is done."""
        self._check_actionable()
        self.sudo().sync_requested_by = self.env.user
        self.env.ref("pg_catalog.cron_sync_catalogue").sudo()._trigger()
        return self._notice(
            self.env._("The catalogue is being read. You will be told when it is done.")
        )

    def action_test_connection(self):
        """Ask for a connection test in the background."""
        self._check_actionable()
        self.sudo().test_requested_by = self.env.user
        self.env.ref("pg_catalog.cron_test_connection").sudo()._trigger()
        return self._notice(
            self.env._("The connection is being tested. You will be told in a moment.")
        )

    def action_open_skus(self):
        """Open the SKUs of the supplier."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_sku_action")
        return {**action, "domain": [("supplier_id", "in", self.ids)]}

    def action_open_operators(self):
        """Open the operators of the supplier."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_operator_action")
        return {**action, "domain": [("supplier_id", "in", self.ids)]}

    def _check_actionable(self):
        """Refuse a button to whom may not write the supplier, or without a connection."""
        self.check_access("write")
        for supplier in self:
            if supplier.code == "none":
                raise UserError(
                    self.env._(
                        "Choose a connection for %(supplier)s first.", supplier=supplier.name
                    )
                )

    def _notice(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS === #

    @api.private
    def _get_port(self):
        """Return the adapter of the supplier, a ``ports.SupplierPort``; each adapter addon
        overrides this for its own code.

        The port holds no record and no cursor: it may be used after this transaction has ended.

        :raise UserError: when the supplier is not connected.
        """
        self.ensure_one()
        raise UserError(
            self.env._("The supplier %(supplier)s is not connected.", supplier=self.name)
        )

    @api.private
    def _estimate(self, sku, *, send_value=None, receive_value=None):
        """Ask the supplier what one amount of a SKU costs and brings right now.

        Reaches outside: never call it inside a request's transaction.

        :rtype: ports.PriceEstimate
        :raise OutsideError: one of its four classes.
        """
        self.ensure_one()
        return self._get_port().estimate(
            sku.code, send_value=send_value, receive_value=receive_value
        )
