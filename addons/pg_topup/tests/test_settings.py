from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestSettings(TopupCase):
    """A seller's admin sets up the own organisation, and no other one."""

    def open(self, role="admin", company=None):
        model = self.as_user(self.env["pg.seller.settings"], role, company)
        return model.browse(model.action_open()["res_id"])

    def test_admin_changes_the_own_organisation(self):
        settings = self.open()
        self.assertEqual(settings.pg_undo_seconds, self.seller.pg_undo_seconds)
        settings.write({"pg_undo_seconds": 30, "pg_notify_sms": True, "pg_sms_failed": "{order}"})
        self.assertEqual(
            (self.seller.pg_undo_seconds, self.seller.pg_notify_sms, self.seller.pg_sms_failed),
            (30, True, "{order}"),
        )
        self.assertEqual(self.other_seller.pg_undo_seconds, 0)
        said = self.env["pg.audit.log"].search([("action", "=", "organisation.changed")], limit=1)
        self.assertEqual((said.company_id, said.user_id), (self.seller, settings.env.user))
        self.assertIn("Undo window (s): 0 → 30", said.details)
        settings.write({"pg_undo_seconds": 30})
        count = self.env["pg.audit.log"].search_count([("action", "=", "organisation.changed")])
        self.assertEqual(count, 1, "nothing changed, nothing said")

    def test_nobody_else(self):
        for role in ("viewer", "operator", "manager"):
            with self.assertRaises(AccessError):
                self.open(role)
        settings = self.open()
        stranger = self.as_user(settings, "admin", self.other_seller)
        with self.assertRaises(AccessError):
            stranger.write({"pg_undo_seconds": 5})
        model = self.as_user(self.env["pg.seller.settings"], "admin", self.other_seller)
        with self.assertRaises(AccessError):
            model.create({"company_id": self.seller.id, "pg_undo_seconds": 5})
        settings.write({"company_id": self.other_seller.id, "pg_undo_seconds": 7})
        self.assertEqual((self.seller.pg_undo_seconds, self.other_seller.pg_undo_seconds), (7, 0))
        with self.assertRaises(AccessError):
            self.as_user(self.seller, "admin").write({"pg_undo_seconds": 1})

    def test_what_a_company_refuses_is_refused_here(self):
        settings = self.open()
        foreign = self.as_user(self.env["mail.template"], "admin", self.other_seller).create(
            {"name": "Theirs", "model_id": self.env["ir.model"]._get_id("pg.topup")}
        )
        strange = self.env["mail.template"].create(
            {"name": "Strange", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        for values in (
            {"pg_brand_color": "green"},
            {"pg_sms_failed": "{nobody}"},
            {"pg_template_failed_id": foreign.id},
            {"pg_template_failed_id": strange.id},
        ):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                settings.write(values)
        self.assertFalse(self.seller.pg_template_failed_id)
