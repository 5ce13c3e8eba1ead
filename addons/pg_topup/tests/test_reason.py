from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import TopupCase

WHY = "The customer called and wants the money back."


@tagged("post_install", "-at_install", "pg")
class TestReason(TopupCase):
    """What moves money by hand is asked for a reason, and the reason stays."""

    def held(self, count=1):
        topups = self.env["pg.topup"]
        for _count in range(count):
            topups += self.sell()
        for topup in topups:
            topup.write({"review_state": "held", "next_attempt_at": False})
        self.env.flush_all()
        return topups

    def wizard(self, topups, act, reason=WHY, role="manager", company=None):
        """Open the wizard by its button, as the form does."""
        asked = self.as_user(topups, role, company).with_context(pg_act=act)
        context = asked.action_ask_reason()["context"]
        model = self.as_user(self.env["pg.topup.reason"], role, company)
        return model.with_context(**context).create({"reason": reason})

    def said(self, act):
        return self.env["pg.audit.log"].search([("action", "=", f"topup.{act}")])

    def test_refused_with_a_reason_many_at_once(self):
        topups = self.held(2)
        wizard = self.wizard(topups, "refuse")
        self.assertIn("2:", wizard.summary)
        wizard.action_apply()
        self.assertEqual(topups.mapped("state"), ["failed", "failed"])
        for topup in topups:
            self.assertIn(f"Refuse and refund: {WHY}", topup.event_ids.mapped("text"))
        said = self.said("refuse")
        self.assertEqual(set(said.mapped("res_id")), set(topups.ids))
        self.assertEqual(set(said.mapped("details")), {WHY})
        self.assertEqual(said.user_id, self.users[self.seller, "manager"])
        self.dispatch()
        self.assertFalse(topups.attempt_ids, "nothing is sent")

    def test_released(self):
        topup = self.held()
        self.wizard(topup, "release", "I know this customer well.").action_apply()
        self.assertEqual(topup.review_state, "released")
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        with self.assertRaises(UserError):
            self.wizard(topup, "release").action_apply()
        self.assertEqual(len(self.said("release")), 1)

    def test_nothing_without_reason_right_or_choice(self):
        topup = self.held()
        for reason in ("", "   ", "because"):
            with self.assertRaises(ValidationError):
                self.wizard(topup, "refuse", reason).action_apply()
        for role, company in (("operator", None), ("admin", self.other_seller)):
            with self.assertRaises(AccessError):
                self.wizard(topup, "refuse", role=role, company=company)
        for topups, act in ((topup, "unlink"), (topup, None), (topup.browse(), "refuse")):
            with self.assertRaises(UserError):
                self.wizard(topups, act)
        wizard = self.wizard(topup, "refuse")
        with self.assertRaises(AccessError):
            self.as_user(wizard, "admin").action_apply()
        self.assertEqual((topup.state, topup.review_state), ("paid", "held"))
        self.assertFalse(self.said("refuse"))

    def test_what_does_not_fit_leaves_no_trace(self):
        topup = self.sell()
        for act in ("refuse", "release", "refund_held", "send_held", "refund_again"):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.wizard(topup, act).action_apply()
        self.assertFalse([text for text in topup.event_ids.mapped("text") if WHY in text])
