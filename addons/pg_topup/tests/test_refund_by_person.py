from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install", "pg")
class TestRefundByPerson(TopupCase):
    def test_never_beside_a_send(self):
        topup = self.sell()
        payment = self.as_user(topup.payment_tx_id, "manager")
        with self.assertRaises(UserError):
            payment._pg_refund_by_person(1.0, "Changed mind")
        self.assertFalse(topup.payment_tx_id.child_transaction_ids)
        self.run_until(topup, "completed")
        payment._pg_refund_by_person(1.0, "Goodwill")
        self.refund(topup)
        self.assertEqual(topup.payment_tx_id.child_transaction_ids.mapped("state"), ["done"])
        self.assertEqual(topup.state, "completed")
        self.assertEqual(self.kinds(topup).count("refunded"), 1)
        self.assertIn("Goodwill", " ".join(topup.event_ids.mapped("text")))
