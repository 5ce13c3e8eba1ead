from odoo.addons.pg_base.fields import MASK
from odoo.addons.pg_dingconnect.adapter import DingConnectPort
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import DingCase


@tagged("post_install", "-at_install", "pg")
class TestSupplier(DingCase):
    def run_cron(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"pg_catalog.{name}").method_direct_trigger()
        self.env.invalidate_all()

    # === ADDRESS AND KEY === #

    def test_live_only_at_the_real_host(self):
        for url in (
            self.url,
            "https://example.com",
            "https://dingconnect.com.example.com",
            "http://api.dingconnect.com",
            "https://evildingconnect.com",
        ):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self.supplier.write({"environment": "live", "base_url": url})
        self.supplier.write({"environment": "live", "base_url": "https://api.dingconnect.com"})
        self.supplier.write({"environment": "live", "base_url": False})
        self.assertIsInstance(self.supplier._get_port(), DingConnectPort)

    def test_test_address(self):
        for url in ("http://example.com", "ftp://127.0.0.1", "nonsense"):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self.supplier.base_url = url
        self.supplier.base_url = "https://example.com/ding"

    def test_address_is_checked_again_before_use(self):
        self.env.cr.execute(
            "UPDATE pg_supplier SET environment = 'live' WHERE id = %s", [self.supplier.id]
        )
        self.env.invalidate_all()
        with self.assertRaises(ValidationError):
            self.supplier._get_port()

    def test_key_is_masked_and_kept_from_others(self):
        self.assertEqual(self.supplier.ding_api_key, MASK)
        own = self.env["pg.supplier"].create({"name": "Own", "company_id": self.seller.id})
        admin = self.as_user(own, "admin")
        admin.write({"code": "dingconnect", "ding_api_key": "planted-key"})
        self.assertEqual(admin.read(["ding_api_key"])[0]["ding_api_key"], MASK)
        for role in ("viewer", "operator", "manager"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(own, role).read(["ding_api_key"])

    def test_without_key(self):
        self.supplier.ding_api_key = False
        with self.assertRaisesRegex(UserError, "Enter the API key"):
            self.supplier._get_port()

    # === BACKGROUND WORK === #

    def test_sync_button_wakes_the_cron_and_calls_nobody(self):
        self.supplier.action_sync()
        self.assertEqual(self.calls("GetProducts"), [])
        self.assertEqual(self.supplier.sync_requested_by, self.env.user)
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(len(self.calls("GetProducts")), 1)
        self.assertEqual(self.supplier.sync_state, "done")
        self.assertFalse(self.supplier.sync_requested_by)
        self.assertIn(" new, 0 changed", self.supplier.sync_message)

    def test_cron_leaves_fresh_ones_alone(self):
        self.supplier._sync_catalogue()
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(len(self.calls("GetProducts")), 1)

    def test_failed_sync_is_told_and_the_catalogue_stays(self):
        self.supplier._sync_catalogue()
        count = self.supplier.sku_count
        self.supplier.action_sync()
        self.fault("html_403", on="GetProducts")
        self.run_cron("cron_sync_catalogue")
        self.assertEqual(self.supplier.sync_state, "failed")
        self.assertIn("firewall", self.supplier.sync_message)
        self.assertEqual(self.supplier.sku_count, count)

    def test_connection_test(self):
        self.supplier.action_test_connection()
        self.assertEqual(self.calls("GetBalance"), [])
        self.run_cron("cron_test_connection")
        self.assertEqual(self.supplier.test_state, "done")
        self.assertIn("USD", self.supplier.test_message)
        self.assertEqual(self.supplier.currency_id.name, "USD")
        self.assertGreater(self.supplier.balance, 0)

    def test_connection_test_says_what_is_wrong(self):
        self.supplier.ding_api_key = "ding_test_wrong"
        self.supplier.action_test_connection()
        self.run_cron("cron_test_connection")
        self.assertEqual(self.supplier.test_state, "failed")
        self.assertIn("AuthenticationFailed", self.supplier.test_message)
        self.assertNotIn("ding_test_wrong", self.supplier.test_message)
