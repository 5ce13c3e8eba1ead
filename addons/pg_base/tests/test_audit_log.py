from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BaseCase


@tagged("post_install", "-at_install", "pg")
class TestAuditLog(BaseCase):
    """Lines are added by the system, read by admins of the seller, and stay."""

    def setUp(self):
        super().setUp()
        self.Log = self.env["pg.audit.log"]
        Log = self.as_user(self.Log, "admin")
        self.line = Log._log("company.changed", self.seller, "Tagline", company=self.seller)

    def test_line_names_who_and_what(self):
        line = self.line.sudo()
        self.assertEqual(line.user_id, self.users[self.seller, "admin"])
        self.assertEqual(line.company_id, self.seller)
        self.assertEqual((line.res_model, line.res_id), ("res.company", self.seller.id))
        self.assertIn("Seller One", line.resource)
        self.assertFalse(line.ip, "There is no request")

    def test_read_by_own_admins_only(self):
        self.assertEqual(self.as_user(self.Log, "admin").search([]), self.line)
        self.assertFalse(self.as_user(self.Log, "admin", self.other_seller).search([]))
        for role in ("viewer", "operator", "manager"):
            with self.assertRaises(AccessError):
                self.as_user(self.Log, role).search([])

    def test_nobody_adds_changes_or_deletes(self):
        values = {"user_id": self.env.uid, "action": "x", "resource": "x"}
        for log in (
            self.as_user(self.Log, "admin"),
            self.Log.with_user(self.env.ref("base.user_admin")),
        ):
            with self.assertRaises(AccessError):
                log.create(values)
            for change in (lambda line: line.write({"details": "y"}), lambda line: line.unlink()):
                with self.assertRaises(AccessError):
                    change(self.line.with_env(log.env))
        with self.assertRaises(AccessError):
            self.line.sudo().write({"details": "y"})
        with self.assertRaises(AccessError):
            self.line.sudo().unlink()
        self.assertEqual(self.line.sudo().details, "Tagline")

    def test_kept_for_90_days(self):
        old = self.Log.sudo().create(
            {
                "create_date": fields.Datetime.now() - timedelta(days=91),
                "user_id": self.env.uid,
                "company_id": self.seller.id,
                "action": "old",
                "resource": "old",
            }
        )
        self.Log._gc_old()
        self.assertFalse(old.exists())
        self.assertTrue(self.line.exists())
