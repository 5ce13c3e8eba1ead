from dataclasses import dataclass

from odoo import api, fields, models
from odoo.addons.pg_base.outcomes import NotSent, OutsideError, Rejected, Throttled, Unknown
from odoo.addons.pg_base.tools import money, steps
from odoo.exceptions import UserError

from ..ports import Balance, TransferRequest

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
    """ "Test connection": what works, and what is wrong if it does not."""

    _inherit = "pg.supplier"

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
        if error.code == "InsufficientBalance":
            return "balance", self.env._("The account has no money for it: %(why)s.", why=detail)
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
        self._store_balance(finding.balance)
        problem, message = finding.problem, finding.message
        if not problem and self.is_balance_low:
            problem = "balance"
            message += self.env._(
                ", below %(threshold)s. Fund the account: sends fail when it is used up.",
                threshold=self.currency_id.format(self.balance_threshold),
            )
        self.write(
            {
                "test_state": state,
                "test_at": fields.Datetime.now(),
                "test_problem": problem or False,
                "test_message": message,
                "test_requested_by": False,
            }
        )
        self._tell(user, "failed" if problem else state, message)
