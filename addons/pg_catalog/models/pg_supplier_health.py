from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools import money, steps
from odoo.exceptions import UserError

from .pg_supplier_budget import SupplierMeter

LOW_BALANCE = "pg_catalog.activity_low_balance"


class PgSupplier(models.Model):
    """Whether a supplier can be reached and has money."""

    _name = "pg.supplier"
    _inherit = ["pg.supplier", "mail.activity.mixin"]

    calls_per_minute = fields.Integer(
        "Calls a minute",
        help="All workers together stay at or below it. 0: no limit of ours.",
    )
    calls_per_day = fields.Integer(
        "Calls a day",
        help="For accounts that may only be asked so often a day. 0: no limit of ours.",
    )
    call_ids = fields.One2many("pg.supplier.call", "supplier_id", "Calls", readonly=True)
    responsible_id = fields.Many2one(
        "res.users",
        help="Who is alerted. Empty: all who may change the supplier.",
    )
    balance_threshold = fields.Monetary(
        "Alert below", default=100, help="In the account's currency. 0: no alert."
    )
    is_balance_low = fields.Boolean("Balance is low", readonly=True, copy=False)
    operators_checked_at = fields.Datetime("Operators asked at", readonly=True, copy=False)

    _calls_positive = models.Constraint(
        "CHECK (calls_per_minute >= 0 AND calls_per_day >= 0 AND balance_threshold >= 0)",
        "Limits cannot be negative.",
    )

    # === CRUD === #

    def write(self, vals):
        """Override of `pg_catalog` to judge the balance again by another threshold."""
        result = super().write(vals)
        if "balance_threshold" in vals:
            for supplier in self.sudo().filtered("balance_at"):
                supplier._judge_balance()
        return result

    # === ACTION === #

    def action_open_calls(self):
        """Open the calls of the supplier."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_catalog.pg_supplier_call_action")
        return {
            **action,
            "domain": [("supplier_id", "in", self.ids)],
            "context": {"search_default_today": 1},
        }

    # === BUSINESS === #

    def _get_call_limits(self):
        """Return the limits of the budget; adapters know some better.

        :return: dict of ``per_minute`` and ``per_day``; 0 for none.
        """
        self.ensure_one()
        return {"per_minute": self.calls_per_minute, "per_day": self.calls_per_day}

    def _get_meter(self):
        """Return what an adapter asks before a call and tells after it."""
        self.ensure_one()
        return SupplierMeter(self.env.registry, self.id, self._get_call_limits())

    # === BALANCE === #

    def _store_balance(self, balance):
        """Store a ``ports.Balance`` and judge it; None and unknown currencies change nothing."""
        self.ensure_one()
        currency = balance and (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", balance.currency)], limit=1)
        )
        if not currency:
            return
        self.write(
            {
                "balance": balance.amount,
                "currency_id": currency.id,
                "balance_at": fields.Datetime.now(),
            }
        )
        self._judge_balance()

    def _judge_balance(self):
        """Alert when the balance falls below the threshold, end the alert when it is back."""
        self.ensure_one()
        threshold = money.D(self.balance_threshold)
        is_low = Decimal(0) < threshold and money.D(self.balance) < threshold
        if is_low == self.is_balance_low:
            return
        self.is_balance_low = is_low
        if is_low:
            self._alert_low_balance()
        else:
            self.activity_feedback(
                [LOW_BALANCE],
                feedback=self.env._("The balance is %(balance)s again.", balance=self._balance()),
            )

    def _alert_low_balance(self):
        for user in self._get_alert_users():
            self.activity_schedule(
                LOW_BALANCE,
                user_id=user.id,
                summary=self.env._("Fund %(supplier)s", supplier=self.name),
                note=self.env._(
                    "The balance is %(balance)s, below %(threshold)s. Sends fail when it is used "
                    "up.",
                    balance=self._balance(),
                    threshold=self.currency_id.format(self.balance_threshold),
                ),
            )

    def _balance(self):
        return self.currency_id.format(self.balance)

    def _get_alert_users(self):
        """Return who must know: the responsible person, else all who may change the supplier."""
        if self.responsible_id.active:
            return self.responsible_id
        level = "admin" if self.company_id else "platform_admin"
        users = self.env.ref(f"pg_base.group_{level}").all_user_ids.filtered("active")
        if self.company_id:
            users = users.filtered(lambda user: self.company_id in user.company_ids)
        return users

    # === HEALTH === #

    @api.model
    def _cron_health(self):
        """Read balance and operators' status of every connected supplier."""
        for supplier_id in self.search([("code", "!=", "none")]).ids:
            self._check_health(supplier_id)

    def _check_health(self, supplier_id):
        """Read one supplier's balance and operators' status; what does not answer waits."""
        try:
            with steps.step(self.env) as env:
                port = env["pg.supplier"].browse(supplier_id)._get_port()
        except UserError:
            return
        balance = _ask(port.balance)
        statuses = _ask(port.operator_status)

        def store(env):
            supplier = env["pg.supplier"].browse(supplier_id).exists()
            if supplier:
                supplier._store_balance(balance)
                supplier._store_operator_status(statuses)

        steps.run_step(self.env, store)


def _ask(read):
    """Return an answer, None when there is none: the call's record tells why."""
    try:
        return read()
    except OutsideError:
        return None
