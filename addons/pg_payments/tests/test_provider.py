import logging

from odoo.addons.pg_base.fields import MASK
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SECRET, StripeCase

LIVE = "sk_live_" + "x" * 24


@tagged("post_install", "-at_install", "pg")
class TestProvider(StripeCase):
    """The account at the gateway and its credentials."""

    def test_every_seller_has_one_and_it_is_off(self):
        company = self.env["res.company"].create(
            {"name": "Late Seller", "parent_id": self.seller.id}
        )
        Provider = self.env["payment.provider"]
        domain = [("company_id", "=", company.id), ("code", "=", "stripe_checkout")]
        self.assertFalse(Provider.search(domain), "Odoo gives none to a branch")
        company.write({"pg_is_seller": True, "pg_slug": "late-seller"})
        provider = Provider.search(domain)
        self.assertEqual((len(provider), provider.state), (1, "disabled"))
        self.assertFalse(provider.pg_secret_key)
        self.assertTrue(provider.redirect_form_view_id)
        company.pg_is_seller = True
        self.assertEqual(len(Provider.search(domain)), 1)

    def test_keys_stay_on_their_side(self):
        key, base = self.account["secret_key"], self.sandbox.stripe_url
        refused = [
            {"pg_secret_key": LIVE},
            {"pg_secret_key": LIVE, "state": "enabled"},
            {"state": "enabled"},
            {"pg_api_base": "http://stripe.example.com"},
            {"pg_api_base": False, "state": "enabled"},
            {"pg_secret_key": "something", "pg_api_base": False},
        ]
        for values in refused:
            with self.subTest(values), self.assertRaises(ValidationError):
                with self.env.cr.savepoint():
                    self.provider.write(values)
        self.provider.write({"pg_api_base": False})
        self.provider.write({"state": "enabled", "pg_secret_key": LIVE})
        self.provider.write({"state": "test", "pg_secret_key": key, "pg_api_base": base})

    def test_key_is_required(self):
        with self.assertRaises(ValidationError):
            self.provider.pg_secret_key = False

    def test_secrets_are_masked_and_encrypted(self):
        key = self.account["secret_key"]
        admin = self.as_user(self.provider, "admin")
        row = admin.read(["pg_secret_key", "pg_webhook_secret"])[0]
        self.assertEqual((row["pg_secret_key"], row["pg_webhook_secret"]), (MASK, MASK))
        self.users[self.seller, "admin"].group_ids |= self.env.ref("base.group_allow_export")
        exported = admin.export_data(["pg_secret_key"])["datas"]
        self.assertEqual(exported, [[MASK]])
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM payment_provider WHERE id = %s", [self.provider.id])
        row = str(self.env.cr.fetchone())
        self.assertNotIn(key, row)
        self.assertNotIn(SECRET, row)
        with self.assertRaises(AccessError):
            self.as_user(self.provider, "manager").read(["pg_secret_key"])

    def test_secrets_are_in_no_log(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            tx = self.create_paid_tx()
            self.post_event(self.find_event("checkout.session.completed", tx))
            self.provider.pg_secret_key = "sk_test_wrong_key_in_log"
            with self.assertRaises(UserError) as caught:
                self.provider.action_pg_test_connection()
        text = "\n".join(logs.output) + str(caught.exception)
        for secret in (self.account["secret_key"], SECRET, "sk_test_wrong_key_in_log"):
            self.assertNotIn(secret, text)
        self.assertNotIn("mary.kila", "\n".join(x for x in logs.output if "stripe" in x.lower()))

    def test_admin_sets_up_the_own_gateway_only(self):
        provider = self.as_user(self.provider, "admin")
        provider.write({"pg_webhook_secret": "whsec_new", "state": "disabled"})
        self.assertEqual(self.provider._pg_reveal("pg_webhook_secret"), "whsec_new")
        self.assertEqual(self.provider.state, "disabled")
        with self.assertRaises(UserError):
            provider.write({"redirect_form_view_id": False})
        for role, company in (("manager", self.seller), ("admin", self.other_seller)):
            with self.assertRaises(AccessError):
                self.as_user(self.provider, role, company).write({"state": "test"})
        self.assertEqual(self.provider.state, "disabled")

    def test_connection(self):
        action = self.as_user(self.provider, "admin").action_pg_test_connection()
        self.assertEqual(action["params"]["type"], "success")
        with self.assertRaises(AccessError):
            self.as_user(self.provider, "manager").action_pg_test_connection()
        self.provider.pg_secret_key = "sk_test_nobody"
        with self.assertRaises(UserError):
            self.provider.action_pg_test_connection()

    def test_webhook_endpoint_is_registered_and_its_secret_kept(self):
        self.as_user(self.provider, "admin").action_pg_create_webhook()
        (endpoint,) = self.sandbox._items(self.account, "endpoints")
        self.assertEqual(endpoint["url"], self.provider.pg_webhook_url)
        self.assertIn("charge.dispute.closed", endpoint["enabled_events"])
        self.assertEqual(len(endpoint["enabled_events"]), 13)
        self.assertEqual(endpoint["metadata"], {"odoo_provider_id": str(self.provider.id)})
        secret = self.provider._pg_reveal("pg_webhook_secret")
        self.assertTrue(secret.startswith("whsec_"))
        self.assertNotEqual(secret, SECRET)
        self.sandbox.hold_webhooks(self.account)
        self.addCleanup(self.sandbox.webhooks, self.account, hold=False)

    def test_transactions_of_other_sellers_are_not_seen(self):
        tx = self.create_tx()
        Transaction = self.env["payment.transaction"]
        domain = [("id", "=", tx.id)]
        self.assertEqual(self.as_user(Transaction, "viewer").search(domain), tx)
        self.assertFalse(self.as_user(Transaction, "admin", self.other_seller).search(domain))
        with self.assertRaises(AccessError):
            self.as_user(tx, "admin").write({"state": "done"})

    def test_viewer_sees_which_gateway_but_not_its_settings(self):
        tx = self.as_user(self.create_tx(), "viewer")
        (row,) = tx.web_read({"provider_id": {"fields": {"display_name": {}}}})
        self.assertEqual(row["provider_id"]["display_name"], self.provider.display_name)
        with self.assertRaises(AccessError):
            self.as_user(self.provider, "viewer").read(["name"])

    def test_forms_open_for_an_admin(self):
        for model in ("payment.provider", "payment.transaction", "pg.payment.event"):
            views = self.as_user(self.env[model], "admin").get_views([(False, "form")])
            self.assertIn("form", views["views"])

    @mute_logger("odoo.models.unlink")
    def test_reset_forgets_credentials(self):
        self.provider.action_reset_credentials()
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.pg_secret_key)
        self.assertFalse(self.provider.pg_webhook_secret)
        self.assertFalse(self.provider.pg_api_base)
