from decimal import Decimal as D

from odoo import fields
from odoo.addons.pg_base.outcomes import NotSent, Rejected, Throttled, Unknown
from odoo.addons.pg_catalog.models.pg_supplier_health import LOW_BALANCE
from odoo.addons.pg_catalog.ports import Balance, OperatorStatus
from odoo.tests import tagged

from .common import CatalogueCase


@tagged("post_install", "-at_install", "pg")
class TestHealth(CatalogueCase):
    def balance(self, amount, currency="USD"):
        self.supplier._store_balance(Balance(D(amount), currency))

    def alerts(self):
        return self.supplier.activity_search([LOW_BALANCE])

    def status(self, code):
        operator = self.supplier.env["pg.operator"].search(
            [("code", "=", code), ("supplier_id", "=", self.supplier.id)]
        )
        return operator.status, operator.status_message

    # === BALANCE === #

    def test_alert_and_its_end(self):
        user = self.users[self.seller, "admin"]
        self.supplier.responsible_id = user
        self.supplier.balance_threshold = 100
        self.balance("100.00")
        self.assertFalse(self.alerts())
        self.balance("99.99")
        self.balance("50.00")
        self.assertTrue(self.supplier.is_balance_low)
        self.assertEqual(len(self.alerts()), 1)
        self.assertEqual(self.alerts().user_id, user)
        self.balance("100.00")
        self.assertFalse(self.alerts())
        self.assertFalse(self.supplier.is_balance_low)
        self.assertIn("again", self.supplier.message_ids[0].body)

    def test_another_threshold_is_judged_at_once(self):
        self.balance("50.00")
        self.assertTrue(self.supplier.is_balance_low)
        self.supplier.balance_threshold = 0
        self.assertFalse(self.supplier.is_balance_low or self.alerts())

    def test_who_is_alerted(self):
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        users = own._get_alert_users()
        self.assertIn(self.users[self.seller, "admin"], users)
        self.assertNotIn(self.users[self.seller, "manager"], users)
        self.assertNotIn(self.users[self.other_seller, "admin"], users)
        shared = self.supplier._get_alert_users()
        self.assertNotIn(self.users[self.seller, "admin"], shared)

    def test_no_answer_and_odd_currency_change_nothing(self):
        self.balance("50.00")
        for balance in (None, Balance(D(7), "???")):
            self.supplier._store_balance(balance)
            self.assertEqual(self.supplier.balance, 50)

    # === OPERATORS === #

    def test_status_is_written_where_it_changed(self):
        write = self.supplier._write_status
        now = fields.Datetime.now()
        up, down = OperatorStatus("DCPG", True), OperatorStatus("BMPG", False, "Works on cables")
        self.assertEqual(write([up, down], now), 2)
        self.assertEqual(write([up, down], now), 0)
        self.assertEqual(self.status("DCPG"), ("up", False))
        self.assertEqual(self.status("BMPG"), ("down", "Works on cables"))
        self.assertEqual(write([up], now), 1)
        self.assertEqual(self.status("BMPG"), (False, False))

    def test_an_old_status_is_dropped_when_nobody_answers(self):
        self.supplier._store_operator_status([OperatorStatus("DCPG", True)])
        self.supplier._store_operator_status(None)
        self.assertEqual(self.status("DCPG")[0], "up")
        self.supplier.operators_checked_at = fields.Datetime.subtract(
            fields.Datetime.now(), hours=2
        )
        self.supplier._store_operator_status(None)
        self.assertFalse(self.status("DCPG")[0])

    # === WORDS === #

    def test_what_is_wrong(self):
        for error, problem in (
            (NotSent("x", code="AuthenticationFailed", status=401), "credentials"),
            (NotSent("x", status=403), "firewall"),
            (NotSent("No connection could be made: ConnectTimeout"), "network"),
            (Unknown("No whole answer came back: ReadTimeout"), "network"),
            (Unknown("x", status=500), "service"),
            (Throttled("x"), "limit"),
            (Rejected("x", code="ParameterInvalid"), "refused"),
            (Rejected("x", code="InsufficientBalance", temporary=True), "balance"),
        ):
            with self.subTest(error=error):
                found, sentence = self.supplier._explain(error)
                self.assertEqual(found, problem)
                self.assertIn(error.message, sentence)

    def test_a_trial_send_tells_an_address_rule(self):
        finding = self.supplier._judge_trial(NotSent("x", status=401), "works", None)
        self.assertEqual(finding.problem, "address")
        finding = self.supplier._judge_trial(Rejected("x", code="ProviderError"), "works", None)
        self.assertEqual((finding.problem, finding.message), ("", "works"))
        unclear = self.supplier._judge_trial(Unknown("x", status=500), "works", None)
        self.assertEqual(unclear.problem, "service")
