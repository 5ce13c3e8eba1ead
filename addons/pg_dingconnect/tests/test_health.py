from contextlib import suppress

from odoo.addons.pg_base.outcomes import OutsideError, Throttled
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DingCase


@tagged("post_install", "-at_install", "pg")
class TestHealth(DingCase):
    """Records, budget and health through the supplier, against the sandbox."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier.country_ids = cls.env.ref("base.pg")
        cls.supplier._sync_catalogue()

    def run_cron(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"pg_catalog.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def try_connection(self):
        self.supplier.action_test_connection()
        self.run_cron("cron_test_connection")
        return self.supplier.test_state, self.supplier.test_problem

    # === CALLS === #

    def test_calls_are_kept_with_what_was_seen(self):
        with self.enter_registry_test_mode():
            port = self.supplier._get_port()
            port.lookup_number("+67572345678")
            self.fault("http_500", on="GetBalance", times=5)
            # assertRaises of Odoo would roll back what was stored.
            with suppress(OutsideError):
                port.balance()
        kept = self.supplier.call_ids
        self.assertEqual(
            kept.sorted("id").mapped(lambda call: (call.method, call.outcome, call.status)),
            [("GetAccountLookup", "ok", 200)] + [("GetBalance", "unknown", 500)] * 3,
        )
        seen = [c["correlation"] for c in self.calls("GetAccountLookup")]
        self.assertEqual(kept.sorted("id")[0].mapped("correlation_id"), seen)
        self.env.cr.execute(
            "SELECT * FROM pg_supplier_call WHERE supplier_id = %s", kept.supplier_id.ids
        )
        stored = str(self.env.cr.fetchall())
        for secret in (self.api_key, "67572345678"):
            self.assertNotIn(secret, stored)

    def test_budget_is_shared_by_ports(self):
        self.supplier.calls_per_minute = 2
        with self.enter_registry_test_mode():
            for _number in range(2):
                self.supplier._get_port().balance()
            with self.assertRaises(Throttled):
                self.supplier._get_port().transfer(self.request())
        self.assertEqual((len(self.calls("GetBalance")), self.calls("SendTransfer")), (2, []))
        self.assertEqual(len(self.supplier.call_ids), 2)

    def test_daily_budget_counts_limited_methods(self):
        self.supplier.calls_per_day = 1
        with self.enter_registry_test_mode():
            port = self.supplier._get_port()
            port.lookup_number("67572345678")
            port.balance()
            with self.assertRaises(Throttled):
                port.lookup_number("67572345678")
        self.assertEqual(len(self.calls("GetAccountLookup")), 1)

    def test_limit_of_a_test_agent_of_the_real_service(self):
        self.assertEqual(self.supplier._get_call_limits()["per_day"], 0)
        self.supplier.base_url = False
        self.assertEqual(self.supplier._get_call_limits()["per_day"], 100)
        self.supplier.calls_per_day = 40
        self.assertEqual(self.supplier._get_call_limits()["per_day"], 40)
        self.supplier.write({"environment": "live", "calls_per_day": 0})
        self.assertEqual(self.supplier._get_call_limits()["per_day"], 0)

    # === CONNECTION TEST === #

    def test_all_is_well_and_no_money_moves(self):
        self.assertEqual(self.try_connection(), ("done", False))
        self.assertEqual(len(self.calls("SendTransfer")), 1)
        self.assertEqual(self.executed(), [])

    def test_sending_is_refused_from_here(self):
        self.fault("refuse", code="AuthenticationFailed")
        self.assertEqual(self.try_connection(), ("failed", "address"))
        self.assertIn("address", self.supplier.test_message)

    def test_firewall_network_and_limit(self):
        for kind, problem in (("html_403", "firewall"), ("throttle", "limit")):
            self.fault(kind, on="GetBalance", times=3)
            with self.subTest(kind=kind):
                self.assertEqual(self.try_connection(), ("failed", problem))
            self.sandbox.clear_faults(self.account)
        self.supplier.base_url = "http://127.0.0.1:1/dingconnect"
        self.assertEqual(self.try_connection(), ("failed", "network"))

    def test_low_balance_is_told(self):
        self.supplier.balance_threshold = 5000
        self.assertEqual(self.try_connection(), ("done", "balance"))
        self.assertTrue(self.supplier.activity_ids)
        self.assertRegex(self.supplier.test_message, r"Balance: 1,000.00 USD, below .*5,000.00")
        self.fault("refuse", code="InsufficientBalance")
        self.assertEqual(self.try_connection(), ("failed", "balance"))
        self.assertIn("Reading works, sending does not", self.supplier.test_message)

    # === CRON === #

    def test_health_cron(self):
        self.sandbox.update(self.account, providers_down={"DCPG": "Cable cut"})
        self.addCleanup(self.sandbox.update, self.account, providers_down={})
        self.run_cron("cron_health")
        operators = self.env["pg.operator"].search([("supplier_id", "=", self.supplier.id)])
        down = operators.filtered(lambda operator: operator.status == "down")
        self.assertEqual(down.mapped("code"), ["DCPG"])
        self.assertEqual(down.status_message, "Cable cut")
        self.assertEqual(set((operators - down).mapped("status")), {"up"})
        self.assertEqual(self.supplier.balance, 1000)
        self.assertTrue(self.supplier.operators_checked_at)

    # === OAUTH === #

    def test_sign_in_with_a_client(self):
        self.supplier.write(
            {
                "ding_auth": "oauth",
                "ding_client_id": self.account["client_id"],
                "ding_client_secret": self.account["client_secret"],
            }
        )
        with self.assertRaisesRegex(UserError, "sign-in address"):
            self.supplier._get_port()
        self.supplier.ding_token_url = f"{self.url}/idp/connect/token"
        self.assertEqual(self.try_connection(), ("done", False))
        self.assertEqual(len(self.calls("Token")), 1)
        with self.assertRaises(ValidationError):
            self.supplier.write({"environment": "live", "base_url": False})
        self.supplier.ding_client_secret = False
        with self.assertRaisesRegex(UserError, "client id and secret"):
            self.supplier._get_port()
