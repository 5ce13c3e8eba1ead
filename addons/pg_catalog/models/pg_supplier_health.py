from dataclasses import dataclass
from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools import money, steps
from odoo.exceptions import UserError

from ..ports import Balance, TransferRequest
from .pg_supplier_budget import SupplierMeter

LOW_BALANCE = "pg_catalog.activity_low_balance"
TRIAL_REFERENCE = "CONNECTION-TEST"


@dataclass(frozen=True)
class Finding:
    """What a connection test found.

    :param problem: a key of ``test_problem``, empty when all is well.
    """

    problem: str
    message: str
    balance: Balance | None = None


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
    test_problem = fields.Selection(
        [
            ("setup", "Not set up"),
            ("credentials", "Credentials refused"),
            ("address", "Sending refused from here"),
            ("firewall", "Refused by a firewall"),
            ("network", "Not reached"),
            ("service", "No usable answer"),
            ("limit", "Limit used up"),
            ("refused", "Refused"),
            ("balance", "Balance is low"),
        ],
        "Problem",
        readonly=True,
        copy=False,
    )

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

    # === CONNECTION TEST === #

    @api.model
    def _cron_test_connection(self):
        """Test the suppliers for whom somebody asked it."""
        for supplier_id in self.search([("test_requested_by", "!=", False)]).ids:
            self._test_in_steps(supplier_id)

    def _test_in_steps(self, supplier_id):
        finding = self._test(supplier_id)
        steps.run_step(
            self.env, lambda env: env["pg.supplier"].browse(supplier_id)._store_test(finding)
        )

    def _test(self, supplier_id):
        """Return the Finding of a test that reads the balance and tries, but does not make, a send.

        Reading may work where sending is refused: suppliers bind it to addresses and countries.
        """
        try:
            with steps.step(self.env) as env:
                supplier = env["pg.supplier"].browse(supplier_id)
                port, request = supplier._get_port(), supplier._prepare_trial()
        except UserError as error:
            return Finding("setup", str(error))
        try:
            balance = port.balance()
        except OutsideError as error:
            return Finding(*self._explain(error))
        works = self.env._(
            "The connection works. Balance: %(amount)s %(currency)s",
            amount=f"{balance.amount:,.2f}",
            currency=balance.currency,
        )
        try:
            if request:
                port.validate(request)
        except OutsideError as error:
            return self._judge_trial(error, works, balance)
        return Finding("", works, balance)

    def _prepare_trial(self):
        """Return a request for the test number of the cheapest SKU, None when there is none."""
        self.ensure_one()
        domain = [
            ("supplier_id", "=", self.id),
            ("uat_number", "!=", False),
            ("kind", "in", ("topup", "data", "bundle")),
            ("bill_required", "=", False),
            ("setting_definitions", "=", False),
        ]
        sku = self.env["pg.sku"].search(domain, order="send_min, id", limit=1)
        return sku and TransferRequest(
            reference=TRIAL_REFERENCE,
            sku_code=sku.code,
            account_number=sku.uat_number,
            send_value=money.D(sku.send_min),
            send_currency=sku.send_currency_id.name,
        )

    def _judge_trial(self, error, works, balance):
        """Return the Finding of a trial send that was not accepted, where reading worked."""
        if isinstance(error, NotSent) and error.status in (401, 403):
            message = self.env._(
                "Reading works, but sending is refused from this server's address. Allow it, with "
                "its country and its IPv6 address too, in the supplier's settings."
            )
            return Finding("address", message, balance)
        if isinstance(error, Rejected) and not error.temporary:
            # The SKU of the trial is the matter, not the connection.
            return Finding("", works, balance)
        problem, message = self._explain(error)
        message = self.env._("Reading works, sending does not. %(why)s", why=message)
        return Finding(problem, message, balance)

    def _explain(self, error):
        """Return (key of ``test_problem``, sentence for a person) of an outcome."""
        detail = error.message
        if error.code:
            detail = f"{detail} ({' / '.join(filter(None, (error.code, error.context)))})"
        if isinstance(error, NotSent):
            return self._explain_not_sent(error, detail)
        if isinstance(error, Throttled):
            return "limit", self.env._("The supplier asks to slow down: %(why)s.", why=detail)
        if isinstance(error, Rejected):
            return "refused", self.env._("The supplier refused: %(why)s.", why=detail)
        if isinstance(error, Unknown) and error.status is None:
            return "network", self.env._("No whole answer came in time: %(why)s.", why=detail)
        return "service", self.env._(
            "The supplier's service does not work properly: %(why)s.", why=detail
        )

    def _explain_not_sent(self, error, detail):
        if error.status == 401 or error.code == "AuthenticationFailed":
            return "credentials", self.env._(
                "The credentials were refused: %(why)s. Enter them again; when they are bound to "
                "addresses, this server's must be among them.",
                why=detail,
            )
        if error.status == 403:
            return "firewall", self.env._(
                "A firewall in front of the supplier refuses this server: %(why)s. Ask the "
                "supplier to allow its address.",
                why=detail,
            )
        return "network", self.env._(
            "No usable connection: %(why)s. Check the address and this server's way out.",
            why=detail,
        )

    def _store_test(self, finding):
        """Store what a connection test found and tell the person who asked."""
        user = self.test_requested_by
        state = "failed" if finding.problem else "done"
        self.write(
            {
                "test_state": state,
                "test_at": fields.Datetime.now(),
                "test_problem": finding.problem or False,
                "test_message": finding.message,
                "test_requested_by": False,
            }
        )
        self._store_balance(finding.balance)
        if state == "done" and self.is_balance_low:
            self.write({"test_problem": "balance"})
        self._tell(user, state, finding.message)

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
