from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestAccess(TopupCase):
    def test_own_organisation_only(self):
        mine = self.sell()
        self.dispatch()
        for model in ("pg.topup", "pg.topup.attempt", "pg.topup.event"):
            for role in ("viewer", "operator", "manager", "admin"):
                Model = self.as_user(self.env[model], role)
                other = self.as_user(self.env[model], role, self.other_seller)
                self.assertTrue(Model.search_count([]), (model, role))
                self.assertEqual(other.search_count([]), 0, (model, role))
        with self.assertRaises(AccessError):
            self.as_user(mine, "admin", self.other_seller).read(["number"])

    def test_nobody_creates_or_writes(self):
        topup = self.sell()
        for model in ("pg.topup", "pg.topup.attempt", "pg.topup.event"):
            for role in ("viewer", "operator", "manager", "admin"):
                Model = self.as_user(self.env[model], role)
                for right in ("create", "write", "unlink"):
                    self.assertFalse(Model.has_access(right), (model, role, right))
        self.assertFalse(
            self.env["pg.topup"].with_user(self.env.ref("base.public_user")).has_access("read")
        )
        self.assertEqual(topup.state, "paid")

    def test_buttons_by_role(self):
        topup = self.place()
        for role in ("viewer",):
            with self.assertRaises(AccessError):
                self.as_user(topup, role).action_cancel()
        with self.assertRaises(AccessError):
            self.as_user(topup, "admin", self.other_seller).action_cancel()
        self.assertEqual(topup.state, "pending")
        self.as_user(topup, "operator").action_cancel()
        self.assertEqual(topup.state, "cancelled")

    def test_refund_again_only_for_managers_and_only_when_it_failed(self):
        topup = self.sell()
        self.dispatch()
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_refund_again()
        with self.assertRaises(UserError):
            self.as_user(topup, "manager").action_refund_again()
        self.assertEqual(topup.refund_state, "none")
        self.assertFalse(topup.payment_tx_id.child_transaction_ids)

    def test_token_is_not_for_staff(self):
        topup = self.place()
        with self.assertRaises(AccessError):
            self.as_user(topup, "admin").read(["access_token"])
