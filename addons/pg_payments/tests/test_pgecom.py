from odoo.addons.pg_base.outcomes import Rejected
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_pgpay import PgecomCase

WEBHOOK_LOGGER = "odoo.addons.pg_payments.controllers.webhook"
FLAG_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_attention"
CHECKOUT_LOGGER = "odoo.addons.pg_payments.models.payment_transaction_checkout"


@tagged("post_install", "-at_install", "pg")
class TestPgecom(PgecomCase):
    """PGPay's second dialect: pages of PGecom, notices that prove nothing, refunds by hand."""

    def test_page_and_return(self):
        tx = self.create_tx()
        html = tx._get_processing_values()["redirect_form_html"]
        self.assertIn("/pgecom/payment/pgpay/", html)
        order = self.find_order(tx)
        self.assertEqual((order["currency"], order["gourdes"]), ("htg", 55))
        answer = self.pay(tx)
        self.env.flush_all()
        self.url_open(answer["url"], allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual((tx.state, tx.provider_reference), ("done", tx.pg_checkout_ref))

    def test_gourdes_are_compared_not_the_dollars_beside_them(self):
        tx = self.create_open_tx(amount=55.0)
        self.pay(tx)
        state = self.provider._pg_get_gateway().get_payment(checkout_id=tx.pg_checkout_ref)
        self.assertEqual((str(state.amount), state.currency), ("55", "HTG"))
        self.assertNotEqual(self.find_order(tx)["amount"], 55)
        tx._pg_refresh("test")
        self.assertEqual(tx.state, "done")

    @mute_logger(FLAG_LOGGER)
    def test_amount_and_currency_are_compared(self):
        for fault, details in (
            ("wrong_amount", {"amount": 5400}),
            ("wrong_currency", {"code": "usd"}),
        ):
            self.sandbox.add_fault(self.account, "POST /api/pgpay/token", fault, **details)
            tx = self.create_open_tx(amount=55.0)
            self.pay(tx, "close")
            self.post_notice(tx)
            self.assertEqual(tx.state, "error", fault)
            self.assertTrue(tx.pg_attention)

    def test_notice_only_asks(self):
        tx = self.create_open_tx()
        self.assertEqual(self.post_notice(tx).status_code, 200)
        self.assertEqual(tx.state, "draft", "Nothing was paid, whatever the notice says")
        self.assertEqual(self.get_inbox().state, "done")
        self.pay(tx, "close")
        tx.pg_next_poll_at = "2020-01-01 00:00:00"
        self.run_polls()
        self.assertEqual(tx.state, "done")

    def test_notice_of_a_payment(self):
        tx = self.create_open_tx()
        self.pay(tx, "close")
        self.post_notice(tx)
        self.assertEqual(tx.state, "done")

    def test_flood_of_notices_makes_one_call(self):
        tx = self.create_open_tx()
        before = self.count_calls("GET /api/order/*")
        answers = {self.post_notice(tx, status).status_code for status in ("completed", "x") * 10}
        self.assertEqual(answers, {200})
        calls = self.count_calls("GET /api/order/*") - before
        self.assertLessEqual(calls, 2, "At most two when the clock turns meanwhile")
        self.assertEqual(len(self.get_inbox()), calls)

    @mute_logger(WEBHOOK_LOGGER)
    def test_notices_about_nothing_of_ours_store_nothing(self):
        tx = self.create_open_tx()
        other = self._set_up_provider(self.other_seller, self.account)
        calls = len(self.sandbox.calls(self.account))
        self.assertEqual(self.post_notice(tx, provider=other).status_code, 400)
        paid = self.create_open_tx()
        self.pay(paid, "close")
        paid._pg_refresh("test")
        self.assertEqual(self.post_notice(paid).status_code, 400)
        for body in (b" ", b"[]", b'{"orderId": "../x", "status": "completed"}', b"{}"):
            answer = self.url_open(f"/payment/pgpay/webhook/{self.provider.id}", data=body)
            self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.get_inbox() | self.get_inbox(other))
        self.assertEqual(tx.state, "draft")
        self.assertEqual(len(self.sandbox.calls(self.account)), calls + 2)

    def test_declined_and_cancelled(self):
        tx = self.create_open_tx()
        self.pay(tx, "decline")
        self.post_notice(tx, "failed")
        self.assertEqual(tx.state, "error")
        back = self.create_open_tx()
        answer = self.pay(back, "cancel")
        self.env.flush_all()
        self.url_open(answer["url"], allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(back.state, "draft", "The page is open: the payer may come back")

    def test_late_payment_after_the_end_is_honoured(self):
        tx = self.create_open_tx()
        tx.write(
            {
                "pg_checkout_expires_at": "2020-01-01 00:00:00",
                "pg_next_poll_at": "2020-01-01 00:00:00",
            }
        )
        self.run_polls()
        self.assertEqual(tx.state, "cancel")
        self.pay(tx, "close")
        self.post_notice(tx)
        self.assertEqual(tx.state, "done")

    def test_lost_answer_finds_its_order(self):
        for fault in ("lose_answer", "garbled", "http_500_after"):
            self.sandbox.add_fault(self.account, "POST /api/pgpay/token", fault)
            tx = self.create_open_tx()
            self.assertTrue(self.find_order(tx))
        tx = self.create_tx()
        request = tx._pg_prepare_checkout()
        gateway = self.provider._pg_get_gateway()
        first = gateway.create_checkout(request)
        self.assertEqual(gateway.create_checkout(request), first, "A repeated order id is refused")
        self.assertEqual(len(self.sandbox.orders(self.account)), 4)

    @mute_logger(CHECKOUT_LOGGER)
    def test_no_page(self):
        tx = self.create_tx()
        self.sandbox.add_fault(self.account, "POST /api/pgpay/token", "http_500")
        self.assertNotIn("action=", tx._get_processing_values()["redirect_form_html"])
        self.assertEqual((tx.state, tx.pg_checkout_ref), ("error", False))

    def test_token_is_proven_by_the_test(self):
        self.provider.action_pg_test_connection()
        self.provider.pg_secret_key = "wrong"
        with self.assertRaises(UserError):
            self.provider.action_pg_test_connection()
        with self.assertRaises(Rejected):
            self.provider._pg_get_gateway()._read_order("x")

    def test_dialect_decides_currencies_and_methods(self):
        currencies = self.provider._get_supported_currencies()
        self.assertEqual(set(currencies.mapped("name")), {"USD", "HTG"})
        self.assertEqual(self.provider.payment_method_ids.mapped("code"), ["pgpay_pgecom"])
        self.provider.write({"state": "disabled", "pg_profile": "pgpay", "pg_api_base": False})
        self.assertEqual(self.provider._get_supported_currencies().mapped("name"), ["PGK"])
        methods = self.provider.with_context(active_test=False).payment_method_ids
        self.assertEqual(len(methods), 7)


@tagged("post_install", "-at_install", "pg")
class TestRefundByHand(PgecomCase):
    """A gateway without refunds: a person sends the money, and says so."""

    def setUp(self):
        super().setUp()
        self.tx = self.create_open_tx()
        self.pay(self.tx, "close")
        self.tx._pg_refresh("test")
        self.refund = self.tx._refund(20.0)

    def confirm(self, role="manager", company=None, **values):
        values = {"transaction_id": self.refund.id, "proof": "BRH-1", **values}
        wizard = self.as_user(self.env["pg.refund.confirm"], role, company).create(values)
        return wizard.action_confirm()

    def test_waits_for_a_person(self):
        self.run_refunds()
        self.assertEqual((self.refund.state, self.refund.pg_refund_step), ("pending", "by_hand"))
        self.assertEqual(self.refund.activity_ids.user_id, self.users[self.seller, "admin"])
        self.assertEqual(self.count_calls("POST /*refund*"), 0)
        with self.assertRaises(ValidationError):
            self.tx._refund(35.01)

    def test_confirmed(self):
        self.confirm()
        self.assertEqual((self.refund.state, self.refund.provider_reference), ("done", "BRH-1"))
        self.assertFalse(self.refund.activity_ids)
        line = self.env["pg.audit.log"].search([("action", "=", "refund.confirmed")], limit=1)
        self.assertEqual((line.res_id, line.details), (self.refund.id, "BRH-1"))
        self.assertEqual(line.user_id, self.users[self.seller, "manager"])
        with self.assertRaises(UserError):
            self.confirm(proof="BRH-2")

    def test_cannot_be_sent(self):
        self.confirm(outcome="refused", proof="No account")
        self.assertEqual((self.refund.state, self.refund.pg_refund_step), ("error", "refused"))
        self.assertEqual(self.tx._pg_get_refundable(), 55)

    def test_not_by_others(self):
        for role, company in (("operator", None), ("manager", self.other_seller)):
            with self.assertRaises(AccessError):
                self.confirm(role, company)
        self.assertEqual(self.refund.state, "pending")
