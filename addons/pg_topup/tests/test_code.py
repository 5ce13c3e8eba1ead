import io
import json
import logging

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from PyPDF2 import PdfReader

from .common import TopupCase

VOUCHER = "4RPG39343"


@tagged("post_install", "-at_install", "pg")
class TestCode(TopupCase):
    """A PIN or voucher: for its buyer only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sku = cls.env["pg.sku"].search(
            [("supplier_id", "=", cls.supplier.id), ("code", "=", VOUCHER)]
        )
        cls.voucher = cls.env["product.template"].create(
            {
                "name": "Roblox 10 USD",
                "type": "service",
                "company_id": cls.seller.id,
                "pg_sku_id": sku.id,
                "pg_margin_percent": 10,
            }
        )

    def sell_code(self, **values):
        topup = self.sell(offer=self.voucher, send_value=None, **values)
        self.dispatch()
        return topup

    def code_of(self, topup):
        [transfer] = self.transfers(topup)
        return transfer["pin"]

    def test_bought_for_nobody_and_shown_to_the_buyer(self):
        topup = self.place(offer=self.voucher, send_value=None)
        self.assertIsNone(topup._get_public_status()["pin"])
        self.pay(topup)
        self.assertIsNone(topup._get_public_status()["pin"])
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        [transfer] = self.transfers(topup)
        self.assertEqual(transfer["account_number"], "0000000000")
        shown = topup._get_public_status()["pin"]
        self.assertEqual(shown["code"], transfer["pin"])
        self.assertIn(transfer["pin"], shown["text"])
        self.assertNotIn(topup.number, topup._get_public_status()["detail"])

    def test_clear_text_stands_nowhere(self):
        with self.assertLogs("odoo", logging.DEBUG) as logs:
            topup = self.sell_code(email="buyer@customer.example")
            self.env["pg.topup.notice"]._cron_send()
            self.env.flush_all()
        code = self.code_of(topup)
        self.assertFalse(topup.receipt_text)
        self.assertNotIn(code, "\n".join(logs.output))
        self.assertNotIn(code, json.dumps(topup._prepare_webhook_payload()))
        for table in (
            "pg_topup",
            "pg_topup_attempt",
            "pg_topup_event",
            "pg_supplier_call",
            "pg_ledger_entry",
            "mail_mail",
            "mail_message",
        ):
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{code}%"]
            )
            self.assertEqual(self.env.cr.fetchone(), (0,), table)

    def test_reads_and_exports_are_masked(self):
        topup = self.sell_code()
        code, seen = self.code_of(topup), self.as_user(topup, "admin")
        self.assertNotIn(code, str(seen.read(["pin", "receipt_text"])))
        self.assertNotIn(code, str(seen.export_data(["pin", "receipt_text", "name"])))
        self.assertTrue(getattr(type(topup)._reveal_pin, "_api_private", False))

    def test_receipt_has_it_only_for_the_buyer(self):
        topup = self.sell_code()

        def text(pdf):
            return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)

        code = self.code_of(topup)
        self.assertIn(code, text(topup._render_receipt_pdf(with_code=True)))
        self.assertNotIn(code, text(topup._render_receipt_pdf()))

    def wizard(self, topup, role, reason="The customer lost the page."):
        Wizard = self.as_user(self.env["pg.topup.reveal"], role)
        return Wizard.create({"topup_id": topup.id, "reason": reason})

    def audit_lines(self, topup):
        return self.env["pg.audit.log"].search(
            [("action", "=", "topup.code_shown"), ("res_id", "=", topup.id)]
        )

    def test_a_manager_sees_it_with_a_reason(self):
        topup = self.sell_code()
        answer = self.wizard(topup, "manager").action_show()
        self.assertEqual(answer["params"]["message"], self.code_of(topup))
        line = self.audit_lines(topup)
        self.assertEqual(line.user_id, self.users[self.seller, "manager"])
        self.assertEqual(line.details, "The customer lost the page.")
        self.assertIn("lost the page", str(topup.event_ids.mapped("text")))

    def test_who_may_not(self):
        topup = self.sell_code()
        with self.assertRaises(AccessError):
            self.wizard(topup, "operator")
        with self.assertRaises(AccessError):
            self.as_user(topup, "operator").action_reveal_pin()
        with self.assertRaises(ValidationError):
            self.wizard(topup, "manager", reason="why not").action_show()
        foreign = self.as_user(self.env["pg.topup.reveal"], "manager", self.other_seller)
        with self.assertRaises(AccessError):
            foreign.create({"topup_id": topup.id, "reason": "Not mine at all."}).action_show()
        self.assertFalse(self.audit_lines(topup))

    def test_nothing_to_show(self):
        topup = self.sell()
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        with self.assertRaises(UserError):
            self.wizard(topup, "manager").action_show()
        self.assertFalse(self.audit_lines(topup))

    def test_found_by_the_look_up_after_a_lost_answer(self):
        self.add_fault("lose_answer", times=1)
        topup = self.sell_code()
        self.assertEqual(topup.state, "in_doubt")
        self.run_until(topup, "completed")
        self.assertEqual(topup._reveal_pin()["code"], self.code_of(topup))
        self.assertEqual(len(topup.attempt_ids), 1)

    def test_decided_by_hand_with_and_without_the_code(self):
        for code in ("9876 5432", False):
            with self.subTest(code):
                self.add_fault("http_500_html", times=1)
                topup = self.sell_code()
                self.assertEqual(topup.state, "in_doubt")
                wizard = self.as_user(self.env["pg.topup.resolve"], "manager").create(
                    {
                        "topup_id": topup.id,
                        "decision": "delivered",
                        "transfer_ref": "863784492",
                        "code": code,
                        "reason": "The supplier told us on the phone.",
                    }
                )
                wizard.action_apply()
                shown = topup._reveal_pin()
                self.assertEqual(shown and shown["code"], code or None)
                self.assertEqual(len(topup.activity_ids), 0 if code else 1)
