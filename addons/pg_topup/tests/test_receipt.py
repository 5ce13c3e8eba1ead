import io

from odoo.tests import tagged
from PyPDF2 import PdfReader

from .common import REFUSED, TopupCase


@tagged("post_install", "-at_install", "pg")
class TestCustomerView(TopupCase):
    def text(self, topup):
        reader = PdfReader(io.BytesIO(topup._render_receipt_pdf()))
        self.assertEqual(len(reader.pages), 1)
        return reader.pages[0].extract_text()

    def test_receipt_names_everything(self):
        topup = self.sell()
        self.dispatch()
        text = self.text(topup)
        for part in (
            topup.name,
            "+675 7012 3456",
            "Digicel",
            "22.00",
            topup.transfer_ref,
            topup.payment_tx_id.reference,
            topup.payment_tx_id.gateway_receipt,
            "Seller One",
            "Delivered",
        ):
            self.assertIn(part, text)
        self.assertNotIn(topup.access_token, text)

    def test_long_and_foreign_names_fit(self):
        self.seller.name = "Ānanda & Söhne <b>Übersee</b> Télécommunications " * 3
        topup = self.sell()
        self.assertIn(topup.name, self.text(topup))

    def test_status_tells_the_truth(self):
        topup = self.place()
        self.assertEqual(topup._get_public_status()["state"], "pending")
        self.pay(topup)
        status = topup._get_public_status()
        self.assertEqual((status["state"], status["final"]), ("paid", False))
        self.dispatch()
        status = topup._get_public_status()
        self.assertEqual((status["state"], status["final"]), ("completed", True))
        self.assertEqual([step["done"] for step in status["steps"]], [True] * 4)

    def test_status_of_a_refund(self):
        topup = self.sell(REFUSED)
        self.dispatch()
        status = topup._get_public_status()
        self.assertEqual((status["state"], status["final"]), ("failed", False))
        self.assertIn(status["refund"]["state"], ("due", "requested"))
        self.assertFalse(status["refund"]["at"])
        self.refund(topup)
        status = topup._get_public_status()
        self.assertEqual((status["state"], status["final"]), ("refunded", True))
        self.assertEqual(status["refund"]["state"], "done")
        self.assertTrue(status["refund"]["at"] and status["refund"]["gateway"])
        self.assertEqual(
            [(step["key"], step["done"]) for step in status["steps"]],
            [(key, True) for key in ("placed", "paid", "sent", "failed", "refunded")],
        )

    def test_token_opens_only_its_own_topup(self):
        topup, Topup = self.place(), self.env["pg.topup"]
        self.assertEqual(Topup._from_token(self.seller, topup.access_token), topup)
        self.assertFalse(Topup._from_token(self.other_seller, topup.access_token))
        for token in ("", "x", "x" * 32, "x" * 4000, None, 5, topup.access_token[:-1]):
            self.assertFalse(Topup._from_token(self.seller, token))
