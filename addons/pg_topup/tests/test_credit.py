from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import REFUSED, TopupCase

MAIL = "kila@customer.example"


@tagged("post_install", "-at_install", "pg")
class TestCredit(TopupCase):
    def setUp(self):
        super().setUp()
        self.seller.pg_failure_policy = "credit"

    def credited(self, email=MAIL):
        topup = self.sell(number=REFUSED, email=email)
        self.dispatch(2)
        return topup

    def balance(self, topup):
        return topup.partner_id._pg_credit_balance(self.seller)

    def movements(self, topup):
        return self.env["pg.credit"].search([("partner_id", "=", topup.partner_id.id)])

    def legs(self, topup, kind):
        entry = self.env["pg.ledger.entry"].search(
            [("subject", "=", topup.uuid), ("kind", "=", kind)]
        )
        return {p.account: Decimal(str(p.amount)) for p in entry.posting_ids}

    def test_a_failure_becomes_credit_and_nothing_goes_back(self):
        topup = self.credited()
        self.assertEqual((topup.state, topup.refund_state), ("refunded", "done"))
        self.assertEqual(self.balance(topup), Decimal(str(topup.amount)))
        self.assertEqual(self.movements(topup).mapped("kind"), ["given"])
        amount = Decimal(str(topup.amount))
        self.assertEqual(
            self.legs(topup, "refunded"), {"customer": amount, "gateway:pg_credit": -amount}
        )
        self.env["payment.transaction"]._cron_pg_refunds()
        self.assertFalse(self.sandbox.refunds(self.stripe["id"]))
        self.assertIn("as credit", topup._get_public_status()["detail"])

    def test_without_a_way_to_sign_in_it_is_refunded(self):
        topup = self.credited(email=None)
        self.refund(topup)
        self.assertEqual(topup.state, "refunded")
        self.assertFalse(self.movements(topup))
        self.assertNotIn("as credit", topup._get_public_status()["detail"])

    def test_credit_pays_the_next_one(self):
        first = self.credited()
        topup = self.place(email=MAIL)
        self.assertEqual(topup.partner_id, first.partner_id)
        for _click in range(2):
            topup._pay_with_credit(topup.partner_id)
        self.assertEqual((topup.state, topup.gateway), ("paid", "pg_credit"))
        self.assertEqual(self.balance(topup), 0)
        amount = Decimal(str(topup.amount))
        self.assertEqual(
            self.legs(topup, "paid"), {"gateway:pg_credit": amount, "customer": -amount}
        )
        self.dispatch()
        self.assertEqual(topup.state, "completed")
        self.assertEqual(len(self.transfers(topup)), 1)

    def test_short_credit_pays_nothing(self):
        self.credited()
        topup = self.place(email=MAIL, send_value=Decimal("6"))
        with self.assertRaises(UserError):
            topup._pay_with_credit(topup.partner_id)
        self.assertEqual((topup.state, len(topup.payment_tx_ids)), ("pending", 0))
        self.assertEqual(self.balance(topup), Decimal("22.00"))

    def test_spent_once(self):
        self.credited()
        one, two = self.place(email=MAIL), self.place(email=MAIL)
        one._pay_with_credit(one.partner_id)
        with self.assertRaises(UserError):
            two._pay_with_credit(two.partner_id)
        self.assertEqual((one.state, two.state), ("paid", "pending"))
        self.assertEqual(self.balance(one), 0)

    def test_only_its_owner_and_only_here(self):
        self.credited()
        topup = self.place(email=MAIL)
        stranger = self.env["res.partner"].create({"name": "Stranger", "email": "x@other.example"})
        with self.assertRaises(UserError):
            topup._pay_with_credit(stranger)
        self.assertEqual(topup.partner_id._pg_credit_balance(self.other_seller), 0)
        self.assertEqual(topup.state, "pending")

    def test_paid_by_credit_and_failed_is_credit_again(self):
        self.seller.pg_failure_policy = "credit"
        self.credited()
        self.seller.pg_failure_policy = "refund"
        topup = self.place(number=REFUSED, email=MAIL)
        topup._pay_with_credit(topup.partner_id)
        self.dispatch(2)
        self.assertEqual(topup.state, "refunded")
        self.assertEqual(self.balance(topup), Decimal(str(topup.amount)))
        self.assertEqual(sorted(self.movements(topup).mapped("kind")), ["given", "given", "spent"])
        self.assertFalse(self.sandbox.refunds(self.stripe["id"]))

    def test_a_payment_page_that_was_open_is_closed(self):
        self.credited()
        topup = self.place(email=MAIL)
        page = self.open_payment(topup)
        topup._pay_with_credit(topup.partner_id)
        self.assertEqual((topup.state, page.pg_is_abandoned), ("paid", True))

    def test_a_late_second_payment_goes_back_through_its_gateway(self):
        self.credited()
        topup = self.place(email=MAIL)
        page = self.open_payment(topup)
        self.sandbox.pay(page.pg_checkout_ref, "pay")
        topup._pay_with_credit(topup.partner_id)
        page._pg_refresh("test")
        self.assertTrue(page.pg_refund_due_at)
        self.assertEqual((topup.state, topup.gateway), ("paid", "pg_credit"))

    def test_movements_are_nobodys_to_make_or_change(self):
        topup = self.credited()
        movement = self.movements(topup)
        with self.assertRaises(AccessError):
            self.as_user(movement, "admin").write({"amount": 1000})
        with self.assertRaises(AccessError):
            self.as_user(self.env["pg.credit"], "admin").create({"amount": 1000})
        with self.assertRaises(AccessError):
            movement.write({"amount": 1000})
        with self.assertRaises(UserError):
            movement.unlink()
        foreign = self.as_user(self.env["pg.credit"], "viewer", self.other_seller)
        self.assertFalse(foreign.search([]))
        self.assertEqual(self.as_user(self.env["pg.credit"], "viewer").search([]), movement)
