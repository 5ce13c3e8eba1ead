import json
import logging
from datetime import timedelta

from odoo import fields
from odoo.addons.pg_base.fields import MASK
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_pgpay import PgpayCase

PLANTED = {
    "client_id": "pk_test_planted_in_the_dialog",
    "secret_key": "planted-secret-key-of-the-dialog",
    "webhook_secret": "planted-webhook-secret-of-dialog",
}


@tagged("post_install", "-at_install", "pg")
class TestSettings(PgpayCase):
    """The seller's page: switches, credentials that only go in, health, an audit line for all."""

    def open_dialog(self, role="admin", company=None, provider=None, **values):
        Setup = self.as_user(self.env["pg.gateway.setup"], role, company)
        provider = provider or self.provider
        return Setup.with_context(default_provider_id=provider.id).create(values)

    def fill(self, account=None, **values):
        account = account or self.account
        return {
            "client_id": account["key_id"],
            "secret_key": account["secret"],
            "webhook_secret": account["webhook_secret"],
            **values,
        }

    def find_lines(self):
        return self.env["pg.audit.log"].search(
            [("res_model", "=", "payment.provider"), ("res_id", "=", self.provider.id)]
        )

    # === DIALOG === #

    def test_dialog_shows_nothing_that_is_kept(self):
        dialog = self.open_dialog()
        row = dialog.read()[0]
        self.assertEqual((row["mode"], row["profile"]), ("test", "pgpay"))
        self.assertEqual(row["api_base"], self.sandbox.pgpay_url)
        for name in PLANTED:
            self.assertFalse(row[name])

    def test_saved_once_the_gateway_accepts_it(self):
        account = self.sandbox.create_account("pgpay")
        self.addCleanup(self.sandbox.delete_account, account)
        dialog = self.open_dialog(**self.fill(account))
        dialog.action_save()
        self.assertEqual(self.provider._pg_reveal("pg_client_id"), account["key_id"])
        self.assertEqual(self.provider._pg_reveal("pg_secret_key"), account["secret"])
        self.assertEqual(self.provider._pg_reveal("pg_webhook_secret"), account["webhook_secret"])
        self.assertFalse(dialog.exists(), "What was typed is not kept in the dialog")

    def test_nothing_is_saved_when_it_does_not_work(self):
        before = self.provider._pg_get_account()
        lines = len(self.find_lines())
        refused = [
            self.fill(secret_key="wrong"),
            self.fill(client_id="pk_test_nobody"),
            self.fill(mode="live"),
            self.fill(api_base="http://pgpay.example.com"),
            self.fill(api_base="http://127.0.0.1:9"),
            {"profile": "pgecom", "api_base": self.sandbox.pgecom_url},
            {"api_base": f"{self.sandbox.base_url}/elsewhere"},
        ]
        for values in refused:
            dialog = self.open_dialog(**values)
            for action in (dialog.action_test, dialog.action_save):
                with self.subTest(values), self.assertRaises(UserError):
                    action()
        self.assertEqual(self.provider._pg_get_account(), before)
        self.assertEqual(len(self.find_lines()), lines)

    def test_empty_fields_keep_what_is_kept(self):
        before = self.provider._pg_get_account()
        self.open_dialog().action_save()
        self.assertEqual(self.provider._pg_get_account(), before)
        dialog = self.open_dialog(client_id=MASK, secret_key=MASK)
        dialog.action_save()
        self.assertEqual(self.provider._pg_get_account(), before)

    def test_trying_keeps_nothing(self):
        account = self.sandbox.create_account("pgpay")
        self.addCleanup(self.sandbox.delete_account, account)
        before = self.provider._pg_get_account()
        dialog = self.open_dialog(**self.fill(account))
        dialog.action_test()
        self.assertIn("works", dialog.result)
        self.assertEqual(self.provider._pg_get_account(), before)

    def test_other_dialect_in_one_go(self):
        account = self.sandbox.create_account("pgecom")
        self.addCleanup(self.sandbox.delete_account, account)
        self.open_dialog(
            profile="pgecom",
            client_id=account["user_id"],
            secret_key=account["api_token"],
            api_base=self.sandbox.pgecom_url,
        ).action_save()
        self.assertEqual(self.provider.payment_method_ids.mapped("code"), ["pgpay_pgecom"])
        self.assertEqual(self.provider.pg_currency_text, "HTG, USD")

    # === RIGHTS === #

    def test_admins_of_the_seller_only(self):
        for role, company in (("manager", None), ("admin", self.other_seller)):
            with self.assertRaises(AccessError):
                self.open_dialog(role, company, **self.fill()).action_save()
            provider = self.as_user(self.provider, role, company)
            for action in (
                provider.action_pg_open_setup,
                provider.action_pg_test_connection,
                provider.action_pg_open_events,
                lambda provider=provider: provider.write({"pg_is_on": False}),
            ):
                with self.assertRaises(AccessError):
                    action()
        self.assertEqual(self.provider.state, "test")
        admin = self.as_user(self.provider, "admin")
        self.assertEqual(admin.action_pg_open_setup()["res_model"], "pg.gateway.setup")
        Provider = self.as_user(self.env["payment.provider"], "admin")
        self.assertNotIn(self.find_provider(self.other_seller, "pgpay"), Provider.search([]))

    def test_dialog_about_an_account_of_others_tells_nothing(self):
        Setup = self.as_user(self.env["pg.gateway.setup"], "admin", self.other_seller)
        dialog = Setup.create({"provider_id": self.provider.id, "mode": "test"})
        for name in ("code", "has_client_id"):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                dialog.read([name])

    def test_dialogs_of_others_are_not_read(self):
        dialog = self.open_dialog(**self.fill())
        with self.assertRaises(AccessError):
            self.as_user(dialog, "admin", self.other_seller).read(["mode"])

    def test_kept_credentials_go_to_no_other_address(self):
        admin = self.as_user(self.provider, "admin")
        moves = [{"pg_api_base": "https://evil.example.com"}, {"pg_profile": "pgecom"}]
        for values in moves:
            for more in ({}, {"pg_secret_key": MASK}, {"pg_secret_key": False}):
                with self.assertRaises(UserError):
                    admin.write({**values, **more})
        calls = len(self.sandbox.calls(self.account))
        dialog = self.open_dialog(api_base=f"{self.sandbox.base_url}/elsewhere")
        with self.assertRaises(UserError):
            dialog.action_test()
        self.assertEqual(len(self.sandbox.calls(self.account)), calls)
        self.assertEqual(self.provider.pg_api_base, self.sandbox.pgpay_url)
        admin.write({"pg_api_base": "http://127.0.0.1:9", "pg_secret_key": "typed-again"})
        self.assertEqual(self.provider._pg_reveal("pg_secret_key"), "typed-again")

    # === SWITCHES === #

    def test_switch(self):
        admin = self.as_user(self.provider, "admin")
        admin.pg_is_on = False
        self.assertEqual((self.provider.state, self.provider.is_published), ("disabled", False))
        admin.pg_is_on = True
        self.assertEqual(self.provider.state, "test")
        self.assertFalse(self.provider.is_published, "A test gateway is shown on purpose only")
        admin.is_published = True
        self.assertTrue(self.provider.is_published)

    def test_live_mode_is_kept_while_it_is_off(self):
        values = {"pg_client_id": "pk_live_x", "pg_api_base": "https://api.pgpay.example"}
        self.provider.write({"state": "enabled", **values})
        self.assertTrue(self.provider.pg_is_live and self.provider.is_published)
        admin = self.as_user(self.provider, "admin")
        admin.pg_is_on = False
        admin.pg_is_on = True
        self.assertEqual((self.provider.state, self.provider.is_published), ("enabled", True))

    # === WHAT IT SHOWS === #

    def test_health_of_the_webhook(self):
        admin = self.as_user(self.provider, "admin")
        self.assertEqual(admin.pg_webhook_health, "silent")
        tx = self.create_open_tx()
        self.sandbox.add_fault(self.account, "GET /v1/payments/*", "http_500")
        with mute_logger("odoo.addons.pg_payments.models.pg_payment_event"):
            self.post_event(self.find_event("payment.pending", tx))
        self.assertEqual(admin.pg_webhook_health, "error")
        self.assertIn("Unknown", admin.pg_last_error)
        self.pay(tx, "approve")
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(admin.pg_webhook_health, "good")
        self.assertTrue(admin.pg_last_event_at)
        self.provider.pg_webhook_secret = False
        admin.invalidate_recordset()
        self.assertEqual(admin.pg_webhook_health, "deaf")

    def test_news_that_does_not_arrive_is_seen(self):
        """A wrong signing secret leaves nothing in the inbox, but payments without news."""
        admin = self.as_user(self.provider, "admin")
        self.provider.pg_webhook_secret = "not-the-one"
        tx = self.create_paid_tx()
        with mute_logger("odoo.addons.pg_payments.controllers.webhook"):
            answer = self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(admin.pg_webhook_health, "silent", "It may still come")
        tx.last_state_change = fields.Datetime.now() - timedelta(minutes=11)
        admin.invalidate_recordset()
        self.assertEqual(admin.pg_webhook_health, "unheard")
        self.assertIn(tx.reference, admin.pg_last_error)
        self.provider.pg_webhook_secret = self.account["webhook_secret"]
        self.post_event(self.find_event("payment.succeeded", tx))
        self.assertEqual(admin.pg_webhook_health, "good")
        self.assertFalse(admin.pg_last_error)

    def test_fees_and_currencies(self):
        for amount in (100.0, 50.0):
            self.create_paid_tx(amount=amount)
        admin = self.as_user(self.provider, "admin")
        self.assertIn("2.25", admin.pg_fee_text)
        self.assertEqual(admin.pg_paid_count, 2)
        self.assertEqual(admin.pg_currency_text, "PGK")
        stripe = self.find_provider(self.seller, "stripe_checkout")
        self.assertEqual(self.as_user(stripe, "admin").pg_currency_text.split()[0], "As")

    def test_page_opens_for_an_admin(self):
        action = self.env.ref("pg_payments.action_payment_provider_ours")
        Provider = self.as_user(self.env["payment.provider"], "admin")
        for view in action.view_ids:
            views = Provider.get_views([(view.view_id.id, view.view_mode)])
            self.assertIn(view.view_mode, views["views"])
        Setup = self.as_user(self.env["pg.gateway.setup"], "admin")
        self.assertTrue(Setup.get_views([(False, "form")]))

    # === AUDIT === #

    def test_each_change_leaves_a_line_without_the_value(self):
        before = self.find_lines()
        admin = self.as_user(self.provider, "admin")
        admin.write({"pg_webhook_secret": "planted-in-the-audit", "maximum_amount": 500.0})
        admin.pg_is_on = False
        lines = self.find_lines() - before
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines.user_id, self.users[self.seller, "admin"])
        self.assertEqual(lines.company_id, self.seller)
        text = "\n".join(lines.mapped("details"))
        self.assertIn("Webhook signing secret: changed", text)
        self.assertIn("500.0", text)
        self.assertIn("Test Mode → Disabled", text)
        self.assertNotIn("planted", text)
        admin.write({"pg_webhook_secret": MASK})
        self.assertEqual(self.find_lines() - before, lines, "Nothing has changed")
        seen = self.as_user(self.env["pg.audit.log"], "admin").search([("id", "in", lines.ids)])
        self.assertEqual(seen, lines)
        other = self.as_user(self.env["pg.audit.log"], "admin", self.other_seller)
        self.assertFalse(other.search([("id", "in", lines.ids)]))

    # === SECRETS === #

    def test_planted_secrets_come_out_nowhere(self):
        key, secret = self.account["key_id"], self.account["secret"]
        planted = (key, secret, self.account["webhook_secret"], *PLANTED.values())
        self.users[self.seller, "admin"].group_ids |= self.env.ref("base.group_allow_export")
        found = []
        with self.assertLogs(level=logging.DEBUG) as logs:
            tx = self.create_paid_tx()
            self.post_event(self.find_event("payment.succeeded", tx))
            dialog = self.open_dialog(**PLANTED)
            for action in (dialog.action_test, dialog.action_save):
                with self.assertRaises(UserError) as caught:
                    action()
                found.append(str(caught.exception))
            admin = self.as_user(self.provider, "admin")
            plain = ("char", "text", "selection", "boolean", "json", "datetime")
            names = [name for name, field in admin._fields.items() if field.type in plain]
            found += [str(admin.read()), str(admin.export_data(names)["datas"])]
            found += [str(dialog.read()), str(dialog.export_data(list(PLANTED))["datas"])]
            found.append(json.dumps(dialog.web_read({name: {} for name in PLANTED})))
            self.env.flush_all()
            for table in ("payment_provider", "pg_gateway_setup", "pg_audit_log", "mail_message"):
                self.env.cr.execute(f'SELECT * FROM "{table}"')
                found.append(str(self.env.cr.fetchall()))
        found += [line for line in logs.output if "odoo.sql_db" not in line]
        text = "\n".join(found)
        for value in planted:
            self.assertNotIn(value, text)
        self.assertNotIn("70001234", "\n".join(logs.output))
        self.assertIn(MASK, text)
